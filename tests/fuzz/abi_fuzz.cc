// The C header under any bytes: every call answers with a code and a message, none ends the host. The first byte says
// which call gets the rest; some hand them to the core as the server's answers, as the host's clocks or as its options.
#include <doorstep/doorstep.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/fuzz/scratch_folder.h"

namespace {

constexpr int kCallsPerCore = 2000;
constexpr uint32_t kSyncMs = 5;

struct Answer {
  int status = DOORSTEP_OK;
  std::string bytes;
};

struct Host {
  doorstep_core* core = nullptr;
  std::deque<Answer> answers;  // To calls other than Enroll, in turn; the last one stays.
  std::string clock;           // What the clocks say, as bytes; empty: something sensible.
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
  Answer answer;
  if (enroll) answer.bytes = Enrolled();
  if (!enroll && !host->answers.empty()) answer = host->answers.front();
  if (!enroll && host->answers.size() > 1) host->answers.pop_front();
  for (int times = 0; times < 2; ++times) {  // The second is one too many, and ignored.
    doorstep_transport_complete(host->core, call->id, static_cast<doorstep_code>(answer.status),
                                reinterpret_cast<const uint8_t*>(answer.bytes.data()), answer.bytes.size());
  }
}

void Now(void* context, doorstep_clock_reading* reading) {
  const std::string& bytes = static_cast<Host*>(context)->clock;
  // It runs, whatever it says: a sync ends when its time is over by this clock.
  static const auto began = std::chrono::steady_clock::now();
  const int64_t ran_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  reading->wall_time_us = 1795420800000000;
  reading->monotonic_us = 1000000;
  std::strcpy(reading->boot_id, "boot");
  size_t at = 0;
  const auto take = [&](void* to, size_t size) {
    if (bytes.size() < at + size) return;
    std::memcpy(to, bytes.data() + at, size);
    at += size;
  };
  take(&reading->wall_time_us, sizeof(reading->wall_time_us));
  take(&reading->monotonic_us, sizeof(reading->monotonic_us));
  take(&reading->utc_offset_s, sizeof(reading->utc_offset_s));
  take(reading->boot_id, sizeof(reading->boot_id));  // All of it: then there is no NUL, which is the host's mistake.
  reading->monotonic_us = static_cast<int64_t>(static_cast<uint64_t>(reading->monotonic_us) + ran_us);
}

void Free(doorstep_result* result) {
  if (doorstep_result_message(result) == nullptr) std::abort();
  doorstep_result_free(result);
}

void Told(void*, uint32_t) {}

const doorstep_transport* Transport(Host& host) {
  static doorstep_transport transport = {};
  transport.size = sizeof(transport);
  transport.context = &host;
  transport.start = &Start;
  transport.cancel = [](void*, uint64_t) {};
  return &transport;
}

void Open(Host& host, const std::string& folder) {
  doorstep_options options = {};
  options.size = sizeof(options);
  options.directory = folder.c_str();
  options.clock.size = sizeof(options.clock);
  options.clock.context = &host;
  options.clock.now = &Now;
  options.transport = Transport(host);
  Free(doorstep_open(&options, &host.core));
  if (host.core == nullptr) std::abort();
  doorstep::v1::EnrolmentRequest request;
  request.set_invitation_code("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF");
  const std::string bytes = request.SerializeAsString();
  Free(doorstep_enrol(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// Another core for the same folder, by a host that may be older or newer than this header: it is never opened.
void OpenAgain(Host& host, const std::string& folder, const std::string& text) {
  doorstep_options options = {};
  options.size = text.empty() ? 0 : static_cast<uint8_t>(text[0]);
  options.directory = folder.c_str();
  options.clock.size = text.size() < 2 ? 0 : static_cast<uint8_t>(text[1]);
  options.log_level = static_cast<doorstep_log_level>(text.size() < 3 ? 0 : text[2]);
  options.insecure_loopback = text.size() < 4 ? 0 : text[3];
  const std::string address = text.size() < 5 ? "" : text.substr(4);
  options.server_address = address.c_str();
  if (address.empty()) options.transport = Transport(host);
  doorstep_core* core = nullptr;
  Free(doorstep_open(&options, &core));
  if (core != nullptr) std::abort();
}

// One answer after another: a status, a length, so many bytes.
std::deque<Answer> Answers(const std::string& text) {
  std::deque<Answer> answers;
  for (size_t at = 0; at + 1 < text.size();) {
    const size_t length = static_cast<uint8_t>(text[at + 1]);
    answers.push_back({static_cast<uint8_t>(text[at]) % 20, text.substr(at + 2, length)});
    at += 2 + length;
  }
  return answers;
}

void Sync(Host& host, std::deque<Answer> answers) {
  host.answers = std::move(answers);
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
  switch (data[0] % 21) {
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
    case 8:
      Sync(host, {{DOORSTEP_OK, text}});
      break;
    case 9:
      Sync(host, Answers(text));
      break;
    case 10:
      host.clock = text;
      break;
    case 11:
      OpenAgain(host, folder.path(), text);
      break;
    case 12:
      doorstep_transport_complete(host.core, length, static_cast<doorstep_code>(length), bytes, length);
      break;
    case 13:
      Free(doorstep_notify(host.core, length == 0 ? 0 : static_cast<int8_t>(bytes[0])));
      break;
    case 14:
      Free(doorstep_events_poll(host.core, length == 0 ? 0 : bytes[0], 0));
      break;
    case 15:
      Free(doorstep_sign_in(host.core, text.c_str()));
      break;
    case 16:
      Free(doorstep_sign_out(host.core, text.c_str()));
      break;
    case 17:
      Free(doorstep_prepare_offline(host.core, bytes, length));
      break;
    case 18:
      Free(doorstep_observe(host.core, length % 2 == 0 ? nullptr : &Told, nullptr, static_cast<uint32_t>(length)));
      break;
    case 19:
      Free(doorstep_quiesce(host.core, static_cast<uint32_t>(length % 3)));
      break;
    default:
      Free(doorstep_export_bundle(host.core));
      Free(doorstep_status(host.core));
  }
  return 0;
}
