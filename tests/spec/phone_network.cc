#include "tests/spec/phone_network.h"

#include "client_core/base/status.h"
#include "client_core/transport/grpc_transport.h"

namespace doorstep::spec {
namespace {

void Complete(doorstep_core* core, uint64_t id, const absl::Status& status, const std::string& answer) {
  const std::string bytes = status.ok() ? answer : std::string(status.message());
  doorstep_transport_complete(core, id, static_cast<doorstep_code>(status.code()),
                              reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

absl::Status PhoneNetwork::ConnectTo(const std::string& address) {
  ASSIGN_OR_RETURN(transport_, MakeGrpcTransport(address, /*insecure_loopback=*/true));
  return absl::OkStatus();
}

void PhoneNetwork::Disconnect() { transport_.reset(); }

doorstep_transport PhoneNetwork::AsTransport(doorstep_core** core) {
  core_ = core;
  doorstep_transport transport = {};
  transport.size = sizeof(transport);
  transport.context = this;
  transport.start = [](void* context, const doorstep_call* call) { static_cast<PhoneNetwork*>(context)->Start(*call); };
  transport.cancel = [](void* context, uint64_t id) {
    auto* network = static_cast<PhoneNetwork*>(context);
    if (network->transport_ != nullptr) network->transport_->Cancel(id);
  };
  return transport;
}

void PhoneNetwork::Start(const doorstep_call& call) {
  if (transport_ == nullptr || !online_) {
    return Complete(*core_, call.id, absl::UnavailableError("the phone has no network"), "");
  }
  UnaryCall unary;
  unary.method = call.method;
  unary.authorization = call.authorization;
  unary.request.assign(reinterpret_cast<const char*>(call.request), call.request_length);
  unary.deadline_ms = call.deadline_ms;
  const bool lose = losing_answers_;
  transport_->Start(call.id, std::move(unary), [this, id = call.id, lose](absl::Status status, std::string answer) {
    if (lose) status = absl::UnavailableError("the answer was lost on its way");
    Complete(*core_, id, status, answer);
  });
}

}  // namespace doorstep::spec
