#include "tests/conformance/stub_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"

namespace doorstep::conformance {
namespace {

// Calls of /stub/Never.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  bool come = false;
  bool gone = false;

  void Note(bool Seen::*what) {
    std::lock_guard<std::mutex> lock(mutex);
    this->*what = true;
    changed.notify_all();
  }
  bool Wait(bool Seen::*what) {
    std::unique_lock<std::mutex> lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return this->*what; });
  }
};

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes;
}

class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(grpc::GenericCallbackServerContext* context, Seen* seen) : context_(context), seen_(seen) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const std::string method = context_->method();
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request"));
    if (method == "/stub/Stranger") return Finish({grpc::StatusCode::UNAUTHENTICATED, "who are you?"});
    if (method == "/stub/TooLarge") return Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "halve it"});
    if (method == "/stub/Never") return seen_->Note(&Seen::come);  // OnCancel ends it.
    if (method == "/stub/Three") return OnWriteDone(true);
    std::string answer(limits::kMessageBytesDownMax + 1, 'x');
    if (method == "/stub/Echo") {
      const auto found = context_->client_metadata().find("authorization");
      const std::string authorization =
          found == context_->client_metadata().end() ? "none" : std::string(found->second.data(), found->second.size());
      answer = absl::StrCat(authorization, " ", Flatten(request_));
    }
    const grpc::Slice slice(answer.data(), answer.size());
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
  }

  // Of /stub/Three: "1", "2", "3", and the end.
  void OnWriteDone(bool ok) override {
    if (context_->method() != "/stub/Three") return;
    if (!ok || written_ == 3) return Finish(grpc::Status::OK);
    const std::string message = absl::StrCat(++written_);
    const grpc::Slice slice(message.data(), message.size());
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&answer_);
  }

  void OnCancel() override {
    if (context_->method() != "/stub/Never") return;
    Finish({grpc::StatusCode::CANCELLED, "nobody waits"});
    seen_->Note(&Seen::gone);
  }

  void OnDone() override { delete this; }

 private:
  grpc::GenericCallbackServerContext* const context_;
  Seen* const seen_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  int written_ = 0;
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(Seen* seen) : seen_(seen) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Call(context, seen_);
  }

 private:
  Seen* const seen_;
};

}  // namespace

struct StubServer::Parts {
  Seen seen;
  Service service{&seen};
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

StubServer::StubServer() : parts_(std::make_unique<Parts>()) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&parts_->service);
  parts_->server = builder.BuildAndStart();
  parts_->address = absl::StrCat("127.0.0.1:", port);
}

StubServer::~StubServer() { parts_->server->Shutdown(std::chrono::system_clock::now()); }

const std::string& StubServer::address() const { return parts_->address; }

bool StubServer::SeesCallCome() { return parts_->seen.Wait(&Seen::come); }
bool StubServer::SeesCallGo() { return parts_->seen.Wait(&Seen::gone); }

}  // namespace doorstep::conformance
