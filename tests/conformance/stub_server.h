// A gRPC server that answers by the last word of the method and understands nothing: for what transports must agree on.
#ifndef DOORSTEP_TESTS_CONFORMANCE_STUB_SERVER_H_
#define DOORSTEP_TESTS_CONFORMANCE_STUB_SERVER_H_

#include <memory>
#include <string>

namespace doorstep::conformance {

// "/stub/Echo"       OK: the authorization, a blank, the request
// "/stub/Stranger"   UNAUTHENTICATED "who are you?"
// "/stub/TooLarge"   RESOURCE_EXHAUSTED "halve it"
// "/stub/Huge"       OK: one byte more than a phone takes
// "/stub/Never"      no answer until the caller gives up
class StubServer {
 public:
  StubServer();
  ~StubServer();

  const std::string& address() const;
  // Waits until a call of /stub/Never has come, or until one is given up. False: not within 10 s.
  bool SeesCallCome();
  bool SeesCallGo();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace doorstep::conformance

#endif  // DOORSTEP_TESTS_CONFORMANCE_STUB_SERVER_H_
