#include "client_core/store/journal_rows.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/utf8.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/journal_hash.h"

namespace doorstep {
namespace {

// A number that is no fact of this version is written by damage, or by a newer version that was here: it is then read
// as entries of the wire are, as a fact that is not known.
v1::LogEntry::FactCase FactOf(int64_t number) {
  const bool known = number > 0 && number <= v1::LogEntry::kRetraction;
  return known ? static_cast<v1::LogEntry::FactCase>(number) : v1::LogEntry::FACT_NOT_SET;
}

}  // namespace

EntryInfo InfoFromRow(const sqlite::Statement& row) {
  EntryInfo info;
  info.epoch = row.Int(0);
  info.seq = row.Int(1);
  info.author = std::string(row.Text(3));
  info.from_epoch = row.Int(4);
  info.from_seq = row.Int(5);
  info.visit_id = std::string(row.Text(6));
  info.fact = FactOf(row.Int(7));
  info.wall_time_us = row.Int(8);
  info.bytes = row.Int(10);
  return info;
}

bool RowFromRow(const sqlite::Statement& statement, Journal::Row& row) {
  row.info = InfoFromRow(statement);
  row.boot = statement.Int(9);
  row.entry = std::string(statement.Blob(kEntryColumn));
  row.token = std::string(statement.Text(12));
  return HashFromBytes(statement.Blob(kHashColumn), row.hash);
}

EpochMarks EpochFromRow(const sqlite::Statement& row) {
  EpochMarks marks;
  marks.epoch = row.Int(0);
  marks.salt = std::string(row.Blob(1));
  marks.state = static_cast<EpochState>(row.Int(2));
  marks.common_through = row.Int(3);
  marks.received_through = row.Int(4);
  marks.backed_up_through = row.Int(5);
  marks.judged_through = row.Int(6);
  marks.settled_through = row.Int(7);
  marks.retained_through = row.Int(8);
  HashFromBytes(row.Blob(9), marks.retained_hash);
  marks.countermark = std::string(row.Blob(10));
  return marks;
}

bool HashFromBytes(absl::string_view bytes, Hash& hash) {
  if (bytes.size() != hash.size()) return false;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return true;
}

bool ParseBytes(absl::string_view bytes, google::protobuf::MessageLite& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void KeepCountermark(const v1::JournalMark& mark, EpochMarks& marks) {
  v1::JournalMark kept;
  if (mark.countersign().empty()) return;
  if (ParseBytes(marks.countermark, kept) && kept.received_through() >= mark.received_through()) return;
  kept.Clear();
  kept.set_epoch(mark.epoch());
  kept.set_received_through(mark.received_through());
  kept.set_hash(mark.hash());
  kept.set_countersign(mark.countersign());
  marks.countermark = kept.SerializeAsString();
}

bool ParseIdentity(absl::string_view bytes, v1::EnrollResponse& identity) {
  return ParseBytes(bytes, identity) && !identity.device().empty() &&
         identity.device().size() <= limits::kDeviceBytesMax && Utf8(identity.device()) == identity.device();
}

bool IsEpoch(uint64_t epoch, absl::string_view salt) {
  return epoch >= 1 && epoch <= kEntryEpochMax && salt.size() == kChainSaltBytes;
}

bool IsPlausible(const EntryInfo& info) {
  const bool first_stands_earlier = info.from_epoch < info.epoch && (info.from_epoch == 0) == (info.from_seq == 0);
  return first_stands_earlier && !info.author.empty() && info.author.size() <= limits::kIdBytesMax &&
         Utf8(info.author) == info.author;
}

v1::FoldFact FoldOf(const v1::LogEntry& entry, const v1::JournalPosition& position, absl::string_view author) {
  v1::CorrectedTime time;
  time.set_time_us(entry.time().wall_time_us());
  time.set_quality(v1::CLOCK_QUALITY_SUSPECT);
  time.set_utc_offset_s(entry.time().utc_offset_s());
  return MakeFoldFact(entry, position, author, time);
}

absl::Status RefusedByDamage(absl::Status written) {
  return absl::IsAlreadyExists(written) ? absl::DataLossError(written.message()) : written;
}

absl::Status ExplainFullDisk(absl::Status status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      "the phone's storage is full: free some space and try again; everything recorded before is safe");
}

}  // namespace doorstep
