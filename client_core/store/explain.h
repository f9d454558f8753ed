// Answers in plain words: why is this entry not counted, why is this visit not (or still) here.
#ifndef DOORSTEP_CLIENT_CORE_STORE_EXPLAIN_H_
#define DOORSTEP_CLIENT_CORE_STORE_EXPLAIN_H_

#include "absl/status/statusor.h"
#include "client_core/store/journal.h"
#include "client_core/store/replica.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// Always answers for a visit. NOT_FOUND: the entry is not of this phone; INVALID_ARGUMENT: no subject.
absl::StatusOr<v1::Explanation> Explain(Journal& journal, Replica& replica, const v1::ExplainRequest& request);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_EXPLAIN_H_
