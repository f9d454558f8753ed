// A phone's journal as a test writes it: entries with a hash chain, cut into frames. Its clock is exact: every frame
// carries an exchange with the server of the same boot, so that corrected times are what the test says (TRUSTED).
#ifndef DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_
#define DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/openssl_sha256.h"

namespace doorstep::testing {

class FieldPhone {
 public:
  FieldPhone(std::string device, uint64_t epoch, std::string salt, std::string author)
      : device_(std::move(device)), epoch_(epoch), author_(std::move(author)) {
    OpensslSha256 hasher;
    hashes_.push_back(ChainStart(hasher, device_, epoch_, salt));
  }

  // Records `entry` for `visit` at `time_us`; returns its seq.
  uint64_t Record(v1::LogEntry entry, const std::string& visit, int64_t time_us) {
    entry.set_visit_id(visit);
    entry.mutable_time()->set_wall_time_us(time_us);
    entry.mutable_time()->set_monotonic_us(time_us);
    entry.mutable_time()->set_boot_id("boot");
    v1::EntryEnvelope envelope;
    envelope.set_entry(entry.SerializeAsString());
    return Append(std::move(envelope));
  }
  // Bytes as they are, whatever they say.
  uint64_t RecordBytes(std::string bytes) {
    v1::EntryEnvelope envelope;
    envelope.set_entry(std::move(bytes));
    return Append(std::move(envelope));
  }
  // Appends an entry of another journal of this device again.
  uint64_t Rehome(const FieldPhone& from, uint64_t seq) {
    v1::EntryEnvelope envelope = from.envelopes_[seq - 1];
    if (envelope.from_seq() == 0) {
      envelope.set_from_epoch(from.epoch_);
      envelope.set_from_seq(seq);
    }
    return Append(std::move(envelope));
  }

  // Entries first..last as a frame made at `now_us`; `clock_error_us` is what the exchange with the server finds the
  // phone's clock to be behind.
  std::string Frame(uint64_t first, uint64_t last, int64_t now_us, bool empties_queue = false,
                    int64_t clock_error_us = 0) const {
    v1::FrameHeader header;
    header.set_device(device_);
    header.set_epoch(epoch_);
    header.set_first_seq(first);
    header.set_last_seq(last);
    header.set_prev_hash(std::string(AsBytes(hashes_[first - 1])));
    header.set_head_hash(std::string(AsBytes(hashes_[last])));
    header.set_empties_queue(empties_queue);
    v1::ClockSample* sample = header.add_clock();
    sample->set_boot_id("boot");
    sample->set_wall_time_us(now_us);
    sample->set_monotonic_us(now_us);
    sample->set_server_time_us(now_us + clock_error_us);
    v1::FrameBody body;
    for (uint64_t seq = first; seq <= last; ++seq) *body.add_entries() = envelopes_[seq - 1];
    return BuildFrame(std::move(header), body).value();
  }

  uint64_t size() const { return envelopes_.size(); }
  uint64_t epoch() const { return epoch_; }
  const std::string& device() const { return device_; }
  const std::string& author() const { return author_; }

 private:
  uint64_t Append(v1::EntryEnvelope envelope) {
    envelope.set_author(author_);
    OpensslSha256 hasher;
    hashes_.push_back(ChainNext(hasher, hashes_.back(),
                                {device_, epoch_, envelopes_.size() + 1, envelope.author(), envelope.from_epoch(),
                                 envelope.from_seq(), envelope.entry()}));
    envelopes_.push_back(std::move(envelope));
    return envelopes_.size();
  }

  std::string device_;
  uint64_t epoch_;
  std::string author_;
  std::vector<v1::EntryEnvelope> envelopes_;
  std::vector<Hash> hashes_;  // hashes_[n] is the chain's hash after entry n.
};

inline v1::LogEntry Arrived() {
  v1::LogEntry entry;
  entry.mutable_arrived();
  return entry;
}
inline v1::LogEntry WorkStarted() {
  v1::LogEntry entry;
  entry.mutable_work_started();
  return entry;
}
inline v1::LogEntry Note(const std::string& text) {
  v1::LogEntry entry;
  entry.mutable_note()->set_text(text);
  return entry;
}
inline v1::LogEntry PartUsed(const std::string& part, int64_t quantity_milli) {
  v1::LogEntry entry;
  entry.mutable_part_used()->set_part_number(part);
  entry.mutable_part_used()->set_quantity_milli(quantity_milli);
  return entry;
}
inline v1::LogEntry Outcome(v1::OutcomeCode code, const std::string& fault = "") {
  v1::LogEntry entry;
  v1::OutcomeReported& reported = *entry.mutable_outcome_reported();
  reported.mutable_outcome()->set_code(code);
  if (!fault.empty()) reported.mutable_outcome()->mutable_fault()->set_code(fault);
  reported.set_finished(true);
  return entry;
}
inline v1::LogEntry Csat(uint32_t value) {
  v1::LogEntry entry;
  v1::Feedback& feedback = *entry.mutable_feedback_captured()->mutable_feedback();
  feedback.set_survey_id("after-visit");
  feedback.set_language("zh");
  feedback.set_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED);
  feedback.set_origin(v1::FEEDBACK_ORIGIN_ASKED);
  v1::Answer& answer = *feedback.add_answers();
  answer.set_kind(v1::QUESTION_KIND_CSAT);
  answer.set_value(value);
  return entry;
}
inline v1::LogEntry Promise(const std::string& id, int64_t due_us) {
  v1::LogEntry entry;
  v1::Commitment& commitment = *entry.mutable_commitment_made()->mutable_commitment();
  commitment.set_id(id);
  commitment.set_text("bring the part");
  commitment.set_due_time_us(due_us);
  return entry;
}
inline v1::LogEntry Fulfilled(const std::string& id) {
  v1::LogEntry entry;
  entry.mutable_commitment_fulfilled()->set_commitment_id(id);
  entry.mutable_commitment_fulfilled()->set_state(v1::COMMITMENT_STATE_KEPT);
  return entry;
}
inline v1::LogEntry Retract(const v1::JournalPosition& target) {
  v1::LogEntry entry;
  *entry.mutable_retraction()->mutable_target() = target;
  return entry;
}

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_
