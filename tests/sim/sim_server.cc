#include "tests/sim/sim_server.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/device_technicians.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/import_commands.h"
#include "server/apply/commands/leave_commands.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/commands/tick.h"
#include "server/services/attachment_calls.h"
#include "server/services/make_command.h"
#include "server/services/sync_calls.h"
#include "server/storage/attachment_files.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/visit_table.h"
#include "tests/support/memory_vfs.h"

namespace doorstep::sim {
namespace {

constexpr char kAdministrator[] = "a1";
// Rarer than a real server, so that quiet nights have few events.
constexpr int64_t kKeepAliveUs = 30 * kMinute;
// So long what arrived may wait for the writer.
constexpr int64_t kTurnMicrosMax = 8000;

// Null: not one. It lives as long as `keeper`.
template <typename Message>
const Message* Parse(const std::string& bytes, std::shared_ptr<void>& keeper) {
  auto message = std::make_shared<Message>();
  const Message* const parsed = message->ParseFromString(bytes) ? message.get() : nullptr;
  keeper = std::move(message);
  return parsed;
}

absl::Status Unparsed() { return absl::InvalidArgumentError("a request that cannot be parsed"); }

template <typename Response>
absl::StatusOr<std::string> Bytes(const absl::StatusOr<Response>& response) {
  if (!response.ok()) return response.status();
  return response->SerializeAsString();
}

}  // namespace

SimServer::SimServer(World* world, std::string folder)
    : world_(world),
      folder_(std::move(folder)),
      random_(world->random().Below(UINT64_MAX)),
      disk_(testing::MemoryVfs()) {}

SimServer::~SimServer() {
  waiting_.clear();
  disk_.DieAfter(0);  // The story is over: nobody reads what closing would tidy up.
  Close();
}

// Whoever waits hears nothing.
void SimServer::Close() {
  parts_.reset();
  writer_.reset();
  hub_.reset();
  intake_.reset();
  storage_.reset();
  signing_keys_.reset();
  authenticator_.reset();
  for (auto& [id, waiting] : std::exchange(waiting_, {})) {
    if (!waiting.answered) continue;
    world_->After(0, [answered = std::move(waiting.answered)] { answered(std::nullopt); });
  }
}

ClockReading SimServer::Now() {
  ClockReading reading;
  reading.wall_time_us = world_->now_us();
  reading.monotonic_us = world_->now_us();
  reading.boot_id = "server";
  return reading;
}

void SimServer::Start() {
  if (up()) return;
  ++starts_;
  turn_due_ = false;
  const absl::Status opened = Open();
  if (!opened.ok() && full_) {
    Close();
    return world_->After(kMinute, [this] { Start(); });
  }
  if (!opened.ok()) return world_->Violate("stuck", absl::StrCat("the server does not start: ", opened.ToString()));
  world_->Note("server", absl::StrCat("starts, generation ", storage_->generation()));
  const absl::Status marks = CheckMarks();
  if (!marks.ok()) world_->Violate("lost", std::string(marks.message()));
  if (const absl::Status noted = held_.NoteAll(*storage_); !noted.ok()) world_->Violate("wrong", noted.ToString());
  Tick();
}

absl::Status SimServer::Open() {
  StorageOptions options;
  options.path = Database();
  options.vfs = disk_.vfs();
  options.readers = 1;
  ASSIGN_OR_RETURN(storage_, Storage::Open(options, random_));
  WatchBounds bounds;
  bounds.keep_alive_us = kKeepAliveUs;
  hub_ = std::make_unique<WatchHub>(bounds);
  WriterOptions writing;
  writing.own_thread = false;
  writing.committed = [hub = hub_.get()](const Committed& committed) { hub->Take(committed); };
  ASSIGN_OR_RETURN(writer_, Writer::Start(storage_.get(), this, &random_, ApplyRecord, nullptr, std::move(writing)));
  authenticator_ = std::make_unique<Authenticator>();
  RETURN_IF_ERROR(authenticator_->AdmitStored(*storage_));
  signing_keys_ = std::make_unique<SigningKeys>();
  RETURN_IF_ERROR(signing_keys_->TakeStored(*storage_, nullptr));
  IntakeOptions intake;
  intake.free_bytes = [this](const std::string&) -> absl::StatusOr<uint64_t> {
    return full_ ? 0 : limits::kAttachmentDayBytesMax;
  };
  intake_ = std::make_unique<AttachmentIntake>(AttachmentFolder(Database()), std::move(intake));
  parts_ =
      std::make_unique<ServerParts>(ServerParts{*storage_, *writer_, *authenticator_, *signing_keys_, *this, random_,
                                                nullptr, "sim", Now().wall_time_us, hub_.get(), intake_.get()});
  if (!administrator_.empty()) return absl::OkStatus();
  const std::string token = MakeToken(random_);
  Command command;
  command.principal = "server";
  command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    RETURN_IF_ERROR(RunIssueAdminToken(kAdministrator, HashSecret(token), tx));
    return std::string();
  };
  RETURN_IF_ERROR(writer_->RunCommand(std::move(command)).status());
  authenticator_->Admit(Role::kAdmin, kAdministrator, HashSecret(token));
  administrator_ = "Bearer " + token;
  return absl::OkStatus();
}

size_t SimServer::Devices() {
  size_t devices = 0;
  const absl::Status read = storage_->Read("devices", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<DeviceRow> rows, ListDevices(sql, 0, 1000));
    devices = rows.size();
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", read.ToString());
  return devices;
}

bool SimServer::HasVisit(const std::string& id) {
  std::string bytes;
  const absl::Status read = storage_->Read("a visit", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(bytes, FindVisitBytes(sql, id));
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", read.ToString());
  return !bytes.empty();
}

absl::Status SimServer::CheckMarks() {
  return storage_->Read("marks", [&](SqlSession& sql) -> absl::Status {
    for (const auto& [journal, mark] : acknowledged_) {
      ASSIGN_OR_RETURN(const std::optional<DeviceRow> device, FindDevice(sql, journal.first));
      std::optional<JournalRow> row;
      if (device.has_value()) {
        ASSIGN_OR_RETURN(row, FindJournal(sql, device->n, journal.second));
      }
      if (!row.has_value() || row->mark < mark.received_through()) {
        return absl::DataLossError(absl::StrCat("the server acknowledged ", journal.first, ".", journal.second,
                                                " through ", mark.received_through(), " and has ",
                                                row.has_value() ? row->mark : 0, " after its restart"));
      }
    }
    return absl::OkStatus();
  });
}

// ---- calls ----

void SimServer::Call(const std::string& method, const std::string& authorization, const std::string& request,
                     Answered answered) {
  if (!up()) return world_->After(0, [answered = std::move(answered)] { answered(std::nullopt); });
  const uint64_t id = ++calls_;
  Waiting& waiting = waiting_[id];
  waiting.method = method;
  waiting.answered = std::move(answered);
  Begin(waiting, authorization, request,
        [this, id](absl::StatusOr<std::string> answer) { Leave(id, std::move(answer)); });
  if (disk_.dead()) return Die();
  if (writer_->queued() > 0) TurnSoon();
}

SimServer::Answer SimServer::CallNow(const std::string& method, const std::string& authorization,
                                     const std::string& request) {
  if (!up()) return std::nullopt;
  const uint64_t id = ++calls_;
  Answer answer;
  Waiting& waiting = waiting_[id];
  waiting.method = method;
  Begin(waiting, authorization, request, [&answer](absl::StatusOr<std::string> done) { answer = std::move(done); });
  while (writer_->RunGroup()) continue;
  waiting_.erase(id);
  if (disk_.dead()) {
    Die();
    return std::nullopt;
  }
  SendHints();
  return answer;
}

std::optional<absl::Status> SimServer::Watch(const std::string& authorization, HintStream* stream, uint64_t& id) {
  if (!up()) return std::nullopt;
  const absl::StatusOr<Scope> scope = authenticator_->Authenticate("/doorstep.v1.SyncService/Watch", authorization);
  if (!scope.ok()) return scope.status();
  const absl::Status opened = WatchCall(*parts_, *scope, stream, id);
  if (opened.ok()) SendHints();
  return opened;
}

void SimServer::HintTaken(int start, uint64_t id) {
  if (!up() || start != starts_) return;
  hub_->Sent(id);
  SendHints();
}

void SimServer::HintsUnheard(int start, uint64_t id) {
  if (!up() || start != starts_) return;
  hub_->End(id, absl::CancelledError("nobody reads"));
  SendHints();
}

void SimServer::SendHints() { hub_->Turn(world_->now_us()); }

void SimServer::TurnSoon() {
  if (std::exchange(turn_due_, true)) return;
  world_->After(world_->Between(1, kTurnMicrosMax), [this, start = starts_] {
    if (start == starts_ && up()) Turn();
  });
}

void SimServer::Turn() {
  turn_due_ = false;
  writer_->RunGroup();
  if (disk_.dead()) return Die();
  SendHints();
  if (writer_->queued() > 0) TurnSoon();
}

void SimServer::Leave(uint64_t call, absl::StatusOr<std::string> answer) {
  const auto found = waiting_.find(call);
  if (disk_.dead() || found == waiting_.end()) return;
  // The request lives until the event: the writer may be reading it yet.
  auto waiting = std::make_shared<Waiting>(std::move(found->second));
  waiting_.erase(found);
  world_->Note("server",
               absl::StrCat(waiting->method, " ",
                            answer.ok() ? absl::StrCat(answer->size(), " bytes") : answer.status().ToString()));
  if (answer.ok() && absl::EndsWith(waiting->method, "/Push")) NotePushed(waiting->device, *answer);
  if (answer.ok() && !waiting->device.empty()) {
    const absl::Status clean = CheckAnswerScope(*storage_, copies_, waiting->device, waiting->method, *answer);
    if (!clean.ok()) world_->Violate("wrong", std::string(clean.message()));
  }
  world_->After(0, [waiting, answer = std::move(answer)] { waiting->answered(answer); });
}

void SimServer::Begin(Waiting& waiting, const std::string& authorization, const std::string& request,
                      const Done& done) {
  const absl::StatusOr<Scope> scope = authenticator_->Authenticate(waiting.method, authorization);
  if (!scope.ok()) return done(scope.status());
  const ServerParts& parts = *parts_;
  const std::string name = waiting.method.substr(waiting.method.rfind('/') + 1);
  if (name == "Push") {
    waiting.device = scope->name();
    const auto push = Parse<v1::PushRequest>(request, waiting.request);
    if (push == nullptr) return done(Unparsed());
    return PushCall(parts, *scope, *push, [done](const absl::StatusOr<v1::PushResponse>& a) { done(Bytes(a)); });
  }
  if (name == "Hello") {
    waiting.device = scope->name();
    const auto hello = Parse<v1::HelloRequest>(request, waiting.request);
    if (hello == nullptr) return done(Unparsed());
    return HelloCall(parts, *scope, *hello, [done](const absl::StatusOr<v1::HelloResponse>& a) { done(Bytes(a)); });
  }
  if (name == "Pull") {
    waiting.device = scope->name();
    const auto pull = Parse<v1::PullRequest>(request, waiting.request);
    if (pull == nullptr) return done(Unparsed());
    return done(Bytes(PullCall(parts, *scope, *pull)));
  }
  if (name == "PutChunk") {
    waiting.device = scope->name();
    const auto put = Parse<v1::PutChunkRequest>(request, waiting.request);
    if (put == nullptr) return done(Unparsed());
    return PutChunkCall(parts, *scope, *put, [done](const absl::StatusOr<v1::PutChunkResponse>& a) { done(Bytes(a)); });
  }
  if (name == "CheckAttachments") {
    waiting.device = scope->name();
    const auto check = Parse<v1::CheckAttachmentsRequest>(request, waiting.request);
    if (check == nullptr) return done(Unparsed());
    return done(Bytes(CheckAttachmentsCall(parts, *scope, *check)));
  }
  if (name == "Enroll") {
    const auto enroll = Parse<v1::EnrollRequest>(request, waiting.request);
    if (enroll == nullptr) return done(Unparsed());
    return EnrollCall(parts, *enroll, [done](const absl::StatusOr<v1::EnrollResponse>& a) { done(Bytes(a)); });
  }
  if (name == "InviteDevice") return Invite(waiting, *scope, request, done);
  if (name == "ImportRows") return Office<v1::ImportRowsRequest>(waiting, *scope, request, done);
  if (name == "CreateWorkOrder") return Office<v1::CreateWorkOrderRequest>(waiting, *scope, request, done);
  if (name == "CreateVisit") return Office<v1::CreateVisitRequest>(waiting, *scope, request, done);
  if (name == "ScheduleVisit") return Office<v1::ScheduleVisitRequest>(waiting, *scope, request, done);
  if (name == "AssignVisit") return Office<v1::AssignVisitRequest>(waiting, *scope, request, done);
  if (name == "ReassignVisit") return Office<v1::ReassignVisitRequest>(waiting, *scope, request, done);
  if (name == "DispatchVisit") return Office<v1::DispatchVisitRequest>(waiting, *scope, request, done);
  if (name == "CancelVisit") return Office<v1::CancelVisitRequest>(waiting, *scope, request, done);
  if (name == "SetDeviceTechnician") return Office<v1::SetDeviceTechnicianRequest>(waiting, *scope, request, done);
  if (name == "CloseVisit") return Office<v1::CloseVisitRequest>(waiting, *scope, request, done);
  if (name == "ResolveAttention") return Office<v1::ResolveAttentionRequest>(waiting, *scope, request, done);
  if (name == "RecordLeave") return Office<v1::RecordLeaveRequest>(waiting, *scope, request, done);
  if (name == "RecordMiss") return Office<v1::RecordMissRequest>(waiting, *scope, request, done);
  done(absl::UnimplementedError(waiting.method));
}

template <typename Request>
void SimServer::Office(Waiting& waiting, const Scope& scope, const std::string& bytes, const Done& done) {
  const Request* const request = Parse<Request>(bytes, waiting.request);
  if (request == nullptr) return done(Unparsed());
  if (const absl::Status fields = CheckFields(*request); !fields.ok()) return done(fields);
  Command command = MakeCommand(scope.principal(), waiting.method, request->request_id(), *request,
                                [request](Transaction& tx) { return RunCommand(*request, tx); });
  if (!writer_->SubmitCommand(std::move(command), done)) done(absl::ResourceExhaustedError("busy"));
}

void SimServer::Invite(Waiting& waiting, const Scope& scope, const std::string& bytes, const Done& done) {
  const auto* const request = Parse<v1::InviteDeviceRequest>(bytes, waiting.request);
  if (request == nullptr) return done(Unparsed());
  if (const absl::Status fields = CheckFields(*request); !fields.ok()) return done(fields);
  const std::string code = InvitationCode(scope.seed(), request->request_id());
  Command command = MakeCommand(scope.principal(), waiting.method, request->request_id(), *request,
                                [request, code](Transaction& tx) { return RunInvite(*request, code, tx); });
  const bool taken = writer_->SubmitCommand(std::move(command), [done, code](const absl::StatusOr<std::string>& made) {
    if (!made.ok()) return done(made.status());
    v1::InviteDeviceResponse response;
    response.set_invitation_code(code);
    done(response.SerializeAsString());
  });
  if (!taken) done(absl::ResourceExhaustedError("busy"));
}

void SimServer::NotePushed(const std::string& device, const std::string& push_answer) {
  v1::PushResponse response;
  if (!response.ParseFromString(push_answer) || response.mark().epoch() == 0) return;
  v1::JournalMark& mark = acknowledged_[{device, response.mark().epoch()}];
  if (response.mark().received_through() < mark.received_through()) return;
  mark = response.mark();
  const absl::Status noted = held_.Note(*storage_, device, mark);
  if (!noted.ok()) world_->Violate("wrong", noted.ToString());
}

void SimServer::SetFull(bool full) {
  full_ = full;
  disk_.SetFull(full);
}

void SimServer::Tick() {
  if (!up()) return;
  Command command;
  command.principal = "server";
  command.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const bool more, RunTick(tx));
    return std::string(more ? "more" : "");
  };
  const absl::StatusOr<std::string> done = writer_->RunCommand(std::move(command));
  if (disk_.dead()) return Die();
  if (!done.ok() && !full_) world_->Violate("stuck", absl::StrCat("the turn of the day: ", done.status().ToString()));
  SendHints();
  // One timer a process: a restart begins another.
  world_->After(10 * kMinute, [this, start = starts_] {
    if (starts_ == start) Tick();
  });
}

}  // namespace doorstep::sim
