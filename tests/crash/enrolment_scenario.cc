// A phone's first minutes: files that are not there yet, the enrolment, the first taps.
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/crash/phone_files.h"

namespace doorstep::crash {
namespace {

constexpr uint64_t kSeedOfStory = 1;
constexpr uint64_t kSeedLater = 2;  // Another process draws other request ids.

class Enrolling final : public Scenario {
 public:
  explicit Enrolling(std::string key) : key_(std::move(key)) {}
  std::string name() const override { return NameWithKey("enrolment", key_); }

  absl::Status Prepare(const std::string&) override { return absl::OkStatus(); }

  std::string Play(const Place& place, Ledger& ledger) override {
    Steps steps(place.disk);
    std::unique_ptr<LocalStore> store;
    const auto open = [&]() -> absl::Status {
      if (store == nullptr) {
        ASSIGN_OR_RETURN(store, OpenPhone(place.folder, place.disk, key_));
      }
      return store->repairs().empty() ? absl::OkStatus() : absl::DataLossError(store->repairs()[0]);
    };
    bool prepared = false;
    steps.Do("prepare", [&]() -> absl::Status {
      RETURN_IF_ERROR(open());
      ledger.Begins("request");
      SeededRandom random(kSeedOfStory);
      RETURN_IF_ERROR(store->PrepareEnrolment(Invitation(), random).status());
      ledger.Answered("request");
      prepared = true;
      return absl::OkStatus();
    });
    steps.Do("enrol", [&]() -> absl::Status {
      RETURN_IF_ERROR(open());
      if (!prepared) return absl::FailedPreconditionError("there is no answer without a request");
      ledger.Begins("enrolled");
      RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
      ledger.Answered("enrolled");
      return absl::OkStatus();
    });
    for (const Tap& tap : taps_) {
      steps.Do(absl::StrCat("tap ", tap.text), [&]() -> absl::Status {
        RETURN_IF_ERROR(open());
        ledger.Begins(absl::StrCat("entry ", tap.text));
        RETURN_IF_ERROR(TapOn(*store, tap).status());
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
    if (!store->repairs().empty()) return absl::InternalError(store->repairs()[0]);
    ASSIGN_OR_RETURN(std::vector<Thing> things, EntriesOf(*store));
    if (store->journal().identity().has_value()) things.push_back("enrolled");
    SeededRandom random(kSeedLater);
    ASSIGN_OR_RETURN(const v1::EnrollRequest request, store->PrepareEnrolment(Invitation(), random));
    if (request.request_id() == RequestId(kSeedOfStory)) {
      things.push_back("request");
    } else if (request.request_id() != RequestId(kSeedLater)) {
      return absl::InternalError(absl::StrCat("a request id that nobody drew: ", request.request_id()));
    }
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    const absl::StatusOr<std::unique_ptr<LocalStore>> store = OpenPhone(place.folder, place.disk, key_);
    if (!store.ok()) return absl::StrCat("does not open again: ", store.status().ToString());
    if (const absl::Status enrolled = (*store)->CompleteEnrolment(Enrolment()); !enrolled.ok()) {
      return absl::StrCat("does not enrol: ", enrolled.ToString());
    }
    std::vector<std::string> texts;
    for (const Tap& tap : taps_) {
      texts.push_back(tap.text);
      if (const auto again = TapOn(**store, tap); !again.ok()) return again.status().ToString();
    }
    return SyncAndCount(**store, texts);
  }

 private:
  static std::string RequestId(uint64_t seed) {
    SeededRandom random(seed);
    return absl::BytesToHexString(random.Bytes(16));
  }

  const std::vector<Tap> taps_ = {{"a"}, {"b", "v2", "boot-2"}};
  const std::string key_;
};

}  // namespace

std::unique_ptr<Scenario> MakeEnrolment(const std::string& key) { return std::make_unique<Enrolling>(key); }

}  // namespace doorstep::crash
