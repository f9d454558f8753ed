#include "tools/doorstep/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/clock.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "google/protobuf/descriptor.h"
#include "tools/doorstep/command.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Connection::Channel {
  explicit Channel(std::shared_ptr<grpc::Channel> channel) : stub(std::move(channel)) {}
  grpc::GenericStub stub;
};

namespace {

// A server that is being restarted is back within this.
constexpr int kAwaySeconds = 3;
// Between two looks at whether a stream is wanted still: a person who ends it waits for no longer.
constexpr int kLookMs = 200;

// "/doorstep.v1.DispatchService/GetVisit" for a GetVisitRequest. Empty: no service of the request's file takes it.
std::string MethodOf(const Message& request) {
  const google::protobuf::FileDescriptor& file = *request.GetDescriptor()->file();
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      const google::protobuf::MethodDescriptor& method = *file.service(s)->method(m);
      if (method.input_type() == request.GetDescriptor()) {
        return absl::StrCat("/", method.service()->full_name(), "/", method.name());
      }
    }
  }
  return "";
}

grpc::Status BytesOf(const grpc::ByteBuffer& buffer, std::string* bytes) {
  std::vector<grpc::Slice> slices;
  const grpc::Status status = buffer.Dump(&slices);
  bytes->clear();
  for (const grpc::Slice& part : slices) bytes->append(reinterpret_cast<const char*>(part.begin()), part.size());
  return status;
}

grpc::Status CallOnce(grpc::GenericStub& stub, const v1::ConnectFile& profile, const std::string& method,
                      const std::string& request, std::string* response, int seconds, bool wait_for_server) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  context.set_wait_for_ready(wait_for_server);
  context.AddMetadata("authorization", "Bearer " + profile.token());
  const grpc::Slice slice(request);
  const grpc::ByteBuffer request_buffer(&slice, 1);
  grpc::ByteBuffer response_buffer;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request_buffer, &response_buffer,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  return status.ok() ? BytesOf(response_buffer, response) : status;
}

// One stream of answers, read by the thread that has asked for it.
class OpenStream {
 public:
  using ReaderWriter = grpc::GenericClientAsyncReaderWriter;

  OpenStream(const v1::ConnectFile& profile, int seconds, std::function<bool()> goes_on)
      : goes_on_(std::move(goes_on)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
    context_.AddMetadata("authorization", "Bearer " + profile.token());
  }
  ~OpenStream() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void Start(grpc::GenericStub& stub, const std::string& method, const std::string& request) {
    stream_ = stub.PrepareCall(&context_, method, &queue_);
    stream_->StartCall(this);
    const grpc::Slice slice(request);
    if (!Wait()) return;
    stream_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
    Wait();
  }
  // False: it has ended.
  bool Read(grpc::ByteBuffer* message) {
    stream_->Read(message, this);
    return Wait();
  }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    Wait();
    return status;
  }
  bool stopped() const { return stopped_; }

 private:
  // For what was begun last.
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + std::chrono::milliseconds(kLookMs)) ==
           grpc::CompletionQueue::TIMEOUT) {
      if (stopped_ || goes_on_()) continue;
      stopped_ = true;
      Cancel();  // What was begun ends by it.
    }
    return ok;
  }

  const std::function<bool()> goes_on_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<ReaderWriter> stream_;
  bool stopped_ = false;
};

absl::Status FromGrpc(const grpc::Status& status, const std::string& where) {
  if (status.ok()) return absl::OkStatus();
  const absl::StatusCode code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kUnavailable) {
    const bool refused = absl::StrContains(status.error_message(), "Connection refused");
    return absl::UnavailableError(absl::StrCat("no answer from the server of profile ", where, ": ",
                                               refused ? "nothing listens there" : status.error_message()));
  }
  if (code == absl::StatusCode::kDeadlineExceeded) {
    return absl::DeadlineExceededError(absl::StrCat("the server of profile ", where, " took too long to answer"));
  }
  if (code == absl::StatusCode::kUnauthenticated) {
    return absl::UnauthenticatedError(absl::StrCat("the server of profile ", where, " does not know this identity"));
  }
  return absl::Status(code, status.error_message());
}

}  // namespace

Connection::Connection(const Globals* globals) : globals_(globals) {}
Connection::Connection(const Globals* globals, v1::ConnectFile profile)
    : globals_(globals), profile_(std::move(profile)) {}
Connection::~Connection() = default;

absl::Status Connection::Open() {
  if (channel_ != nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(name_, ProfileName(globals_->profile));
  if (profile_.server().empty()) {
    ASSIGN_OR_RETURN(const std::string directory, ConfigDirectory());
    absl::StatusOr<v1::ConnectFile> profile = ReadProfile(ProfilePath(directory, name_));
    if (absl::IsNotFound(profile.status())) {
      return WithTry(absl::NotFoundError(absl::StrCat("profile \"", name_, "\" is not connected to a server")),
                     absl::StrCat("doorstep connect FILE --profile ", name_,
                                  ", with the file admin.connect that doorstepd wrote"));
    }
    ASSIGN_OR_RETURN(profile_, std::move(profile));
  }
  if (!IsLoopback(profile_.server())) {
    return WithTry(absl::FailedPreconditionError(absl::StrCat(
                       "the address ", profile_.server(),
                       " is another machine's, and the connection would carry the token without encryption")),
                   "an address on this machine, for instance a tunnel's end at 127.0.0.1");
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // The server is on this machine, whatever http_proxy says.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int>(limits::kMessageBytesDownMax));
  channel_ = std::make_unique<Channel>(
      grpc::CreateCustomChannel(profile_.server(), grpc::InsecureChannelCredentials(), arguments));
  return absl::OkStatus();
}

absl::Status Connection::Call(Message* request, Message* response, int seconds) {
  RETURN_IF_ERROR(Open());
  const std::string method = MethodOf(*request);
  if (method.empty()) return absl::InternalError(absl::StrCat(request->GetTypeName(), " belongs to no service"));
  const FieldDescriptor* request_id = request->GetDescriptor()->FindFieldByName("request_id");
  if (request_id != nullptr && request->GetReflection()->GetString(*request, request_id).empty()) {
    request->GetReflection()->SetString(request, request_id, NewRequestId());
  }
  std::string request_bytes;
  if (!request->SerializeToString(&request_bytes)) return absl::InternalError("the request cannot be written");

  std::string response_bytes;
  grpc::Status status =
      CallOnce(channel_->stub, profile_, method, request_bytes, &response_bytes, seconds, /*wait_for_server=*/false);
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    const grpc::Status first = status;
    status = CallOnce(channel_->stub, profile_, method, request_bytes, &response_bytes, std::min(seconds, kAwaySeconds),
                      /*wait_for_server=*/true);
    // Waiting for a server that never came says less than why it was away.
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) status = first;
  }
  RETURN_IF_ERROR(FromGrpc(status, Description()));
  if (!response->ParseFromString(response_bytes)) {
    return absl::InternalError(absl::StrCat("the server's answer is no ", response->GetTypeName()));
  }
  return absl::OkStatus();
}

absl::Status Connection::Listen(const Message& request, Message* response, int seconds,
                                const std::function<absl::StatusOr<bool>()>& each,
                                const std::function<bool()>& goes_on) {
  RETURN_IF_ERROR(Open());
  OpenStream stream(profile_, seconds, goes_on);
  stream.Start(channel_->stub, MethodOf(request), request.SerializeAsString());
  grpc::ByteBuffer buffer;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && stream.Read(&buffer)) {
    std::string bytes;
    const bool parsed = BytesOf(buffer, &bytes).ok() && response->ParseFromString(bytes);
    more = parsed ? each() : absl::InternalError(absl::StrCat("the server's answer is no ", response->GetTypeName()));
  }
  const bool enough = !more.ok() || !*more;
  if (enough) stream.Cancel();
  const grpc::Status status = stream.Finish();
  RETURN_IF_ERROR(more.status());
  return enough || stream.stopped() ? absl::OkStatus() : FromGrpc(status, Description());
}

absl::StatusOr<bool> Connection::CallPages(Message* request, Message* response, int64_t rows_max) {
  const auto field = [](const Message& message, const char* name) {
    return message.GetDescriptor()->FindFieldByName(name);
  };
  const FieldDescriptor* rows = nullptr;
  for (int i = 0; i < response->GetDescriptor()->field_count() && rows == nullptr; ++i) {
    if (response->GetDescriptor()->field(i)->is_repeated()) rows = response->GetDescriptor()->field(i);
  }
  const FieldDescriptor* next = field(*response, "next_page_token");
  const std::unique_ptr<Message> page(response->New());
  while (true) {
    const int64_t left = rows_max - response->GetReflection()->FieldSize(*response, rows);
    request->GetReflection()->SetUInt32(request, field(*request, "page_size"),
                                        static_cast<uint32_t>(std::min<int64_t>(left, limits::kPageSizeMax)));
    RETURN_IF_ERROR(Call(request, page.get()));
    const std::string token = page->GetReflection()->GetString(*page, next);
    // What is no row is the same on every page: the last one's counts.
    std::vector<const FieldDescriptor*> set_fields;
    response->GetReflection()->ListFields(*response, &set_fields);
    for (const FieldDescriptor* other : set_fields) {
      if (other != rows) response->GetReflection()->ClearField(response, other);
    }
    response->MergeFrom(*page);
    if (token.empty()) return false;
    if (response->GetReflection()->FieldSize(*response, rows) >= rows_max) return true;
    request->GetReflection()->SetString(request, field(*request, "page_token"), token);
  }
}

std::string Connection::Description() const { return absl::StrCat(name_, " (", profile_.server(), ")"); }

bool IsLoopback(const std::string& address) {
  if (absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:") ||
      absl::StartsWith(address, "unix:")) {
    return true;
  }
  // A name that begins with "127." may be anybody's; only digits and dots are an address.
  const size_t end = std::min(address.find(':'), address.size());
  const bool numeric = address.substr(0, end).find_first_not_of("0123456789.") == std::string::npos;
  return numeric && absl::StartsWith(address, "127.");
}

std::string NewRequestId() {
  SystemRandom random;
  return MakeUuidV7(SystemClock().Now().wall_time_us, random);
}

}  // namespace doorstep::cli
