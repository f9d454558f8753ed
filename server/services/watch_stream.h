// One phone's stream of hints over gRPC. It holds no thread, and no more memory than the message on its way.
#ifndef DOORSTEP_SERVER_SERVICES_WATCH_STREAM_H_
#define DOORSTEP_SERVER_SERVICES_WATCH_STREAM_H_

#include <grpcpp/grpcpp.h>

#include "doorstep/v1/sync.pb.h"
#include "server/services/parts.h"

namespace doorstep {

// Authenticates the caller and gives the stream to the hub, or ends it at once.
grpc::ServerWriteReactor<v1::WatchResponse>* OpenWatch(const ServerParts& parts, grpc::CallbackServerContext* context);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_WATCH_STREAM_H_
