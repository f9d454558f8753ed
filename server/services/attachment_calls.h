// What a phone's calls about attachments do, whatever carries them. A phone shows the entry that names what it sends:
// the server takes nothing that no received entry of that device names, so that nobody fills its disk, and a hash alone
// opens nothing.
#ifndef DOORSTEP_SERVER_SERVICES_ATTACHMENT_CALLS_H_
#define DOORSTEP_SERVER_SERVICES_ATTACHMENT_CALLS_H_

#include "absl/status/statusor.h"
#include "doorstep/v1/attachment.pb.h"
#include "server/feeds/scope.h"
#include "server/services/parts.h"
#include "server/services/sync_calls.h"

namespace doorstep {

// `scope` is the device's; `done` as in sync_calls.h. PERMISSION_DENIED: it is blocked.
void PutChunkCall(const ServerParts& parts, const Scope& scope, const v1::PutChunkRequest& request,
                  CallDone<v1::PutChunkResponse> done);
absl::StatusOr<v1::CheckAttachmentsResponse> CheckAttachmentsCall(const ServerParts& parts, const Scope& scope,
                                                                  const v1::CheckAttachmentsRequest& request);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ATTACHMENT_CALLS_H_
