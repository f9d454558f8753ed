// Where one entry is on its way: saved here -> safe at the office -> counted | needs attention -> counted, repaired or
// dismissed.
// Pure readings of journal marks and judgements.
#ifndef DOORSTEP_CLIENT_CORE_STORE_ENTRY_STATUS_H_
#define DOORSTEP_CLIENT_CORE_STORE_ENTRY_STATUS_H_

#include "absl/status/statusor.h"
#include "client_core/store/journal.h"
#include "client_core/store/replica.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// The exception about an entry, null if there is none. Where the server found its bytes under the first position too,
// what it says there holds.
const v1::Judgement* JudgementOfEntry(const Replica& replica, const EntryInfo& info);

// What a verdict alone makes of an entry that is judged.
v1::EntryStage StageOfVerdict(v1::Verdict verdict);

// `info` stands under `marks`. What the office does not have (any more) is SAVED_HERE, whatever was said of it. An
// exception that still waits for a person (attention, quarantine) is NEEDS_ATTENTION, whether the entry counts
// meanwhile or not; its judgement says which.
v1::EntryStage StageOf(const EntryInfo& info, const EpochMarks& marks, const v1::Judgement* judgement);

// Of an entry that is counted and that this phone has corrected or retracted since, the judgement's message says so
// ("corrected by d7.2.419"). NOT_FOUND: not an entry of this phone.
absl::StatusOr<v1::EntryStatus> StatusOfEntry(Journal& journal, const Replica& replica,
                                              const v1::JournalPosition& position);

// In journal order of the present positions; each entry is named by its first one, `moved_to` is where it is now.
// INVALID_ARGUMENT: limit
// above 1000.
absl::StatusOr<v1::QueueListResponse> ListQueue(Journal& journal, const Replica& replica,
                                                const v1::QueueListRequest& request);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_ENTRY_STATUS_H_
