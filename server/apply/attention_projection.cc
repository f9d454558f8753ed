#include "server/apply/attention_projection.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "server/storage/judgement_table.h"

namespace doorstep {
namespace {

// What a technician should know of a flag on an entry; empty: it concerns the visit and not what was recorded.
absl::string_view WordsFor(v1::AttentionFlag flag) {
  switch (flag) {
    case v1::ATTENTION_FLAG_REASSIGNED_WORKED:
      return "the visit had been given to somebody else";
    case v1::ATTENTION_FLAG_OUTCOME_DISAGREES:
      return "another technician reported another outcome";
    case v1::ATTENTION_FLAG_AFTER_CANCEL:
      return "the office cancelled the visit";
    case v1::ATTENTION_FLAG_AMENDED:
      return "the visit had been closed already";
    default:
      return "";
  }
}

// What a person decided, after "the office has".
std::string DecidedWords(const v1::RaisedAttention& raised) {
  const std::string& a = raised.side_a().technician_id();
  const std::string& b = raised.side_b().technician_id();
  switch (raised.resolution()) {
    case v1::ATTENTION_RESOLUTION_KEEP_A:
      return a.empty() ? "let the cancellation stand" : absl::StrCat("decided that ", a, "'s word counts");
    case v1::ATTENTION_RESOLUTION_KEEP_B:
      return a.empty() ? "accepted the work" : absl::StrCat("decided that ", b, "'s word counts");
    case v1::ATTENTION_RESOLUTION_CREDIT_BOTH:
      return absl::StrCat("credited both ", a, " and ", b);
    case v1::ATTENTION_RESOLUTION_NEW_VISIT:
      return absl::StrCat("made visit ", raised.new_visit_id(), " for what ", b, " recorded here");
    default:
      return "looked at it";
  }
}

struct Flagged {
  v1::JournalPosition position;
  std::set<v1::AttentionFlag> flags;
  bool operator==(const Flagged& other) const { return flags == other.flags; }
};

// The entries that wait for somebody, by id.
std::map<std::string, Flagged> OpenEntries(const v1::Visit& visit) {
  std::map<std::string, Flagged> open;
  for (const v1::RaisedAttention& raised : visit.raised()) {
    if (raised.resolved() || WordsFor(raised.flag()).empty()) continue;
    for (const v1::JournalPosition& position : raised.entries()) {
      Flagged& flagged = open[FormatPosition(position)];
      flagged.position = position;
      flagged.flags.insert(raised.flag());
    }
  }
  return open;
}

v1::Judgement WithAttention(const Flagged& flagged) {
  v1::Judgement judgement;
  judgement.set_verdict(v1::VERDICT_APPLIED_WITH_ATTENTION);
  std::vector<absl::string_view> words;
  for (const v1::AttentionFlag flag : flagged.flags) {
    judgement.add_attention(flag);
    words.push_back(WordsFor(flag));
  }
  judgement.set_message(absl::StrJoin(words, "; "));
  judgement.set_next("The office decides; there is nothing for you to do.");
  return judgement;
}

// What a person said about an entry that waits no more; empty: what raised it does not hold any more.
v1::Judgement WithoutAttention(const v1::Visit& visit, const Flagged& before) {
  v1::Judgement judgement;
  judgement.set_verdict(v1::VERDICT_COUNTED);
  judgement.set_message("nothing stands against it any more");
  for (const v1::RaisedAttention& raised : visit.raised()) {
    if (!raised.resolved() || before.flags.count(raised.flag()) == 0) continue;
    judgement.set_message(absl::StrCat("the office has ", DecidedWords(raised), ": ", raised.reason()));
  }
  return judgement;
}

absl::Status JudgeCounting(Group& group, const GroupVisit& visit, const v1::JournalPosition& position,
                           v1::Judgement judgement) {
  ASSIGN_OR_RETURN(const DeviceRow* device, group.FindDevice(position.device()));
  if (device == nullptr) return absl::DataLossError(absl::StrCat("visit ", visit.id, " has an entry of no device"));
  ASSIGN_OR_RETURN(const std::optional<v1::Judgement> now,
                   FindJudgement(group.sql(), device->n, position.epoch(), position.seq()));
  // Somebody stands in for it, or it has come under another position as well: that is what its author has to know.
  if (now.has_value() && !Counts(now->verdict())) return absl::OkStatus();
  *judgement.mutable_position() = position;
  judgement.set_visit_id(visit.id);
  return group.Judge(device->n, std::move(judgement));
}

}  // namespace

absl::Status ProjectAttention(Group& group, const GroupVisit& visit) {
  if (visit.before.raised().empty() && visit.visit.raised().empty()) return absl::OkStatus();
  const std::map<std::string, Flagged> before = OpenEntries(visit.before);
  const std::map<std::string, Flagged> after = OpenEntries(visit.visit);
  for (const auto& [id, flagged] : after) {
    const auto known = before.find(id);
    if (known != before.end() && known->second == flagged) continue;
    RETURN_IF_ERROR(JudgeCounting(group, visit, flagged.position, WithAttention(flagged)));
  }
  for (const auto& [id, flagged] : before) {
    if (after.count(id) > 0) continue;
    RETURN_IF_ERROR(JudgeCounting(group, visit, flagged.position, WithoutAttention(visit.visit, flagged)));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
