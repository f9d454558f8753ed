// A journal whose log has grown to where SQLite moves it into the file by itself: the tap that does it, those after it,
// which begin the log anew, and the close.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/crash/phone_files.h"

namespace doorstep::crash {
namespace {

constexpr uintmax_t kPageInLog = 4096 + 24;
// Two taps before the log has 256 pages.
constexpr uintmax_t kAlmost = 248 * kPageInLog;
constexpr size_t kNoteBytes = 9000;

class Checkpointing final : public Scenario {
 public:
  explicit Checkpointing(std::string key) : key_(std::move(key)) {}
  std::string name() const override { return NameWithKey("checkpoint", key_); }

  absl::Status Prepare(const std::string& folder) override {
    const std::string live = folder + "-live";
    std::filesystem::create_directories(live);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(live, nullptr, key_));
      SeededRandom random(1);
      RETURN_IF_ERROR(store->PrepareEnrolment(Invitation(), random).status());
      RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
      for (int i = 0; std::filesystem::file_size(live + "/journal.db-wal") < kAlmost; ++i) {
        before_.push_back({absl::StrCat("b", i), "v1", "boot-1", kNoteBytes});
        RETURN_IF_ERROR(TapOn(*store, before_.back()).status());
      }
      // While it is open: what a killed phone leaves, its log at full length.
      for (const char* name : {"journal.db", "journal.db-wal", "replica.db", "replica.db-wal"}) {
        std::filesystem::copy_file(live + "/" + name, folder + "/" + name);
      }
    }
    std::filesystem::remove_all(live);
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    for (const Tap& tap : before_) ledger.Answered(absl::StrCat("entry ", tap.text));
    Steps steps(place.disk);
    StoryPhone phone(place, key_, &ledger, &steps);
    const uintmax_t bytes_before = std::filesystem::file_size(place.folder + "/journal.db");
    for (const Tap& tap : taps_) phone.DoTap(tap);
    const uintmax_t bytes_after = std::filesystem::file_size(place.folder + "/journal.db");
    if (place.disk->failures() == 0 && bytes_after <= bytes_before) return "the log was not moved by itself";
    phone.Close();
    phone.DoTap(last_);
    const std::string wrong = steps.Finish();
    phone.Close();
    return wrong;
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(place.folder, place.disk, key_));
    if (!store->repairs().empty()) return absl::InternalError(store->repairs()[0]);
    ASSIGN_OR_RETURN(std::vector<Thing> things, HonestEntriesOf(*store));
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    const absl::StatusOr<std::unique_ptr<LocalStore>> store = OpenPhone(place.folder, place.disk, key_);
    if (!store.ok()) return absl::StrCat("does not open again: ", store.status().ToString());
    std::vector<std::string> texts;
    for (const Tap& tap : before_) texts.push_back(tap.text);
    std::vector<Tap> asked = taps_;
    asked.push_back(last_);
    for (const Tap& tap : asked) {
      texts.push_back(tap.text);
      if (const auto again = TapOn(**store, tap); !again.ok()) return again.status().ToString();
    }
    return SyncAndCount(**store, texts);
  }

 private:
  const std::string key_;
  std::vector<Tap> before_;
  const std::vector<Tap> taps_ = {{"x", "v1", "boot-1", kNoteBytes},
                                  {"y", "v1", "boot-1", kNoteBytes},
                                  {"z", "v1", "boot-1", kNoteBytes},
                                  {"anew", "v2"}};
  const Tap last_ = {"last", "v2", "boot-2"};
};

}  // namespace

std::unique_ptr<Scenario> MakeCheckpoint(const std::string& key) { return std::make_unique<Checkpointing>(key); }

}  // namespace doorstep::crash
