#include "server/services/received_entries.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/frame_codec.h"
#include "server/openssl_sha256.h"
#include "server/storage/judgement_table.h"

namespace doorstep {

absl::StatusOr<std::vector<ReceivedWithEnvelope>> EntriesOfFrame(SqlSession& sql, const DeviceRow& device,
                                                                 const FrameRow& frame) {
  ASSIGN_OR_RETURN(OpenedFrame opened, OpenFrame(frame.bytes));
  OpensslSha256 hasher;
  ASSIGN_OR_RETURN(const std::vector<Hash> hashes, CheckChain(hasher, opened));
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
      *received.mutable_judgement()->mutable_position() = received.position();
      received.mutable_judgement()->set_verdict(v1::VERDICT_COUNTED);
      received.mutable_judgement()->set_visit_id(received.entry().visit_id());
      received.mutable_judgement()->set_judged_time_us(frame.commit_us);
    }
  }
  return entries;
}

absl::StatusOr<std::optional<ReceivedWithEnvelope>> FindReceivedEntry(SqlSession& sql,
                                                                      const v1::JournalPosition& position) {
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
