#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "tests/spec/sentences.h"

namespace doorstep::spec {
namespace {

const v1::RaisedAttention* Raised(const v1::Visit& visit, const std::string& flag) {
  const auto found = std::find_if(visit.raised().begin(), visit.raised().end(), [&](const v1::RaisedAttention& raised) {
    return v1::AttentionFlag_Name(raised.flag()) == absl::StrCat("ATTENTION_FLAG_", flag);
  });
  return found == visit.raised().end() ? nullptr : &*found;
}

std::string NameOf(const v1::AttentionSide& side) {
  return side.technician_id().empty() ? side.principal().empty() ? "nobody" : "office" : side.technician_id();
}

absl::Status ExpectSides(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  const v1::RaisedAttention* raised = Raised(answer.visit(), w["flag"]);
  if (raised == nullptr) return absl::FailedPreconditionError(absl::StrCat(w["flag"], " was never raised"));
  const std::string is = absl::StrCat(NameOf(raised->side_a()), " and ", NameOf(raised->side_b()));
  const std::string expected = absl::StrCat(w["a"], " and ", w["b"]);
  if (is == expected) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the sides are ", is, ", the story expects ", expected));
}

// The log says of the entry that it counts for another visit, and shows it there.
absl::Status ExpectCountedFor(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  for (const std::string& visit : {entry.noted.visit_id, w["visit"]}) {
    ASSIGN_OR_RETURN(const std::vector<v1::VisitLogItem> log, world.office().Log(visit));
    const auto item = std::find_if(log.begin(), log.end(), [&](const v1::VisitLogItem& candidate) {
      return ComparePositions(candidate.position(), entry.noted.position) == 0;
    });
    if (item == log.end()) {
      return absl::FailedPreconditionError(absl::StrCat("the log of ", visit, " does not show ", w["entry"]));
    }
    const bool elsewhere = item->judgement() == absl::StrCat("counted for visit ", w["visit"]);
    if (visit != w["visit"] && !elsewhere) {
      return absl::FailedPreconditionError(absl::StrCat("the log of ", visit, " says: ", item->judgement()));
    }
  }
  return absl::OkStatus();
}

absl::Status ExpectLane(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::PhoneStatus status, phone->Status());
  const std::string is = v1::Lane_Name(status.lane());
  if (is == absl::StrCat("LANE_", w["lane"])) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the lane is ", is));
}

absl::Status ExpectFirstTimeFix(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const auto answer, world.office().WorkOrder(absl::StrCat("order-", w["visit"])));
  const std::string is = v1::FirstTimeFix_Name(answer.work_order().first_time_fix());
  if (is == absl::StrCat("FIRST_TIME_FIX_", w["fix"])) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the first-time fix is ", is));
}

}  // namespace

const std::vector<Sentence>& DecisionSentences() {
  static const auto* const kSentences = new std::vector<Sentence>{
      {"office imports asset {asset} of {account} with serial {serial}",
       [](World& world, const Words& w) { return world.office().ImportAsset(w["asset"], w["account"], w["serial"]); }},
      {"office closes {visit}", [](World& world, const Words& w) { return world.office().Close(w["visit"]); }},
      {"office resolves attention of {visit} as NEW_VISIT {new}",
       [](World& world, const Words& w) { return world.office().ResolveAttention(w["visit"], "NEW_VISIT", w["new"]); }},
      {"office resolves attention of {visit} as {resolution}",
       [](World& world, const Words& w) { return world.office().ResolveAttention(w["visit"], w["resolution"]); }},
      {"office merges {other} into {kept}",
       [](World& world, const Words& w) { return world.office().ResolveMerge(w["other"], w["kept"], w["kept"]); }},
      {"office says that {asset} and {other} are different things",
       [](World& world, const Words& w) { return world.office().ResolveMerge(w["asset"], w["other"], ""); }},
      {"office records that {technician} left {day} {time}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(const int64_t left_us, world.clock().Instant(w["day"], w["time"]));
         return world.office().RecordLeave(w["technician"], left_us);
       }},
      {"office takes back that {technician} left",
       [](World& world, const Words& w) { return world.office().RecordLeave(w["technician"], 0); }},
      {"expect visit {visit} flag {flag} between {a} and {b}", ExpectSides},
      {"expect entry {entry} counted for visit {visit}", ExpectCountedFor},
      {"expect {who}'s phone in lane {lane}", ExpectLane},
      {"expect first-time fix of {visit} {fix}", ExpectFirstTimeFix},
  };
  return *kSentences;
}

}  // namespace doorstep::spec
