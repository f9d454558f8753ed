// A phone that is enrolled as d7, and what its screens show of its files.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_LOCAL_VIEW_FIXTURE_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_LOCAL_VIEW_FIXTURE_H_

#include <string>

#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {

class LocalViewTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenEnrolled();
  }
  v1::LocalVisit See(const std::string& id) {
    const absl::StatusOr<v1::LocalVisit> visit = store_->view().Visit(id);
    EXPECT_TRUE(visit.ok()) << visit.status().ToString();
    return visit.ok() ? *visit : v1::LocalVisit();
  }
  v1::EntryStage Stage(uint64_t seq) {
    const absl::StatusOr<v1::EntryStatus> status =
        StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, seq));
    EXPECT_TRUE(status.ok()) << status.status().ToString();
    return status.ok() ? status->stage() : v1::ENTRY_STAGE_UNSPECIFIED;
  }
  v1::PhoneStatus Status() {
    v1::PhoneStatus status;
    EXPECT_TRUE(store_->FillStatus(ClockReading(), &status).ok());
    return status;
  }
  std::string ExplainedVisit(const std::string& id) {
    v1::ExplainRequest request;
    request.set_visit_id(id);
    return Explained(request);
  }
  void Quarantine(uint64_t seq) { Judge(seq, v1::VERDICT_QUARANTINED); }
  void Judge(uint64_t seq, v1::Verdict verdict) {
    v1::Judgement judgement;
    *judgement.mutable_position() = MakePosition("d7", 1, seq);
    judgement.set_verdict(verdict);
    if (verdict == v1::VERDICT_REPAIRED) *judgement.mutable_repaired_by() = MakePosition("office", 77, 1);
    judgement.set_message("no visit of this id");
    judgement.set_next("the office will look for the right visit");
    device_feed_.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1." + std::to_string(seq), judgement);
  }
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_LOCAL_VIEW_FIXTURE_H_
