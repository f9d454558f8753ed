#include "server/services/received_entries.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/command.pb.h"
#include "doorstep/v1/fold.pb.h"
#include "server/apply/stored_frame.h"
#include "server/openssl_sha256.h"
#include "server/storage/command_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/visit_table.h"

namespace doorstep {

namespace {

v1::Judgement Counted(const v1::ReceivedEntry& received) {
  v1::Judgement judgement;
  *judgement.mutable_position() = received.position();
  judgement.set_verdict(v1::VERDICT_COUNTED);
  judgement.set_visit_id(received.entry().visit_id());
  judgement.set_judged_time_us(received.received_time_us());
  return judgement;
}

// What the visits of a frame know of its entries: they were folded while it could be read.
struct KnownFact {
  std::string visit_id;
  v1::FoldFact fact;
};
absl::StatusOr<std::map<uint64_t, KnownFact>> FactsOfFrame(SqlSession& sql, const DeviceRow& device,
                                                           const FrameRow& frame) {
  std::map<uint64_t, KnownFact> facts;
  ASSIGN_OR_RETURN(const std::vector<int64_t> visits, VisitsOfFrame(sql, frame.n));
  for (const int64_t visit : visits) {
    ASSIGN_OR_RETURN(const std::optional<VisitRow> row, FindVisitByNumber(sql, visit));
    v1::FoldInput input;
    if (!row.has_value() || !input.ParseFromString(row->fold)) continue;  // Damaged as well.
    for (const v1::FoldFact& fact : input.facts()) {
      const v1::JournalPosition& position = fact.position();
      if (position.device() != device.id || position.epoch() != frame.epoch) continue;
      if (position.seq() >= frame.first_seq && position.seq() <= frame.last_seq) {
        facts[position.seq()] = {input.visit_id(), fact};
      }
    }
  }
  return facts;
}

absl::StatusOr<std::vector<ReceivedWithEnvelope>> DamagedEntries(SqlSession& sql, const DeviceRow& device,
                                                                 const FrameRow& frame) {
  ASSIGN_OR_RETURN(std::vector<v1::Judgement> exceptions,
                   JudgementsBetween(sql, device.n, frame.epoch, frame.first_seq + frame.skip, frame.last_seq));
  ASSIGN_OR_RETURN(const auto facts, FactsOfFrame(sql, device, frame));
  std::vector<ReceivedWithEnvelope> entries;
  size_t next_exception = 0;
  // No further than a frame can reach, though the row's own columns were damaged.
  const uint64_t last_seq = std::min(frame.last_seq, frame.first_seq + limits::kFrameEntriesMax - 1);
  for (uint64_t seq = frame.first_seq + frame.skip; seq <= last_seq; ++seq) {
    ReceivedWithEnvelope& entry = entries.emplace_back();
    entry.damaged = true;
    v1::ReceivedEntry& received = entry.received;
    *received.mutable_position() = MakePosition(device.id, frame.epoch, seq);
    received.set_received_time_us(frame.commit_us);
    const auto known = facts.find(seq);
    if (known != facts.end()) {
      received.set_author(known->second.fact.author());
      *received.mutable_time() = known->second.fact.time();
      received.mutable_entry()->set_visit_id(known->second.visit_id);
    }
    if (next_exception < exceptions.size() && exceptions[next_exception].position().seq() == seq) {
      *received.mutable_judgement() = std::move(exceptions[next_exception++]);
      if (known == facts.end() && !received.judgement().visit_id().empty()) {
        received.mutable_entry()->set_visit_id(received.judgement().visit_id());
      }
    } else {
      *received.mutable_judgement() = Counted(received);
    }
    const absl::string_view what =
        known == facts.end() ? "" : FactName(static_cast<v1::LogEntry::FactCase>(known->second.fact.kind()));
    // What was decided about it before stands behind that, without the field that a reason begins with.
    const absl::string_view reason = absl::StripPrefix(received.judgement().message(), "visit_id: ");
    received.mutable_judgement()->set_message(absl::StrCat(kDamagedWords, what.empty() ? "" : "; it was ",
                                                           absl::StrReplaceAll(what, {{"_", " "}}),
                                                           reason.empty() ? "" : "; ", reason));
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::vector<ReceivedWithEnvelope>> EntriesOfFrame(SqlSession& sql, const DeviceRow& device,
                                                                 const FrameRow& frame) {
  absl::StatusOr<OpenedFrame> stored = OpenFrame(frame.bytes);
  if (!stored.ok()) return DamagedEntries(sql, device, frame);
  OpenedFrame& opened = *stored;
  OpensslSha256 hasher;
  const absl::StatusOr<std::vector<Hash>> chain = CheckChain(hasher, opened);
  if (!chain.ok() || opened.header.first_seq() != frame.first_seq || opened.header.last_seq() != frame.last_seq) {
    return DamagedEntries(sql, device, frame);
  }
  const std::vector<Hash>& hashes = *chain;
  ASSIGN_OR_RETURN(std::vector<v1::Judgement> exceptions,
                   JudgementsBetween(sql, device.n, frame.epoch, frame.first_seq + frame.skip, frame.last_seq));
  std::vector<ReceivedWithEnvelope> entries;
  size_t next_exception = 0;
  for (int i = static_cast<int>(frame.skip); i < opened.body.entries_size(); ++i) {
    ReceivedWithEnvelope& entry = entries.emplace_back();
    entry.envelope = std::move(*opened.body.mutable_entries(i));
    v1::ReceivedEntry& received = entry.received;
    const uint64_t seq = frame.first_seq + static_cast<uint64_t>(i);
    *received.mutable_position() = MakePosition(device.id, frame.epoch, seq);
    received.set_author(entry.envelope.author());
    received.set_received_time_us(frame.commit_us);
    received.set_hash(std::string(AsBytes(hashes[static_cast<size_t>(i)])));
    if (!entry.envelope.opaque() && received.mutable_entry()->ParseFromString(entry.envelope.entry())) {
      *received.mutable_time() = CorrectTime(received.entry().time(), opened.header, frame.commit_us);
    } else {
      received.clear_entry();
    }
    if (entry.envelope.from_seq() != 0) {
      *received.mutable_rehomed_from() =
          MakePosition(device.id, entry.envelope.from_epoch(), entry.envelope.from_seq());
    }
    if (next_exception < exceptions.size() && exceptions[next_exception].position().seq() == seq) {
      *received.mutable_judgement() = std::move(exceptions[next_exception++]);
    } else {
      *received.mutable_judgement() = Counted(received);
    }
  }
  return entries;
}

namespace {

// What the office recorded in place of a parked entry; its id is the key of the command.
absl::StatusOr<std::optional<ReceivedWithEnvelope>> FindOfficeEntry(SqlSession& sql,
                                                                    const v1::JournalPosition& position) {
  std::optional<ReceivedWithEnvelope> none;
  if (position.epoch() > INT64_MAX || position.seq() > UINT32_MAX) return none;
  ASSIGN_OR_RETURN(const std::string bytes, FindCommandBytes(sql, static_cast<int64_t>(position.epoch()),
                                                             static_cast<uint32_t>(position.seq())));
  v1::CommandRecord record;
  if (!record.ParseFromString(bytes)) {
    return absl::DataLossError(absl::StrCat("table command: the row of ", FormatPosition(position), " is damaged"));
  }
  if (!record.has_repair()) return none;
  const v1::JournalPosition& old = record.repair().parked().position();
  ASSIGN_OR_RETURN(const std::optional<DeviceRow> device, FindDevice(sql, old.device()));
  if (!device.has_value()) return absl::DataLossError(absl::StrCat("a repair of an entry of no device ", old.device()));
  const absl::StatusOr<StoredEntry> stored = FindStoredEntry(sql, device->n, old.epoch(), old.seq());
  // Where the parked one is damaged, what stands in for it is still what the office recorded.
  if (!stored.ok() && !absl::IsDataLoss(stored.status())) return stored.status();
  const std::string author = stored.ok() ? stored->envelope().author() : "";
  ReceivedWithEnvelope found;
  found.envelope.set_author(author);
  found.envelope.set_entry(record.repair().entry());
  v1::ReceivedEntry& received = found.received;
  if (!received.mutable_entry()->ParseFromString(record.repair().entry())) {
    return absl::DataLossError(absl::StrCat("entry ", FormatPosition(position), " is damaged"));
  }
  *received.mutable_position() = position;
  received.set_author(author);
  received.set_received_time_us(static_cast<int64_t>(position.epoch()));
  *received.mutable_time() = stored.ok()
                                 ? CorrectTime(received.entry().time(), stored->opened.header, stored->frame.commit_us)
                                 : CorrectTime(received.entry().time(), v1::FrameHeader(), received.received_time_us());
  *received.mutable_judgement() = Counted(received);
  *received.mutable_repairs() = old;
  received.set_recorded_by(record.principal());
  return std::optional(std::move(found));
}

}  // namespace

absl::StatusOr<std::optional<ReceivedWithEnvelope>> FindReceivedEntry(SqlSession& sql,
                                                                      const v1::JournalPosition& position) {
  if (position.device() == kOfficeDevice) return FindOfficeEntry(sql, position);
  ASSIGN_OR_RETURN(const std::optional<DeviceRow> device, FindDevice(sql, position.device()));
  if (!device.has_value()) return absl::NotFoundError(absl::StrCat("no device ", position.device()));
  ASSIGN_OR_RETURN(const std::optional<FrameRow> frame,
                   FindFrameHolding(sql, device->n, position.epoch(), position.seq()));
  if (!frame.has_value()) return std::optional<ReceivedWithEnvelope>();
  ASSIGN_OR_RETURN(std::vector<ReceivedWithEnvelope> entries, EntriesOfFrame(sql, *device, *frame));
  for (ReceivedWithEnvelope& entry : entries) {
    if (entry.received.position().seq() == position.seq()) return std::optional(std::move(entry));
  }
  return std::optional<ReceivedWithEnvelope>();
}

}  // namespace doorstep
