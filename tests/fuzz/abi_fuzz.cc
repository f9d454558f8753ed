// The C header under any bytes: every call answers with a code and a message, none ends the host. The first byte says
// which call gets the rest; the last kind hands them to the core as the server's answers.
#include <doorstep/doorstep.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/fuzz/scratch_folder.h"

namespace {

constexpr int kCallsPerCore = 2000;
constexpr uint32_t kSyncMs = 5;

struct Host {
  doorstep_core* core = nullptr;
  std::string answer;  // To every call but Enroll.
};

std::string Enrolled() {
  doorstep::v1::EnrollResponse response;
  response.set_device("d1");
  response.set_token("token");
  response.mutable_epoch()->set_epoch(1);
  response.mutable_epoch()->set_salt(std::string(16, 's'));
  response.mutable_spare_epoch()->set_epoch(2);
  response.mutable_spare_epoch()->set_salt(std::string(16, 't'));
  response.add_technicians()->set_id("ana");
  response.set_generation("g1");
  return response.SerializeAsString();
}

void Start(void* context, const doorstep_call* call) {
  auto* host = static_cast<Host*>(context);
  const bool enroll = std::strstr(call->method, "/Enroll") != nullptr;
  const std::string answer = enroll ? Enrolled() : host->answer;
  doorstep_transport_complete(host->core, call->id, DOORSTEP_OK, reinterpret_cast<const uint8_t*>(answer.data()),
                              answer.size());
}

void Free(doorstep_result* result) {
  if (doorstep_result_message(result) == nullptr) std::abort();
  doorstep_result_free(result);
}

void Open(Host& host, const std::string& folder) {
  static doorstep_transport transport = {};
  transport.size = sizeof(transport);
  transport.context = &host;
  transport.start = &Start;
  transport.cancel = [](void*, uint64_t) {};
  doorstep_options options = {};
  options.size = sizeof(options);
  options.directory = folder.c_str();
  options.transport = &transport;
  Free(doorstep_open(&options, &host.core));
  if (host.core == nullptr) std::abort();
  doorstep::v1::EnrolmentRequest request;
  request.set_invitation_code("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF");
  const std::string bytes = request.SerializeAsString();
  Free(doorstep_enrol(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

void Sync(Host& host, const std::string& answer) {
  host.answer = answer;
  doorstep::v1::SyncBudget budget;
  budget.set_time_ms_max(kSyncMs);
  const std::string bytes = budget.SerializeAsString();
  Free(doorstep_sync_once(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static doorstep::fuzz::ScratchFolder folder;
  static Host host;
  static int calls = 0;
  if (size == 0) return 0;
  if (host.core == nullptr || ++calls % kCallsPerCore == 0) {
    doorstep_close(host.core);
    host.core = nullptr;
    folder.Empty();
    Open(host, folder.path());
  }
  const uint8_t* bytes = data + 1;
  const size_t length = size - 1;
  const std::string text(reinterpret_cast<const char*>(bytes), length);
  switch (data[0] % 9) {
    case 0:
      Free(doorstep_append(host.core, bytes, length));
      break;
    case 1:
      Free(doorstep_entry_status(host.core, bytes, length));
      break;
    case 2:
      Free(doorstep_queue_list(host.core, bytes, length));
      break;
    case 3:
      Free(doorstep_visits_list(host.core, bytes, length));
      break;
    case 4:
      Free(doorstep_visit_get(host.core, text.c_str()));
      break;
    case 5:
      Free(doorstep_brief_get(host.core, text.c_str()));
      break;
    case 6:
      Free(doorstep_explain(host.core, bytes, length));
      break;
    case 7:
      Free(doorstep_enrol(host.core, bytes, length));
      break;
    default:
      Sync(host, text);
  }
  return 0;
}
