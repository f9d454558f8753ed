// The C header under any bytes: every call answers with a code and a message, none ends the host, and no answer of a
// server damages a file. The first byte says which call gets the rest; some hand them to the core as the server's
// answers, as the host's clocks or as its options.
#include <doorstep/doorstep.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/attachment.pb.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/fuzz/scratch_folder.h"

namespace {

constexpr int kCallsPerCore = 500;
constexpr uint32_t kSyncMs = 5;

struct Answer {
  int status = DOORSTEP_OK;
  std::string bytes;
};

struct Host {
  doorstep_core* core = nullptr;
  std::mutex mutex;            // The core asks on threads of its own.
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
  if (enroll) {
    answer.bytes = Enrolled();
  } else {
    const std::lock_guard<std::mutex> lock(host->mutex);
    if (!host->answers.empty()) answer = host->answers.front();
    if (host->answers.size() > 1) host->answers.pop_front();
  }
  for (int times = 0; times < 2; ++times) {  // The second is one too many, and ignored.
    doorstep_transport_complete(host->core, call->id, static_cast<doorstep_code>(answer.status),
                                reinterpret_cast<const uint8_t*>(answer.bytes.data()), answer.bytes.size());
  }
}

void Now(void* context, doorstep_clock_reading* reading) {
  auto* const host = static_cast<Host*>(context);
  const std::lock_guard<std::mutex> lock(host->mutex);
  const std::string& bytes = host->clock;
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
  // Beyond this the core takes it for standing still.
  reading->monotonic_us = reading->monotonic_us % (int64_t{1} << 59) + ran_us;
}

void Must(bool holds) {
  if (!holds) std::abort();
}

// Its answer, which is a message of this kind.
template <typename Message>
Message Read(doorstep_result* result) {
  Message message;
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  Must(message.ParseFromArray(bytes, static_cast<int>(length)));
  return message;
}

void Judge(doorstep_result* result) {
  const doorstep_code code = doorstep_result_code(result);
  Must(doorstep_result_message(result) != nullptr);
  Must((code == DOORSTEP_OK) == (doorstep_result_message(result)[0] == '\0'));  // A refusal says why.
  Must(code != DOORSTEP_DATA_LOSS);                                             // Nobody has touched the files.
}

// An answer is a message of the kind that the header says, readable as a whole.
template <typename Message>
void Free(doorstep_result* result) {
  Judge(result);
  if (doorstep_result_code(result) == DOORSTEP_OK) Read<Message>(result);
  doorstep_result_free(result);
}

void Free(doorstep_result* result) {
  Judge(result);
  doorstep_result_free(result);
}

void CheckStatus(Host& host) {
  doorstep_result* const result = doorstep_status(host.core);
  Judge(result);
  if (doorstep_result_code(result) == DOORSTEP_OK) {
    const auto status = Read<doorstep::v1::PhoneStatus>(result);
    for (const std::string& repair : status.repairs()) std::fprintf(stderr, "%s\n", repair.c_str());
    Must(status.repairs().empty());
  }
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
  Must(host.core != nullptr);
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
  Must(core == nullptr);
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

void SetAnswers(Host& host, std::deque<Answer> answers) {
  const std::lock_guard<std::mutex> lock(host.mutex);
  host.answers = std::move(answers);
}

void Sync(Host& host, std::deque<Answer> answers) {
  SetAnswers(host, std::move(answers));
  doorstep::v1::SyncBudget budget;
  budget.set_time_ms_max(kSyncMs);
  const std::string bytes = budget.SerializeAsString();
  Free<doorstep::v1::SyncReport>(
      doorstep_sync_once(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// It may wait for the office as long as a host asks, and no longer than this target has time.
void PrepareOffline(Host& host, std::string bytes) {
  doorstep::v1::ReadinessRequest request;
  if (request.ParseFromString(bytes) && request.has_sync()) {
    request.mutable_sync()->set_time_ms_max(kSyncMs);
    bytes = request.SerializeAsString();
  }
  Free<doorstep::v1::Readiness>(
      doorstep_prepare_offline(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// A photo and the entry that names it, so that there is something to send; it reads back as it was added.
void AddNamed(Host& host, const std::string& content) {
  doorstep::v1::AttachmentAddRequest add;
  add.set_content(content);
  add.set_kind(content.size() % 2 == 0 ? doorstep::v1::ATTACHMENT_KIND_ORIGINAL
                                       : doorstep::v1::ATTACHMENT_KIND_PREVIEW);
  const std::string request = add.SerializeAsString();
  doorstep_result* const added =
      doorstep_attachment_add(host.core, reinterpret_cast<const uint8_t*>(request.data()), request.size());
  Judge(added);
  const bool kept = doorstep_result_code(added) == DOORSTEP_OK;
  const auto answer = kept ? Read<doorstep::v1::AttachmentAddResponse>(added) : doorstep::v1::AttachmentAddResponse();
  doorstep_result_free(added);
  if (!kept) return;

  doorstep::v1::AppendRequest append;
  append.mutable_entry()->set_visit_id("V-1");
  doorstep::v1::AttachmentAdded& named = *append.mutable_entry()->mutable_attachment_added();
  named.set_content_type("image/jpeg");
  if (add.kind() == doorstep::v1::ATTACHMENT_KIND_PREVIEW) {
    named.set_sha256(std::string(32, 'o'));
    named.set_size_bytes(1000);
    named.set_preview_sha256(answer.sha256());
    named.set_preview_size_bytes(answer.size_bytes());
  } else {
    named.set_sha256(answer.sha256());
    named.set_size_bytes(answer.size_bytes());
  }
  const std::string entry = append.SerializeAsString();
  Free<doorstep::v1::AppendResponse>(
      doorstep_append(host.core, reinterpret_cast<const uint8_t*>(entry.data()), entry.size()));

  doorstep::v1::AttachmentReadRequest read;
  read.set_sha256(answer.sha256());
  const std::string bytes = read.SerializeAsString();
  doorstep_result* const result =
      doorstep_attachment_read(host.core, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  Judge(result);
  // It may have been sent long ago, and be no longer here.
  if (doorstep_result_code(result) == DOORSTEP_OK) {
    Must(Read<doorstep::v1::AttachmentReadResponse>(result).data() == content);
  }
  doorstep_result_free(result);
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
  switch (data[0] % 26) {
    case 0:
      Free<doorstep::v1::AppendResponse>(doorstep_append(host.core, bytes, length));
      break;
    case 1:
      Free<doorstep::v1::EntryStatus>(doorstep_entry_status(host.core, bytes, length));
      break;
    case 2:
      Free<doorstep::v1::QueueListResponse>(doorstep_queue_list(host.core, bytes, length));
      break;
    case 3:
      Free<doorstep::v1::VisitsListResponse>(doorstep_visits_list(host.core, bytes, length));
      break;
    case 4:
      Free<doorstep::v1::LocalVisit>(doorstep_visit_get(host.core, text.c_str()));
      break;
    case 5:
      Free<doorstep::v1::AccountBrief>(doorstep_brief_get(host.core, text.c_str()));
      break;
    case 6:
      Free<doorstep::v1::Explanation>(doorstep_explain(host.core, bytes, length));
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
    case 10: {
      const std::lock_guard<std::mutex> lock(host.mutex);
      host.clock = text;
      break;
    }
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
      Free<doorstep::v1::EventsPollResponse>(doorstep_events_poll(host.core, length == 0 ? 0 : bytes[0], 0));
      break;
    case 15:
      Free<doorstep::v1::SignInResult>(doorstep_sign_in(host.core, text.c_str()));
      break;
    case 16:
      Free<doorstep::v1::SignOutResult>(doorstep_sign_out(host.core, text.c_str()));
      break;
    case 17:
      PrepareOffline(host, text);
      break;
    case 18:
      Free(doorstep_observe(host.core, length % 2 == 0 ? nullptr : &Told, nullptr, static_cast<uint32_t>(length)));
      break;
    case 19:
      Free<doorstep::v1::QuiesceResult>(doorstep_quiesce(host.core, static_cast<uint32_t>(length % 3)));
      break;
    case 20:
      Free<doorstep::v1::AttachmentAddResponse>(doorstep_attachment_add(host.core, bytes, length));
      break;
    case 21:
      Free<doorstep::v1::AttachmentsListResponse>(doorstep_attachments_list(host.core, bytes, length));
      break;
    case 22:
      Free<doorstep::v1::AttachmentReadResponse>(doorstep_attachment_read(host.core, bytes, length));
      break;
    case 23:
      AddNamed(host, text);
      break;
    case 24:
      SetAnswers(host, Answers(text));
      Free(doorstep_sync_start(host.core));
      Free(doorstep_notify(host.core, doorstep::v1::PHONE_NOTICE_USER_PULLED));
      CheckStatus(host);
      Free(doorstep_sync_stop(host.core));
      break;
    default:
      Free<doorstep::v1::Bundle>(doorstep_export_bundle(host.core));
      CheckStatus(host);
  }
  return 0;
}
