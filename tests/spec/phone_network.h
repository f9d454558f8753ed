// The network between one phone and the server, as a transport that the phone's app brings: calls go over real gRPC
// unless the story takes the network away or loses an answer.
#ifndef DOORSTEP_TESTS_SPEC_PHONE_NETWORK_H_
#define DOORSTEP_TESTS_SPEC_PHONE_NETWORK_H_

#include <doorstep/doorstep.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client_core/transport/transport.h"

namespace doorstep::spec {

class PhoneNetwork {
 public:
  // Where the server is from now on. Not while calls are in flight.
  absl::Status ConnectTo(const std::string& address);
  void SetOnline(bool online) { online_ = online; }
  // While it is true, the server gets every call and answers it, and no answer arrives.
  void SetLosingAnswers(bool losing) { losing_answers_ = losing; }
  // Ends what is in flight. Calls fail from now on.
  void Disconnect();

  // What the core takes as its transport. `core` is read when a call ends.
  doorstep_transport AsTransport(doorstep_core** core);

 private:
  void Start(const doorstep_call& call);

  doorstep_core** core_ = nullptr;
  std::unique_ptr<Transport> transport_;
  std::atomic<bool> online_{true};
  std::atomic<bool> losing_answers_{false};
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_PHONE_NETWORK_H_
