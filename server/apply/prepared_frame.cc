#include "server/apply/prepared_frame.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/fold_fact.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

void Quarantine(v1::QuarantineReason reason, absl::string_view message, PreparedEntry& entry) {
  entry.reason = reason;
  entry.message = std::string(message.substr(0, limits::kReasonBytesMax / 2));
}

// Kinds that bear the state of a visit need one. The others may stand alone: a note about the depot, an insight.
bool LacksVisit(const v1::LogEntry& entry) {
  return entry.visit_id().empty() &&
         (BearsState(entry.fact_case()) || entry.fact_case() == v1::LogEntry::kVisitOpenedOnSite);
}

}  // namespace

PreparedEntry PrepareEntry(const v1::FrameHeader& header, uint64_t seq, const v1::EntryEnvelope& envelope) {
  PreparedEntry prepared;
  const v1::JournalPosition position = MakePosition(header.device(), header.epoch(), seq);
  *prepared.fact.mutable_position() = position;
  if (envelope.opaque()) {
    Quarantine(v1::QUARANTINE_REASON_OPAQUE, "the phone asked not to look inside: it had killed requests", prepared);
    return prepared;
  }
  auto entry = std::make_unique<v1::LogEntry>();
  if (!entry->ParseFromString(envelope.entry())) {
    Quarantine(v1::QUARANTINE_REASON_MALFORMED, "entry: the bytes are not a LogEntry", prepared);
    return prepared;
  }
  prepared.time = entry->time();
  if (entry->visit_id().size() <= limits::kIdBytesMax) prepared.visit_id = entry->visit_id();
  if (entry->fact_case() == v1::LogEntry::FACT_NOT_SET) {
    Quarantine(v1::QUARANTINE_REASON_UNKNOWN_KIND, "this server does not know this kind of entry yet", prepared);
    return prepared;
  }
  absl::Status bounds = CheckEntry(*entry);
  if (bounds.ok() && LacksVisit(*entry)) bounds = absl::InvalidArgumentError("entry.visit_id: empty");
  if (!bounds.ok()) {
    Quarantine(v1::QUARANTINE_REASON_OUT_OF_BOUNDS, bounds.message(), prepared);
    return prepared;
  }
  prepared.bears_state = BearsState(entry->fact_case());
  if (prepared.bears_state) {
    prepared.fact = MakeFoldFact(*entry, position, envelope.author(), v1::CorrectedTime());
  } else {
    prepared.fact.set_kind(static_cast<uint32_t>(entry->fact_case()));
  }
  if (envelope.from_seq() != 0) {
    *prepared.fact.mutable_first_position() = MakePosition(header.device(), envelope.from_epoch(), envelope.from_seq());
  }
  if (entry->fact_case() == v1::LogEntry::kVisitOpenedOnSite || entry->fact_case() == v1::LogEntry::kAssetRegistered) {
    prepared.log_entry = std::move(entry);
    prepared.author = envelope.author();
  }
  return prepared;
}

void DecodeEntries(PreparedFrame& frame) {
  frame.entries.clear();
  frame.entries.reserve(static_cast<size_t>(frame.opened.body.entries_size()));
  uint64_t seq = frame.first_seq();
  for (const v1::EntryEnvelope& envelope : frame.opened.body.entries()) {
    frame.entries.push_back(PrepareEntry(frame.opened.header, seq++, envelope));
  }
}

absl::StatusOr<std::unique_ptr<PreparedFrame>> PrepareFrame(std::string bytes) {
  auto frame = std::make_unique<PreparedFrame>();
  frame->bytes = std::move(bytes);
  ASSIGN_OR_RETURN(frame->opened, OpenFrame(frame->bytes));
  thread_local OpensslSha256 hasher;
  ASSIGN_OR_RETURN(frame->hashes, CheckChain(hasher, frame->opened));
  DecodeEntries(*frame);
  return frame;
}

absl::StatusOr<std::unique_ptr<PreparedFrame>> PrepareFrame(std::string bytes, absl::string_view device) {
  ASSIGN_OR_RETURN(std::unique_ptr<PreparedFrame> frame, PrepareFrame(std::move(bytes)));
  if (frame->opened.header.device() != device) {
    return absl::PermissionDeniedError(
        absl::StrCat("frame.header.device: \"", frame->opened.header.device(), "\" is not the caller"));
  }
  return frame;
}

}  // namespace doorstep
