#include "server/services/watch_stream.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "client_core/base/status.h"
#include "server/services/answer.h"
#include "server/services/sync_calls.h"
#include "server/services/watch_hub.h"

namespace doorstep {
namespace {

constexpr absl::string_view kMethod = "/doorstep.v1.SyncService/Watch";
// For a phone that finds all streams taken: it polls meanwhile.
constexpr uint32_t kTooManyWaitMs = 60 * 1000;
constexpr uint64_t kTooManySpreadMs = 60 * 1000;

// gRPC calls it back only after Open has returned, and deletes nothing before it has been finished.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchResponse>, private HintStream {
 public:
  WatchStream(const ServerParts& parts, grpc::CallbackServerContext* context) : parts_(parts), context_(context) {}

  void Open() {
    const absl::Status opened = TryOpen();
    if (opened.ok()) return;
    if (absl::IsResourceExhausted(opened)) return TooMany();
    answer_internal::LogRefusal(parts_, kMethod, opened);
    Finish(answer_internal::ToRpcStatus(opened));
  }

  void OnWriteDone(bool ok) override {
    message_.reset();
    if (ok) {
      parts_.watch->Sent(id_);
    } else {
      parts_.watch->End(id_, absl::CancelledError("nobody reads"));
    }
  }
  void OnCancel() override {
    if (id_ != 0) parts_.watch->End(id_, absl::CancelledError("nobody reads"));
  }
  void OnDone() override { delete this; }

 private:
  absl::Status TryOpen() {
    ASSIGN_OR_RETURN(const Scope scope, answer_internal::ScopeOf(parts_, kMethod, *context_));
    RETURN_IF_ERROR(WatchCall(parts_, scope, this, id_));
    // A token that was replaced before the hub had the stream: nobody else would end it.
    const absl::Status still = answer_internal::ScopeOf(parts_, kMethod, *context_).status();
    if (!still.ok()) parts_.watch->End(id_, still);
    return absl::OkStatus();
  }

  void TooMany() {
    message_ = std::make_unique<v1::WatchResponse>();
    message_->set_wait_ms(kTooManyWaitMs + static_cast<uint32_t>(parts_.random.Below(kTooManySpreadMs)));
    StartWriteAndFinish(message_.get(), grpc::WriteOptions(), grpc::Status::OK);
  }

  // ---- of the hub ----
  void Send(v1::WatchResponse message) override {
    message_ = std::make_unique<v1::WatchResponse>(std::move(message));
    StartWrite(message_.get());
  }
  void End(const absl::Status& why, bool cut) override {
    if (cut) context_->TryCancel();
    Finish(answer_internal::ToRpcStatus(why));
  }

  const ServerParts& parts_;
  grpc::CallbackServerContext* const context_;
  uint64_t id_ = 0;  // Of the hub; 0: it has not taken the stream.
  std::unique_ptr<v1::WatchResponse> message_;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchResponse>* OpenWatch(const ServerParts& parts, grpc::CallbackServerContext* context) {
  auto* const stream = new WatchStream(parts, context);
  stream->Open();
  return stream;
}

}  // namespace doorstep
