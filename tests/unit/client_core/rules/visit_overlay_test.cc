#include "client_core/rules/visit_overlay.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "client_core/base/ids.h"
#include "client_core/rules/fold_fact.h"

namespace doorstep {
namespace {

constexpr int64_t kMinute = int64_t{60} * 1000000;

v1::Visit DispatchedRow() {
  v1::Visit visit;
  visit.set_id("V-1");
  visit.set_state(v1::VISIT_STATE_DISPATCHED);
  visit.set_facts(4);
  v1::Assignment& assignment = *visit.add_assignments();
  assignment.set_technician_id("ana");
  assignment.set_role(v1::ASSIGNMENT_ROLE_LEAD);
  assignment.set_state(v1::ASSIGNMENT_STATE_ASSIGNED);
  return visit;
}

v1::FoldFact FactAt(uint64_t epoch, uint64_t seq, int64_t minute, const std::string& who, const v1::LogEntry& entry) {
  v1::CorrectedTime time;
  time.set_time_us(minute * kMinute);
  time.set_quality(v1::CLOCK_QUALITY_SUSPECT);
  return MakeFoldFact(entry, MakePosition("d7", epoch, seq), who, time);
}

// A fact of any kind that a day brings; corrections and retractions name any seq, also one that is still to come.
v1::LogEntry AnyFact(std::mt19937& draw, uint64_t epoch, uint64_t seq) {
  v1::LogEntry entry;
  const auto target = [&] { return MakePosition("d7", draw() % 5 == 0 ? 3 - epoch : epoch, 1 + draw() % (seq + 2)); };
  switch (draw() % 12) {
    case 0:
      entry.mutable_travel_started();
      break;
    case 1:
      entry.mutable_arrived();
      break;
    case 2:
      entry.mutable_work_started();
      break;
    case 3:
      entry.mutable_paused();
      break;
    case 4:
      entry.mutable_outcome_reported()->set_finished(draw() % 2 == 0);
      entry.mutable_outcome_reported()->mutable_outcome()->set_code(draw() % 2 == 0 ? v1::OUTCOME_CODE_RESOLVED
                                                                                    : v1::OUTCOME_CODE_PARTS_MISSING);
      break;
    case 5:
      entry.mutable_departed();
      break;
    case 6:
      *entry.mutable_retraction()->mutable_target() = target();
      break;
    case 7:
      *entry.mutable_correction()->mutable_target() = target();
      entry.mutable_correction()->mutable_replacement()->mutable_arrived();
      break;
    case 8:
      entry.mutable_note()->set_text("a note");
      break;
    case 9:
      entry.mutable_feedback_declined();
      break;
    default:
      entry.mutable_part_used()->set_quantity_milli(1000 + draw() % 1000);
  }
  return entry;
}

TEST(VisitOverlayTest, ShowsTheSameHoweverOftenItWasLookedAt) {
  std::mt19937 draw(11);
  for (int round = 0; round < 300; ++round) {
    VisitOverlay looked_at(DispatchedRow());
    std::vector<v1::FoldFact> all;
    uint64_t seqs[] = {0, 0, 0};
    int64_t minute = 500;
    for (int step = 0; step < 25; ++step) {
      const uint64_t epoch = step < 5 ? 1 + draw() % 2 : 2;  // A journal that moved on is still on the phone.
      minute += static_cast<int64_t>(draw() % 20) - 4;       // Clocks are set back, too.
      const uint64_t seq = ++seqs[epoch];
      all.push_back(FactAt(epoch, seq, minute, draw() % 4 == 0 ? "bo" : "ana", AnyFact(draw, epoch, seq)));
      looked_at.Add(all.back());
      if (draw() % 3 == 0) continue;
      VisitOverlay at_once(DispatchedRow());
      for (const v1::FoldFact& fact : all) at_once.Add(fact);
      ASSERT_EQ(looked_at.visit().SerializeAsString(), at_once.visit().SerializeAsString())
          << "round " << round << ", step " << step;
    }
  }
}

TEST(VisitOverlayTest, OneMoreFactCostsOneFact) {
  VisitOverlay overlay(DispatchedRow());
  EXPECT_EQ(overlay.visit().SerializeAsString(), DispatchedRow().SerializeAsString());
  v1::LogEntry part;
  part.mutable_part_used()->set_quantity_milli(1000);
  v1::LogEntry note;
  note.mutable_note()->set_text("a note");
  for (uint64_t seq = 1; seq <= 2000; seq += 2) {
    overlay.Add(FactAt(1, seq, static_cast<int64_t>(seq), "ana", part));
    overlay.Add(FactAt(1, seq + 1, static_cast<int64_t>(seq), "ana", note));
    ASSERT_EQ(overlay.visit().parts_used_milli(), static_cast<int64_t>(seq + 1) * 500);
  }
  EXPECT_EQ(overlay.laid(), 1000u) << "every fact once, a note never";
  EXPECT_EQ(overlay.visit().facts(), 2004u);

  v1::LogEntry slip;
  *slip.mutable_retraction()->mutable_target() = MakePosition("d7", 1, 1);
  overlay.Add(FactAt(1, 2001, 2001, "ana", slip));
  EXPECT_EQ(overlay.visit().parts_used_milli(), 999000) << "what is taken back is laid no more";
}

}  // namespace
}  // namespace doorstep
