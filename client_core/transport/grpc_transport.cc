#include "client_core/transport/grpc_transport.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/mutex.h"
#include "client_core/transport/loopback.h"

namespace doorstep {
namespace {

// gRPC's own reconnect delay would stand in the way of the engine, which knows when a try is worth it: the engine
// waits at least a second, so gRPC must be ready again by then.
constexpr int kReconnectMs = 500;

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

// gRPC's own words name sockets and subchannels; they stay with the status for the log.
constexpr char kGrpcPayload[] = "doorstep/grpc";

absl::Status InPlainWords(const grpc::Status& status, const std::string& address) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  absl::Status plain;
  if (code == absl::StatusCode::kUnavailable) {
    plain = absl::Status(code, absl::StrCat("no connection to ", address));
  } else if (code == absl::StatusCode::kDeadlineExceeded) {
    plain = absl::Status(code, absl::StrCat("no answer from ", address, " in time"));
  } else {
    return absl::Status(code, status.error_message());
  }
  plain.SetPayload(kGrpcPayload, absl::Cord(status.error_message()));
  return plain;
}

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer answer;
  Transport::Done done;
};

void Prepare(const UnaryCall& call, grpc::ClientContext& context, grpc::ByteBuffer& request) {
  const grpc::Slice slice(call.request.data(), call.request.size());
  request = grpc::ByteBuffer(&slice, 1);
  if (!call.authorization.empty()) context.AddMetadata("authorization", call.authorization);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(call.deadline_ms));
}

// A call whose answer is a stream. gRPC calls it back one at a time, OnDone last, and is through with it then.
class Stream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Ended = std::function<void(const grpc::Status&)>;

  Stream(const UnaryCall& call, Transport::Message message, Ended ended)
      : message_(std::move(message)), ended_(std::move(ended)) {
    Prepare(call, context_, request_);
  }

  void Begin() {
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&received_);
    StartCall();
  }
  grpc::ClientContext& context() { return context_; }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    message_(Flatten(received_));
    received_.Clear();
    StartRead(&received_);
  }
  void OnDone(const grpc::Status& status) override {
    const Ended ended = std::move(ended_);  // It may end this object.
    ended(status);
  }

 private:
  const Transport::Message message_;
  Ended ended_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer received_;
};

class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(const std::string& address) : address_(address), stub_(Connect(address)) {}

  ~GrpcTransport() override {
    std::unordered_map<uint64_t, std::shared_ptr<Call>> left;
    std::unordered_map<uint64_t, std::shared_ptr<Stream>> left_streams;
    {
      MutexLock lock(&mutex_);
      closing_ = true;
      left = calls_;
      left_streams = streams_;
    }
    // Outside the lock: gRPC may end a call before TryCancel returns.
    for (auto& [id, call] : left) call->context.TryCancel();
    for (auto& [id, stream] : left_streams) stream->context().TryCancel();
    MutexLock lock(&mutex_);
    while (running_ > 0) none_left_.Wait(&mutex_);  // Cancelled calls end at once.
  }

  void Start(uint64_t id, UnaryCall call, Done done) override {
    auto c = std::make_shared<Call>();
    c->done = std::move(done);
    Prepare(call, c->context, c->request);
    {
      MutexLock lock(&mutex_);
      if (closing_) return;
      calls_.emplace(id, c);
      ++running_;
    }
    // `calls_` keeps the call alive until gRPC is done with it. The closure must not: it goes after the callback, on
    // gRPC's thread, and a context that went with it there could take the last reference to the channel along.
    stub_.UnaryCall(&c->context, call.method, grpc::StubOptions(), &c->request, &c->answer,
                    [this, id](const grpc::Status& status) { End(id, status); });
  }

  bool CanWatch() const override { return true; }

  void Watch(uint64_t id, UnaryCall call, Message message, Done done) override {
    auto stream = std::make_shared<Stream>(
        call,
        [this, message = std::move(message)](std::string bytes) {
          if (!closing()) message(std::move(bytes));
        },
        [this, id, done = std::move(done)](const grpc::Status& status) { EndStream(id, done, status); });
    {
      MutexLock lock(&mutex_);
      if (closing_) return;
      streams_.emplace(id, stream);
      ++running_;
    }
    stub_.PrepareBidiStreamingCall(&stream->context(), call.method, grpc::StubOptions(), stream.get());
    stream->Begin();
  }

  void Cancel(uint64_t id) override {
    std::shared_ptr<Call> call;
    std::shared_ptr<Stream> stream;
    {
      MutexLock lock(&mutex_);
      if (const auto found = calls_.find(id); found != calls_.end()) call = found->second;
      if (const auto found = streams_.find(id); found != streams_.end()) stream = found->second;
    }
    if (call != nullptr) call->context.TryCancel();
    if (stream != nullptr) stream->context().TryCancel();
  }

 private:
  static std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageBytesDownMax));
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs / 5);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
    // Several cores in one process are several phones: each has a connection of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    // The address is this machine: a proxy of the environment has no business in between.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  void End(uint64_t id, const grpc::Status& status) {
    std::shared_ptr<Call> call;
    {
      MutexLock lock(&mutex_);
      const auto found = calls_.find(id);
      call = std::move(found->second);
      calls_.erase(found);
      if (closing_) call->done = nullptr;
    }
    if (call->done) {
      call->done(InPlainWords(status, address_), status.ok() ? Flatten(call->answer) : "");
    }
    call.reset();
    MutexLock lock(&mutex_);
    if (--running_ == 0) none_left_.NotifyAll();
  }

  void EndStream(uint64_t id, const Done& done, const grpc::Status& status) {
    if (!closing()) done(InPlainWords(status, address_), "");
    std::shared_ptr<Stream> stream;
    {
      MutexLock lock(&mutex_);
      const auto found = streams_.find(id);
      stream = std::move(found->second);
      streams_.erase(found);
    }
    stream.reset();
    MutexLock lock(&mutex_);
    if (--running_ == 0) none_left_.NotifyAll();
  }

  bool closing() {
    MutexLock lock(&mutex_);
    return closing_;
  }

  const std::string address_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
  Mutex mutex_;
  CondVar none_left_;
  std::unordered_map<uint64_t, std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> MakeGrpcTransport(absl::string_view address, bool insecure_loopback) {
  if (!insecure_loopback) {
    return absl::InvalidArgumentError(
        "insecure_loopback: must be set, because the built-in transport speaks only to this machine, without TLS");
  }
  if (!IsLoopbackAddress(address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("server_address: \"", address.substr(0, 80),
                     "\" is not this machine's own; without TLS use 127.0.0.1:PORT, [::1]:PORT or localhost:PORT"));
  }
  return std::make_unique<GrpcTransport>(std::string(address));
}

}  // namespace doorstep
