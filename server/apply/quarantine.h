// Parked entries, and what is decided about them after they came: judged again, recorded anew by the office, set aside.
// Invariant: the entry stays as received, and of it and what stands in for it at most one counts.
#ifndef DOORSTEP_SERVER_APPLY_QUARANTINE_H_
#define DOORSTEP_SERVER_APPLY_QUARANTINE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/command.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/stored_frame.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct ParkedEntry {
  int64_t device = 0;  // Its number.
  v1::Judgement judgement;
  StoredEntry stored;
};
// NOT_FOUND: not received. FAILED_PRECONDITION: it is not parked, with what became of it.
absl::StatusOr<ParkedEntry> FindParked(SqlSession& sql, const v1::JournalPosition& position);

// The id of an entry that the office recorded: that of the command's row.
v1::JournalPosition OfficePosition(int64_t commit_us, uint32_t ordinal);

// What was parked, with `bytes`, a LogEntry, in its place.
PreparedEntry PrepareRepair(const StoredEntry& stored, const std::string& bytes);
// What was parked, to be judged again: looked at, also when the phone had asked not to.
PreparedEntry PrepareReplay(const StoredEntry& stored);

// The second halves of the commands. An entry that another part of the same command has settled already stays as it is.
absl::Status ReplayParked(Group& group, const v1::JournalPosition& position);
// `repair` is the new entry's id. INTERNAL: the new entry cannot count, which was to be checked before.
absl::Status RepairParked(Group& group, const v1::RepairCommand& command, const v1::JournalPosition& repair);
absl::Status DismissParked(Group& group, const v1::DismissCommand& command);

// As what each entry was parked about which the recorded commands decide, by position.
absl::StatusOr<std::map<std::string, v1::Judgement>> ParkedBefore(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_QUARANTINE_H_
