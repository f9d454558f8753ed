// A story of one visit: office commands and facts of phones, told in any order.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_RULES_VISIT_STORY_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_RULES_VISIT_STORY_H_

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client_core/base/ids.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/visit_fold.h"

namespace doorstep {

inline constexpr int64_t kMinute = int64_t{60} * 1000000;

class Story {
 public:
  Story() {
    input_.set_visit_id("V-1");
    v1::FoldCommand create;
    create.mutable_create()->set_account_id("acme");
    create.mutable_create()->add_asset_ids("boiler");
    Command(0, create);
  }

  Story& Command(int64_t minute, v1::FoldCommand command) {
    command.set_commit_us(minute * kMinute);
    command.set_ordinal(ordinal_++);
    command.set_principal("office");
    *input_.add_commands() = command;
    return *this;
  }
  Story& Schedule(int64_t minute, int64_t start) {
    v1::FoldCommand c;
    c.mutable_schedule()->mutable_planned()->set_start_time_us(start * kMinute);
    c.mutable_schedule()->mutable_planned()->set_end_time_us((start + 120) * kMinute);
    return Command(minute, c);
  }
  Story& Assign(int64_t minute, const std::string& who) {
    v1::FoldCommand c;
    c.mutable_assign()->set_technician_id(who);
    return Command(minute, c);
  }
  Story& Reassign(int64_t minute, const std::string& from, const std::string& to, bool work_known = false) {
    v1::FoldCommand c;
    c.mutable_reassign()->set_from_technician_id(from);
    c.mutable_reassign()->set_to_technician_id(to);
    c.mutable_reassign()->set_work_known(work_known);
    return Command(minute, c);
  }
  Story& Dispatch(int64_t minute) {
    v1::FoldCommand c;
    c.mutable_dispatch();
    return Command(minute, c);
  }
  Story& Cancel(int64_t minute, bool force = false) {
    v1::FoldCommand c;
    c.mutable_cancel()->set_force(force);
    return Command(minute, c);
  }
  Story& Close(int64_t minute) {
    v1::FoldCommand c;
    c.mutable_close();
    return Command(minute, c);
  }

  // Each technician has one phone of the same name.
  Story& Fact(int64_t minute, const std::string& who, const std::function<void(v1::LogEntry&)>& fill) {
    v1::LogEntry entry;
    fill(entry);
    v1::CorrectedTime time;
    time.set_time_us(minute * kMinute);
    time.set_quality(v1::CLOCK_QUALITY_TRUSTED);
    uint64_t& seq = seqs_[who];
    facts_.push_back(MakeFoldFact(entry, MakePosition(who, 1, ++seq), who, time));
    return *this;
  }
  Story& Travel(int64_t m, const std::string& who) {
    return Fact(m, who, [](v1::LogEntry& e) { e.mutable_travel_started(); });
  }
  Story& Arrive(int64_t m, const std::string& who) {
    return Fact(m, who, [](v1::LogEntry& e) { e.mutable_arrived(); });
  }
  Story& Work(int64_t m, const std::string& who) {
    return Fact(m, who, [](v1::LogEntry& e) { e.mutable_work_started(); });
  }
  Story& Outcome(int64_t m, const std::string& who, v1::OutcomeCode code) {
    return Fact(m, who, [code](v1::LogEntry& e) {
      e.mutable_outcome_reported()->mutable_outcome()->set_code(code);
      e.mutable_outcome_reported()->set_finished(true);
    });
  }
  Story& Depart(int64_t m, const std::string& who) {
    return Fact(m, who, [](v1::LogEntry& e) { e.mutable_departed(); });
  }
  Story& Reject(int64_t m, const std::string& who) {
    return Fact(m, who, [](v1::LogEntry& e) { e.mutable_rejected(); });
  }
  Story& Retract(int64_t m, const std::string& who, uint64_t seq) { return RetractOf(m, who, who, seq); }
  // What somebody else has recorded.
  Story& RetractOf(int64_t m, const std::string& who, const std::string& whose, uint64_t seq) {
    return Fact(m, who,
                [&](v1::LogEntry& e) { *e.mutable_retraction()->mutable_target() = MakePosition(whose, 1, seq); });
  }

  // Journals keep their order; how they interleave is the draw of `random`.
  v1::FoldInput Input(std::mt19937& random) const {
    v1::FoldInput input = input_;
    std::vector<v1::FoldFact> left = facts_;
    while (!left.empty()) {
      const size_t pick = random() % left.size();
      const std::string device = left[pick].position().device();
      const auto first = std::find_if(left.begin(), left.end(),
                                      [&](const v1::FoldFact& f) { return f.position().device() == device; });
      AddFact(*first, /*late=*/false, input);
      if (random() % 3 == 0) AddFact(*first, /*late=*/false, input);  // A repeat changes nothing.
      left.erase(first);
    }
    std::shuffle(input.mutable_commands()->pointer_begin(), input.mutable_commands()->pointer_end(), random);
    return input;
  }
  v1::Visit Fold() const {
    std::mt19937 random(1);
    return FoldVisit(Input(random));
  }
  const std::vector<v1::FoldFact>& facts() const { return facts_; }

 private:
  v1::FoldInput input_;
  uint32_t ordinal_ = 0;
  std::map<std::string, uint64_t> seqs_;
  std::vector<v1::FoldFact> facts_;
};

inline Story Dispatched(const std::string& who) {
  Story story;
  story.Schedule(1, 480).Assign(2, who).Dispatch(3);
  return story;
}

// Decides about all that the visit is flagged with.
inline v1::FoldCommand ResolveAll(const v1::Visit& visit,
                                  v1::AttentionResolution resolution = v1::ATTENTION_RESOLUTION_SEEN,
                                  const std::string& new_visit_id = "") {
  v1::FoldCommand command;
  v1::FoldResolveAttention& resolve = *command.mutable_resolve_attention();
  resolve.set_reason("looked at");
  resolve.set_resolution(resolution);
  resolve.set_new_visit_id(new_visit_id);
  for (const v1::RaisedAttention& raised : visit.raised()) {
    auto* occurrence = resolve.add_occurrences();
    occurrence->set_flag(raised.flag());
    occurrence->set_occurrence(raised.occurrence());
    if (raised.has_side_a()) *occurrence->mutable_side_a() = raised.side_a();
    if (raised.has_side_b()) *occurrence->mutable_side_b() = raised.side_b();
  }
  return command;
}

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_RULES_VISIT_STORY_H_
