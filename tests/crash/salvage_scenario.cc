// A journal with a damaged page: it is salvaged, set aside and replaced, and goes on. What could be read once is never
// lost, wherever that is cut short.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/crash/disk_model.h"
#include "tests/crash/phone_files.h"

namespace doorstep::crash {
namespace {

constexpr int kTaps = 60;
constexpr uint64_t kReceived = 3;
constexpr size_t kPageBytes = 4096;

class Salvaging final : public Scenario {
 public:
  explicit Salvaging(std::string key) : key_(std::move(key)) {}
  std::string name() const override { return NameWithKey("salvage", key_); }

  absl::Status Prepare(const std::string& folder) override {
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder, nullptr, key_));
      SeededRandom random(1);
      RETURN_IF_ERROR(store->PrepareEnrolment(Invitation(), random).status());
      RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
      for (int i = 0; i < kTaps; ++i) {
        RETURN_IF_ERROR(TapOn(*store, {absl::StrCat("t", i), "v1", "boot-1", 300}).status());
      }
      ASSIGN_OR_RETURN(const v1::JournalMark mark, MarkAt(*store, 1, kReceived));
      RETURN_IF_ERROR(store->journal().Acknowledge(mark).status());
    }
    const Files whole = ReadFiles(folder);
    const std::string& journal = whole.at("journal.db");
    // Encrypted, no entry can be found by its words: the first page that costs entries.
    for (size_t page = key_.empty() ? journal.find("t30 ") / kPageBytes : 1; page < journal.size() / kPageBytes;
         ++page) {
      Files files = whole;
      files["journal.db"].replace(page * kPageBytes, kPageBytes, std::string(kPageBytes, 'Z'));
      if (!Survey(files, folder + "-survey").ok()) continue;
      WriteFiles(files, folder);
      return absl::OkStatus();
    }
    return absl::InternalError("no page of entries could be damaged");
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    for (const std::string& text : survivors_) ledger.Answered(absl::StrCat("entry ", text));
    for (uint64_t seq = 1; seq <= kReceived; ++seq) ledger.Answered(absl::StrCat("received 1.", seq));
    Steps steps(place.disk);
    std::unique_ptr<LocalStore> store;
    for (const Tap& tap : taps_) {
      steps.Do(absl::StrCat("tap ", tap.text), [&]() -> absl::Status {
        ledger.Begins(absl::StrCat("entry ", tap.text));
        const absl::Status done = TapAfterRepair(place, store, tap);
        // A journal that could not be replaced asks to be opened again.
        if (!done.ok()) store.reset();
        RETURN_IF_ERROR(done);
        ledger.Answered(absl::StrCat("entry ", tap.text));
        return absl::OkStatus();
      });
    }
    const std::string wrong = steps.Finish();
    store.reset();
    return wrong;
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(place.folder, place.disk, key_));
    ASSIGN_OR_RETURN(std::vector<Thing> things, HonestEntriesOf(*store));
    for (Thing& thing : MarksOf(*store)) things.push_back(std::move(thing));
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    absl::StatusOr<std::unique_ptr<LocalStore>> store = OpenPhone(place.folder, place.disk, key_);
    if (!store.ok()) return absl::StrCat("does not open again: ", store.status().ToString());
    if (const auto entries = EntriesOf(**store); !entries.ok()) return entries.status().ToString();
    std::vector<std::string> texts = survivors_;
    for (const Tap& tap : taps_) {
      texts.push_back(tap.text);
      if (const auto again = TapOn(**store, tap); !again.ok()) return again.status().ToString();
    }
    return SyncAndCount(**store, texts);
  }

 private:
  // What a salvage can read, when nothing disturbs it.
  absl::Status Survey(const Files& files, const std::string& folder) {
    survivors_.clear();
    WriteFiles(files, folder);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder, nullptr, key_));
      ASSIGN_OR_RETURN(const std::vector<Thing> things, EntriesOf(*store));
      if (store->repairs().empty()) return absl::InternalError("the damage is not found");
      if (MarksOf(*store).size() < kReceived) return absl::InternalError("a salvage should not lose the marks here");
      for (const Thing& thing : things) survivors_.push_back(thing.substr(sizeof("entry ") - 1));
    }
    std::filesystem::remove_all(folder);
    const bool some = survivors_.size() > kTaps / 2 && survivors_.size() < kTaps;
    return some ? absl::OkStatus() : absl::InternalError("a salvage should lose a page and no more");
  }

  absl::Status TapAfterRepair(const Place& place, std::unique_ptr<LocalStore>& store, const Tap& tap) {
    if (store == nullptr) {
      ASSIGN_OR_RETURN(store, OpenPhone(place.folder, place.disk, key_));
    }
    RETURN_IF_ERROR(EntriesOf(*store).status());  // Meets the damage, if opening has not.
    return TapOn(*store, tap).status();
  }

  const std::vector<Tap> taps_ = {{"x"}, {"y"}};
  std::vector<std::string> survivors_;
  const std::string key_;
};

}  // namespace

std::unique_ptr<Scenario> MakeSalvage(const std::string& key) { return std::make_unique<Salvaging>(key); }

}  // namespace doorstep::crash
