#include "server/services/journal_pages.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/superseded_entries.h"
#include "client_core/rules/verdicts.h"
#include "server/apply/commands/checks.h"
#include "server/services/page.h"
#include "server/services/received_entries.h"
#include "server/storage/journal_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

// Answers stay well below the size of a message, however long the entries are.
constexpr size_t kAnswerBytes = limits::kMessageBytesDownMax / 2;
constexpr int64_t kFramesAtOnce = 8;

// Says of entries what corrects or retracts them, visit by visit.
class Superseding {
 public:
  explicit Superseding(SqlSession& sql) : sql_(sql) {}

  // In the message of a judgement that says nothing against the entry.
  absl::Status Tell(v1::ReceivedEntry& received) {
    v1::Judgement& judgement = *received.mutable_judgement();
    const std::string& visit_id = received.entry().visit_id();
    if (!Counts(judgement.verdict()) || visit_id.empty()) return absl::OkStatus();
    auto visit = visits_.find(visit_id);
    if (visit == visits_.end()) {
      v1::FoldInput input;
      ASSIGN_OR_RETURN(const std::optional<VisitRow> row, FindVisit(sql_, visit_id));
      // A visit whose row is damaged hides nothing of the journal.
      if (row.has_value() && !input.ParseFromString(row->fold)) input.Clear();
      visit = visits_.emplace(visit_id, SupersededEntries(input)).first;
    }
    const auto by = visit->second.find(FormatPosition(received.position()));
    if (by == visit->second.end()) return absl::OkStatus();
    judgement.set_message(
        absl::StrCat(by->second.Words(), judgement.message().empty() ? "" : "; ", judgement.message()));
    return absl::OkStatus();
  }

 private:
  SqlSession& sql_;
  std::map<std::string, std::map<std::string, SupersededBy>> visits_;
};

// Adds entries of one epoch until `limit` or the answer's size is reached; true: there may be more.
absl::StatusOr<bool> AddEpoch(SqlSession& sql, const DeviceRow& device, uint64_t epoch, uint64_t after_seq, int limit,
                              Superseding& superseding, size_t& bytes, v1::GetJournalResponse& response) {
  while (true) {
    ASSIGN_OR_RETURN(const auto frames, FramesAfter(sql, device.n, epoch, after_seq, kFramesAtOnce));
    if (frames.empty()) return false;
    for (const FrameRow& frame : frames) {
      ASSIGN_OR_RETURN(auto entries, EntriesOfFrame(sql, device, frame));
      for (ReceivedWithEnvelope& entry : entries) {
        if (entry.received.position().seq() <= after_seq) continue;
        if (response.entries_size() >= limit || bytes > kAnswerBytes) return true;
        RETURN_IF_ERROR(superseding.Tell(entry.received));
        bytes += entry.received.ByteSizeLong();
        *response.add_entries() = std::move(entry.received);
      }
      after_seq = frame.last_seq;
    }
  }
}

absl::StatusOr<QuarantinedPosition> ParseQuarantineToken(const std::string& key) {
  QuarantinedPosition after;
  if (key.empty()) return after;
  const std::vector<std::string> parts = absl::StrSplit(key, ':');
  const bool read = parts.size() == 4 && absl::SimpleAtoi(parts[0], &after.judged_us) &&
                    absl::SimpleAtoi(parts[1], &after.device) && absl::SimpleAtoi(parts[2], &after.epoch) &&
                    absl::SimpleAtoi(parts[3], &after.seq);
  if (!read) return FieldError("page_token", "must be next_page_token of the last answer, unchanged");
  return after;
}

absl::StatusOr<std::string> QuarantineToken(SqlSession& sql, const v1::Judgement& last) {
  ASSIGN_OR_RETURN(const auto device, FindDevice(sql, last.position().device()));
  const int64_t n = device.has_value() ? device->n : 0;
  return PageTokenAfter(
      absl::StrCat(last.judged_time_us(), ":", n, ":", last.position().epoch(), ":", last.position().seq()));
}

}  // namespace

absl::Status ReadJournal(SqlSession& sql, const v1::GetJournalRequest& request, v1::GetJournalResponse& response) {
  RETURN_IF_ERROR(CheckRequiredText("device", request.device(), limits::kDeviceBytesMax));
  RETURN_IF_ERROR(CheckRange("limit", request.limit(), 0, limits::kJournalEntriesMax));
  if (request.has_after() && request.after().device() != request.device()) {
    return FieldError("after.device", "must be the device that is asked for");
  }
  const int limit = static_cast<int>(request.limit() == 0 ? limits::kJournalEntriesDefault : request.limit());
  ASSIGN_OR_RETURN(const auto device, FindDevice(sql, request.device()));
  if (!device.has_value()) return absl::NotFoundError(absl::StrCat("no device ", request.device()));
  ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(sql, device->n));
  Superseding superseding(sql);
  size_t bytes = 0;
  for (const JournalRow& journal : journals) {
    if (request.epoch() != 0 && journal.epoch != request.epoch()) continue;
    if (request.has_after() && journal.epoch < request.after().epoch()) continue;
    const uint64_t after_seq =
        request.has_after() && journal.epoch == request.after().epoch() ? request.after().seq() : 0;
    ASSIGN_OR_RETURN(const bool more,
                     AddEpoch(sql, *device, journal.epoch, after_seq, limit, superseding, bytes, response));
    if (more) {
      response.set_more(true);
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadQuarantine(SqlSession& sql, const v1::ListQuarantineRequest& request,
                            v1::ListQuarantineResponse& response) {
  ASSIGN_OR_RETURN(const Page page, PageById(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(const QuarantinedPosition after, ParseQuarantineToken(page.after_id));
  ASSIGN_OR_RETURN(std::vector<v1::Judgement> judgements, request.include_dismissed()
                                                              ? ListParked(sql, after, page.limit())
                                                              : ListQuarantined(sql, after, page.limit()));
  if (CutToPage(page, judgements)) {
    ASSIGN_OR_RETURN(*response.mutable_next_page_token(), QuarantineToken(sql, judgements.back()));
  }
  for (v1::Judgement& judgement : judgements) {
    ASSIGN_OR_RETURN(auto entry, FindReceivedEntry(sql, judgement.position()));
    v1::QuarantinedEntry& listed = *response.add_entries();
    *listed.mutable_judgement() = std::move(judgement);
    if (!entry.has_value()) continue;
    entry->envelope.clear_entry();
    *listed.mutable_envelope() = std::move(entry->envelope);
    if (entry->damaged) listed.mutable_judgement()->set_message(entry->received.judgement().message());
    listed.set_received_time_us(entry->received.received_time_us());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::QuarantinedEntry> ReadQuarantined(SqlSession& sql, const v1::JournalPosition& position) {
  ASSIGN_OR_RETURN(auto entry, FindReceivedEntry(sql, position));
  if (!entry.has_value() || !IsParked(entry->received.judgement().verdict())) {
    return absl::NotFoundError(absl::StrCat("no quarantined entry ", FormatPosition(position)));
  }
  v1::QuarantinedEntry quarantined;
  *quarantined.mutable_judgement() = std::move(*entry->received.mutable_judgement());
  *quarantined.mutable_envelope() = std::move(entry->envelope);
  quarantined.set_received_time_us(entry->received.received_time_us());
  return quarantined;
}

}  // namespace doorstep
