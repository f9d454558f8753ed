// Which fields of a record an import changes.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_CHANGED_FIELDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_CHANGED_FIELDS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "google/protobuf/message.h"

namespace doorstep {

// The names of the top-level fields in which `after` differs from `before`, in the order of the message, without those
// in `computed`. Both are of one type without map fields.
std::vector<std::string> ChangedFields(const google::protobuf::Message& before, const google::protobuf::Message& after,
                                       absl::Span<const char* const> computed);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_CHANGED_FIELDS_H_
