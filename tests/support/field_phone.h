// A phone's journal as a test writes it: entries with a hash chain, cut into frames. Its clock is exact: every frame
// carries an exchange with the server of the same boot, so that corrected times are what the test says (TRUSTED).
#ifndef DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_
#define DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client_core/rules/journal_hash.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep::testing {

class FieldPhone {
 public:
  FieldPhone(std::string device, uint64_t epoch, std::string salt, std::string author);

  // Records `entry` for `visit` at `time_us`; returns its seq.
  uint64_t Record(v1::LogEntry entry, const std::string& visit, int64_t time_us);
  // Bytes as they are, whatever they say.
  uint64_t RecordBytes(std::string bytes);
  // From now on the entry asks not to be looked at.
  void MarkOpaque(uint64_t seq) { envelopes_[seq - 1].set_opaque(true); }
  // Appends an entry of another journal of this device again.
  uint64_t Rehome(const FieldPhone& from, uint64_t seq);

  // Entries first..last as a frame made at `now_us`; `clock_error_us` is what the exchange with the server finds the
  // phone's clock to be behind.
  std::string Frame(uint64_t first, uint64_t last, int64_t now_us, bool empties_queue = false,
                    int64_t clock_error_us = 0) const;

  uint64_t size() const { return envelopes_.size(); }
  uint64_t epoch() const { return epoch_; }
  const std::string& device() const { return device_; }
  const std::string& author() const { return author_; }

 private:
  uint64_t Append(v1::EntryEnvelope envelope);

  std::string device_;
  uint64_t epoch_;
  std::string author_;
  std::vector<v1::EntryEnvelope> envelopes_;
  std::vector<Hash> hashes_;  // hashes_[n] is the chain's hash after entry n.
};

v1::LogEntry Arrived();
v1::LogEntry WorkStarted();
v1::LogEntry Note(const std::string& text);
v1::LogEntry PartUsed(const std::string& part, int64_t quantity_milli);
v1::LogEntry Outcome(v1::OutcomeCode code, const std::string& fault = "");
v1::LogEntry Csat(uint32_t value);
v1::LogEntry Promise(const std::string& id, int64_t due_us);
v1::LogEntry Fulfilled(const std::string& id);
v1::LogEntry Retract(const v1::JournalPosition& target);

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_FIELD_PHONE_H_
