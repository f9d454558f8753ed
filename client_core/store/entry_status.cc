#include "client_core/store/entry_status.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/entry_check.h"
#include "client_core/store/own_decisions.h"

namespace doorstep {
namespace {

// DATA_LOSS: an entry of an epoch that the journal does not know, as a damaged file may hold.
absl::StatusOr<v1::EntryStatus> Describe(const Journal& journal, const Replica& replica, const EntryInfo& info) {
  v1::EntryStatus status;
  const auto marks = journal.epochs().find(info.epoch);
  if (marks == journal.epochs().end()) {
    return absl::DataLossError(absl::StrCat("journal: entry ", info.epoch, ".", info.seq,
                                            " is there, and nothing is known of epoch ", info.epoch));
  }
  const v1::Judgement* judgement = JudgementOfEntry(replica, info);
  *status.mutable_position() = journal.PositionOf(info);
  if (info.from_epoch > 0) {
    *status.mutable_moved_to() = status.position();
    status.mutable_position()->set_epoch(info.from_epoch);
    status.mutable_position()->set_seq(info.from_seq);
  }
  status.set_stage(StageOf(info, marks->second, judgement));
  if (judgement != nullptr) *status.mutable_judgement() = *judgement;
  status.set_visit_id(info.visit_id);
  status.set_fact(std::string(FactName(info.fact)));
  status.set_author(info.author);
  status.set_wall_time_us(info.wall_time_us);
  return status;
}

// An entry of which the office has no exception to tell, and of which this phone knows that it does not count as it
// stands.
void TellDecision(const OwnDecisions& decisions, v1::EntryStatus& status) {
  if (status.stage() != v1::ENTRY_STAGE_COUNTED || !status.judgement().message().empty()) return;
  const OwnDecisions::Decision* decision = decisions.About(status);
  if (decision == nullptr) return;
  status.mutable_judgement()->set_verdict(v1::VERDICT_COUNTED);
  status.mutable_judgement()->set_message(decision->Words());
}

// What is judged and still waits for a person, then everything that is not judged: at most `limit` entries of one
// epoch after `after_seq`.
absl::StatusOr<std::vector<EntryInfo>> NotCounted(Journal& journal, const Replica& replica, const EpochMarks& marks,
                                                  uint64_t after_seq, uint64_t limit) {
  std::vector<EntryInfo> entries;
  for (auto it = replica.judgements().upper_bound({marks.epoch, after_seq}); it != replica.judgements().end(); ++it) {
    const auto [epoch, seq] = it->first;
    if (epoch != marks.epoch || seq > marks.judged_through || entries.size() >= limit) break;
    ASSIGN_OR_RETURN(const std::vector<EntryInfo> found, journal.List(epoch, seq - 1, 1));
    if (found.empty() || found[0].seq != seq) continue;
    if (StageOf(found[0], marks, JudgementOfEntry(replica, found[0])) != v1::ENTRY_STAGE_NEEDS_ATTENTION) continue;
    entries.push_back(found[0]);
  }
  if (entries.size() >= limit) return entries;
  ASSIGN_OR_RETURN(const std::vector<EntryInfo> rest,
                   journal.List(marks.epoch, std::max(after_seq, marks.judged_through), limit - entries.size()));
  entries.insert(entries.end(), rest.begin(), rest.end());
  return entries;
}

}  // namespace

const v1::Judgement* JudgementOfEntry(const Replica& replica, const EntryInfo& info) {
  const v1::Judgement* judgement = replica.JudgementOf(info.epoch, info.seq);
  if (judgement != nullptr && judgement->verdict() == v1::VERDICT_SAME_AS_ORIGINAL) {
    return replica.JudgementOf(info.from_epoch, info.from_seq);
  }
  return judgement;
}

v1::EntryStage StageOfVerdict(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_UNSPECIFIED:
    case v1::VERDICT_COUNTED:
    case v1::VERDICT_SAME_AS_ORIGINAL:
      return v1::ENTRY_STAGE_COUNTED;
    case v1::VERDICT_REPAIRED:
      return v1::ENTRY_STAGE_REPAIRED;
    case v1::VERDICT_DISMISSED:
      return v1::ENTRY_STAGE_DISMISSED;
    default:
      // Attention, quarantine, and what a newer server says and this app does not know: better a needless look than a
      // false "counted".
      return v1::ENTRY_STAGE_NEEDS_ATTENTION;
  }
}

v1::EntryStage StageOf(const EntryInfo& info, const EpochMarks& marks, const v1::Judgement* judgement) {
  // Whatever is said of it: a restored server has lost it with its judgement.
  if (info.seq > marks.received_through) return v1::ENTRY_STAGE_SAVED_HERE;
  const v1::EntryStage judged = judgement == nullptr ? v1::ENTRY_STAGE_COUNTED : StageOfVerdict(judgement->verdict());
  if (judged != v1::ENTRY_STAGE_COUNTED || info.seq <= marks.judged_through) return judged;
  return v1::ENTRY_STAGE_SAFE_AT_OFFICE;
}

absl::StatusOr<v1::EntryStatus> StatusOfEntry(Journal& journal, const Replica& replica,
                                              const v1::JournalPosition& position) {
  ASSIGN_OR_RETURN(const EntryInfo info, journal.Find(position));
  ASSIGN_OR_RETURN(v1::EntryStatus status, Describe(journal, replica, info));
  *status.mutable_position() = position;
  const v1::JournalPosition now = journal.PositionOf(info);
  if (ComparePositions(now, position) == 0) {
    status.clear_moved_to();
  } else {
    *status.mutable_moved_to() = now;
  }
  if (status.stage() == v1::ENTRY_STAGE_COUNTED) {
    ASSIGN_OR_RETURN(const OwnDecisions decisions, OwnDecisions::Read(journal, replica, info.epoch, info.seq));
    TellDecision(decisions, status);
  }
  return status;
}

absl::StatusOr<v1::QueueListResponse> ListQueue(Journal& journal, const Replica& replica,
                                                const v1::QueueListRequest& request) {
  if (request.limit() > limits::kQueueListMax) {
    return absl::InvalidArgumentError(absl::StrCat("limit: ", request.limit(), " is above ", limits::kQueueListMax));
  }
  const uint64_t limit = request.limit() == 0 ? limits::kQueueListDefault : request.limit();
  uint64_t after_epoch = request.after().epoch();
  uint64_t after_seq = request.after().seq();
  if (request.has_after()) {
    // The list names entries by their first position and goes by the present one.
    const absl::StatusOr<EntryInfo> after = journal.Find(request.after());
    if (after.ok()) {
      after_epoch = after->epoch;
      after_seq = after->seq;
    } else if (!absl::IsNotFound(after.status())) {
      return after.status();
    }
  }
  // What does not count yet says so; what counts may have been corrected since.
  OwnDecisions decisions;
  if (request.all()) {
    ASSIGN_OR_RETURN(decisions, OwnDecisions::Read(journal, replica, after_epoch, after_seq));
  }
  v1::QueueListResponse response;
  for (auto it = journal.epochs().lower_bound(after_epoch); it != journal.epochs().end(); ++it) {
    const EpochMarks& marks = it->second;
    const uint64_t begin = marks.epoch == after_epoch ? after_seq : 0;
    const uint64_t wanted = limit + 1 - response.entries_size();  // One more, to know whether there is more.
    ASSIGN_OR_RETURN(const std::vector<EntryInfo> entries, request.all()
                                                               ? journal.List(marks.epoch, begin, wanted)
                                                               : NotCounted(journal, replica, marks, begin, wanted));
    for (const EntryInfo& info : entries) {
      if (info.seq > marks.last_own_seq()) break;  // Goes on in a later epoch and is listed there.
      if (static_cast<uint64_t>(response.entries_size()) == limit) {
        response.set_more(true);
        return response;
      }
      v1::EntryStatus& status = *response.add_entries();
      ASSIGN_OR_RETURN(status, Describe(journal, replica, info));
      TellDecision(decisions, status);
    }
  }
  return response;
}

}  // namespace doorstep
