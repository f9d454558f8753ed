// PushGatewayService: which sleeping phones a company's push gateway is to wake. A stream holds no thread.

#include <memory>
#include <utility>

#include "client_core/base/status.h"
#include "doorstep/v1/push_gateway_service.grpc.pb.h"
#include "server/services/answer.h"
#include "server/services/services.h"
#include "server/services/wake_hub.h"

namespace doorstep {
namespace {

constexpr absl::string_view kMethod = "/doorstep.v1.PushGatewayService/WatchWakes";

// gRPC calls it back only after Open has returned, and deletes nothing before it has been finished.
class GatewayStream final : public grpc::ServerWriteReactor<v1::WatchWakesResponse>, private WakeStream {
 public:
  GatewayStream(const ServerParts& parts, grpc::CallbackServerContext* context) : parts_(parts), context_(context) {}

  void Open() {
    const absl::Status opened = TryOpen();
    if (opened.ok()) return;
    answer_internal::LogRefusal(parts_, kMethod, opened);
    Finish(answer_internal::ToRpcStatus(opened));
  }

  void OnWriteDone(bool ok) override {
    message_.reset();
    if (ok) {
      parts_.wakes->Sent(id_);
    } else {
      parts_.wakes->End(id_, absl::CancelledError("nobody reads"));
    }
  }
  void OnCancel() override {
    if (id_ != 0) parts_.wakes->End(id_, absl::CancelledError("nobody reads"));
  }
  void OnDone() override { delete this; }

 private:
  absl::Status TryOpen() {
    RETURN_IF_ERROR(answer_internal::ScopeOf(parts_, kMethod, *context_).status());
    if (parts_.wakes == nullptr) return absl::UnimplementedError("this server wakes nobody");
    ASSIGN_OR_RETURN(id_, parts_.wakes->Open(this));
    return absl::OkStatus();
  }

  // ---- of the hub ----
  void Send(v1::WatchWakesResponse message) override {
    message_ = std::make_unique<v1::WatchWakesResponse>(std::move(message));
    StartWrite(message_.get());
  }
  void End(const absl::Status& why, bool cut) override {
    if (cut) context_->TryCancel();
    Finish(answer_internal::ToRpcStatus(why));
  }

  const ServerParts& parts_;
  grpc::CallbackServerContext* const context_;
  uint64_t id_ = 0;  // Of the hub; 0: it has not taken the stream.
  std::unique_ptr<v1::WatchWakesResponse> message_;
};

class PushGatewayService final : public v1::PushGatewayService::CallbackService {
 public:
  explicit PushGatewayService(const ServerParts& parts) : parts_(parts) {}

  grpc::ServerWriteReactor<v1::WatchWakesResponse>* WatchWakes(grpc::CallbackServerContext* context,
                                                               const v1::WatchWakesRequest*) override {
    auto* const stream = new GatewayStream(parts_, context);
    stream->Open();
    return stream;
  }

 private:
  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePushGatewayService(const ServerParts& parts) {
  return std::make_unique<PushGatewayService>(parts);
}

}  // namespace doorstep
