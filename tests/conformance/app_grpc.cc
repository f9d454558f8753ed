#include "tests/conformance/app_grpc.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "client_core/base/limits.h"
#include "client_core/transport/host_transport.h"

namespace doorstep::conformance {
namespace {

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Valid() && buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes;
}

class AppTransport final : public Transport {
 public:
  explicit AppTransport(const std::string& address)
      : host_({[this](uint64_t id, const UnaryCall& call) { Begin(id, call); }, [this](uint64_t id) { GiveUp(id); }}) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageBytesDownMax));
    channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  ~AppTransport() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (auto& [id, context] : contexts_) context->TryCancel();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  void Start(uint64_t id, UnaryCall call, Done done) override { host_.Start(id, std::move(call), std::move(done)); }
  void Cancel(uint64_t id) override { host_.Cancel(id); }

 private:
  void Begin(uint64_t id, const UnaryCall& call) {
    auto context = std::make_shared<grpc::ClientContext>();
    if (!call.authorization.empty()) context->AddMetadata("authorization", call.authorization);
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(call.deadline_ms));
    std::lock_guard<std::mutex> lock(mutex_);
    contexts_[id] = context;
    threads_.emplace_back([this, id, context, method = call.method, request = call.request] {
      const grpc::Slice slice(request.data(), request.size());
      const grpc::ByteBuffer sent(&slice, 1);
      grpc::ByteBuffer received;
      grpc::Status status;
      grpc::CompletionQueue queue;
      auto reader = grpc::GenericStub(channel_).PrepareUnaryCall(context.get(), method, sent, &queue);
      reader->StartCall();
      reader->Finish(&received, &status, this);
      void* tag = nullptr;
      bool ok = false;
      queue.Next(&tag, &ok);
      host_.Complete(id, absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()),
                     status.ok() ? Flatten(received) : "");
    });
  }

  void GiveUp(uint64_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = contexts_.find(id); found != contexts_.end()) found->second->TryCancel();
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<grpc::ClientContext>> contexts_;
  std::vector<std::thread> threads_;
  HostTransport host_;
};

}  // namespace

std::unique_ptr<Transport> MakeAppTransport(const std::string& address) {
  return std::make_unique<AppTransport>(address);
}

}  // namespace doorstep::conformance
