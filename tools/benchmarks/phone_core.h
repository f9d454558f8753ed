// A phone core driven through its C header, as an app drives it. Ends the program when a call fails.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_PHONE_CORE_H_
#define DOORSTEP_TOOLS_BENCHMARKS_PHONE_CORE_H_

#include <doorstep/doorstep.h>

#include <string>

#include "doorstep/v1/client.pb.h"

namespace doorstep::benchmarks {

class PhoneCore {
 public:
  PhoneCore(const std::string& directory, const std::string& address);
  ~PhoneCore();
  PhoneCore(const PhoneCore&) = delete;
  PhoneCore& operator=(const PhoneCore&) = delete;

  void Enrol(const std::string& invitation_code);
  void Append(const std::string& append_request);  // A serialized AppendRequest.
  v1::SyncReport SyncOnce();
  void SyncStart();
  void Notify(v1::PhoneNotice notice);
  // SyncStart, and returns when the office tells at once what changes.
  void Follow();
  // Waits up to `timeout_ms` for events.
  v1::EventsPollResponse PollEvents(uint32_t timeout_ms);
  v1::PhoneStatus Status();
  int Visits();
  v1::Visit Visit(const std::string& id);

 private:
  doorstep_core* core_ = nullptr;
};

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_PHONE_CORE_H_
