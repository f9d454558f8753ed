// What a technician records: taps, a new boot, a note that fills pages, marks that move, a fork, a restart.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/crash/phone_files.h"

namespace doorstep::crash {
namespace {

class Journal final : public Scenario {
 public:
  explicit Journal(std::string key) : key_(std::move(key)) {}
  std::string name() const override { return NameWithKey("journal", key_); }

  absl::Status Prepare(const std::string& folder) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder, nullptr, key_));
    SeededRandom random(1);
    RETURN_IF_ERROR(store->PrepareEnrolment(Invitation(), random).status());
    RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
    for (size_t i = 0; i < kBefore; ++i) RETURN_IF_ERROR(TapOn(*store, taps_[i]).status());
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    for (size_t i = 0; i < kBefore; ++i) ledger.Answered(absl::StrCat("entry ", taps_[i].text));
    Steps steps(place.disk);
    StoryPhone phone(place, key_, &ledger, &steps);
    const auto mark = [&](uint64_t epoch, uint64_t through) {
      steps.Do(absl::StrCat("received ", epoch, ".", through), [&, epoch, through]() -> absl::Status {
        RETURN_IF_ERROR(phone.Open());
        for (const char* stage : {"received ", "judged "}) {
          for (uint64_t seq = 1; seq <= through; ++seq) ledger.Begins(absl::StrCat(stage, epoch, ".", seq));
        }
        ASSIGN_OR_RETURN(const v1::JournalMark mark, MarkAt(phone.store(), epoch, through));
        RETURN_IF_ERROR(phone.store().journal().Acknowledge(mark).status());
        RETURN_IF_ERROR(phone.store().journal().SetJudged(epoch, through));
        RETURN_IF_ERROR(phone.store().journal().SettleThrough(epoch, through));
        for (const Thing& moved : MarksOf(phone.store())) ledger.Answered(moved);
        return absl::OkStatus();
      });
    };
    phone.DoTap(taps_[2]);
    phone.DoTap(taps_[3]);
    mark(1, 2);
    phone.DoTap(taps_[4]);
    steps.Do("fork", [&]() -> absl::Status {
      RETURN_IF_ERROR(phone.Open());
      ledger.Begins("epoch 3");
      RETURN_IF_ERROR(phone.store().Fork(ForkAfter(2)).status());
      ledger.Answered("epoch 3");
      return absl::OkStatus();
    });
    phone.DoTap(taps_[5]);
    mark(3, 2);
    phone.Close();
    phone.DoTap(taps_[6]);
    mark(3, 4);
    const std::string wrong = steps.Finish();
    phone.Close();
    return wrong;
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(place.folder, place.disk, key_));
    if (!store->repairs().empty()) return absl::InternalError(store->repairs()[0]);
    ASSIGN_OR_RETURN(std::vector<Thing> things, HonestEntriesOf(*store));
    for (Thing& thing : MarksOf(*store)) things.push_back(std::move(thing));
    if (const uint64_t epoch = store->journal().current()->epoch; epoch > 1) {
      things.push_back(absl::StrCat("epoch ", epoch));
    }
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    const absl::StatusOr<std::unique_ptr<LocalStore>> store = OpenPhone(place.folder, place.disk, key_);
    if (!store.ok()) return absl::StrCat("does not open again: ", store.status().ToString());
    const absl::StatusOr<std::vector<Thing>> before = EntriesOf(**store);
    if (!before.ok()) return before.status().ToString();
    std::vector<std::string> texts;
    for (const Tap& tap : taps_) {
      texts.push_back(tap.text);
      const bool known = std::count(before->begin(), before->end(), absl::StrCat("entry ", tap.text)) > 0;
      const absl::StatusOr<AppendResult> again = TapOn(**store, tap);
      if (!again.ok()) return absl::StrCat("tap ", tap.text, " again: ", again.status().ToString());
      if (again->repeated != known) return absl::StrCat("tap ", tap.text, " again: its token is not what decides");
    }
    return SyncAndCount(**store, texts);
  }

 private:
  static constexpr size_t kBefore = 2;  // Taps before the story.

  static v1::Fork ForkAfter(uint64_t common) {
    v1::Fork fork;
    fork.set_epoch(1);
    fork.set_last_common_seq(common);
    fork.set_new_epoch(3);
    fork.set_new_epoch_salt(std::string(16, 'u'));
    return fork;
  }

  const std::vector<Tap> taps_ = {{"a"}, {"b"}, {"c"}, {"d", "v2", "boot-2"}, {"e", "v1", "boot-2", 9000},
                                  {"f"}, {"g"}};
  const std::string key_;
};

}  // namespace

std::unique_ptr<Scenario> MakeJournal(const std::string& key) { return std::make_unique<Journal>(key); }

}  // namespace doorstep::crash
