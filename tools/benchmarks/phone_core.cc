#include "tools/benchmarks/phone_core.h"

#include "tools/benchmarks/figures.h"

namespace doorstep::benchmarks {
namespace {

// Takes the result's bytes and gives it back.
std::string Take(doorstep_result* result, const char* doing) {
  if (doorstep_result_code(result) != DOORSTEP_OK) {
    Fail(std::string(doing) + ": " + doorstep_code_name(doorstep_result_code(result)) + ": " +
         doorstep_result_message(result));
  }
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  std::string answer(reinterpret_cast<const char*>(bytes), length);
  doorstep_result_free(result);
  return answer;
}

const uint8_t* Bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

template <typename Message>
Message Parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) Fail("the core answered with something else");
  return message;
}

}  // namespace

PhoneCore::PhoneCore(const std::string& directory, const std::string& address) {
  doorstep_options options{};
  options.size = sizeof(options);
  options.directory = directory.c_str();
  options.server_address = address.c_str();
  options.insecure_loopback = 1;
  Take(doorstep_open(&options, &core_), "open");
}

PhoneCore::~PhoneCore() { doorstep_close(core_); }

void PhoneCore::Enrol(const std::string& invitation_code) {
  v1::EnrolmentRequest request;
  request.set_invitation_code(invitation_code);
  request.set_device_name("bench");
  const std::string bytes = request.SerializeAsString();
  Take(doorstep_enrol(core_, Bytes(bytes), bytes.size()), "enrol");
}

void PhoneCore::Append(const std::string& append_request) {
  Take(doorstep_append(core_, Bytes(append_request), append_request.size()), "append");
}

v1::SyncReport PhoneCore::SyncOnce() {
  v1::SyncBudget budget;
  budget.set_time_ms_max(60000);
  const std::string bytes = budget.SerializeAsString();
  return Parse<v1::SyncReport>(Take(doorstep_sync_once(core_, Bytes(bytes), bytes.size()), "sync"));
}

void PhoneCore::SyncStart() { Take(doorstep_sync_start(core_), "start syncing"); }

void PhoneCore::Notify(v1::PhoneNotice notice) { Take(doorstep_notify(core_, notice), "notify"); }

void PhoneCore::Follow() {
  SyncStart();
  const double deadline = Seconds() + 30;
  while (!Parse<v1::PhoneStatus>(Take(doorstep_status(core_), "status")).told_at_once()) {
    if (Seconds() > deadline) Fail("the server gives no hints");
    PollEvents(10);
  }
}

v1::EventsPollResponse PhoneCore::PollEvents(uint32_t timeout_ms) {
  return Parse<v1::EventsPollResponse>(Take(doorstep_events_poll(core_, 1000, timeout_ms), "poll events"));
}

v1::PhoneStatus PhoneCore::Status() { return Parse<v1::PhoneStatus>(Take(doorstep_status(core_), "status")); }

v1::Visit PhoneCore::Visit(const std::string& id) {
  return Parse<v1::LocalVisit>(Take(doorstep_visit_get(core_, id.c_str()), "a visit")).visit();
}

int PhoneCore::Visits() {
  return Parse<v1::VisitsListResponse>(Take(doorstep_visits_list(core_, nullptr, 0), "list visits")).visits_size();
}

}  // namespace doorstep::benchmarks
