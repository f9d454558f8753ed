// The server's proof that it said a mark: an HMAC over who was told what, with a secret as old as the file. A phone
// cannot make one up, and a file that was set back still knows those it gave before.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_COUNTERSIGN_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_COUNTERSIGN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// Who signs: the file, in one generation.
struct Countersigner {
  std::string secret;      // Storage::secret().
  std::string generation;  // A mark of another one proves nothing here.
};

// Sets `mark.countersign`. What else is in the mark (the backups) is not signed.
void Countersign(const Countersigner& signer, absl::string_view device, v1::JournalMark& mark);
bool IsCountersigned(const Countersigner& signer, absl::string_view device, const v1::JournalMark& mark);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_COUNTERSIGN_H_
