// SyncService: frames up, feeds down, for one device and nothing else.

#include <utility>

#include "doorstep/v1/sync_service.grpc.pb.h"
#include "server/services/answer.h"
#include "server/services/services.h"
#include "server/services/sync_calls.h"
#include "server/services/watch_stream.h"

namespace doorstep {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class SyncService final : public v1::SyncService::CallbackService {
 public:
  explicit SyncService(const ServerParts& parts) : parts_(parts) {}

  ServerUnaryReactor* Hello(CallbackServerContext* context, const v1::HelloRequest* request,
                            v1::HelloResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.SyncService/Hello", context, response,
                       [&](const Scope& scope, const Call<v1::HelloResponse>& call) {
                         HelloCall(parts_, scope, *request, FinishWith(call));
                       });
  }

  ServerUnaryReactor* Push(CallbackServerContext* context, const v1::PushRequest* request,
                           v1::PushResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.SyncService/Push", context, response,
                       [&](const Scope& scope, const Call<v1::PushResponse>& call) {
                         PushCall(parts_, scope, *request, FinishWith(call));
                       });
  }

  ServerUnaryReactor* Pull(CallbackServerContext* context, const v1::PullRequest* request,
                           v1::PullResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.SyncService/Pull", context, response,
                       [&](const Scope& scope, const Call<v1::PullResponse>& call) {
                         FinishWith(call)(PullCall(parts_, scope, *request));
                       });
  }

  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(CallbackServerContext* context, const v1::WatchRequest*) override {
    return OpenWatch(parts_, context);
  }

 private:
  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSyncService(const ServerParts& parts) {
  return std::make_unique<SyncService>(parts);
}

}  // namespace doorstep
