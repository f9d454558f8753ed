#include "tests/sim/sim_server.h"

#include <filesystem>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/import_commands.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/commands/tick.h"
#include "server/services/backup_job.h"
#include "server/services/make_command.h"
#include "server/services/sync_calls.h"
#include "server/storage/backup_file.h"
#include "server/storage/device_table.h"
#include "server/storage/durable_file.h"
#include "server/storage/journal_table.h"
#include "server/storage/restore.h"
#include "server/storage/visit_table.h"

namespace doorstep::sim {
namespace {

constexpr char kAdministrator[] = "a1";
// A process dies within so many writes: about the length of a commit.
constexpr int64_t kDiesWithinOperations = 24;
// Rarer than a real server, so that quiet nights have few events.
constexpr int64_t kKeepAliveUs = 30 * kMinute;

template <typename Message>
absl::StatusOr<Message> Parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) return absl::InvalidArgumentError("a request that cannot be parsed");
  return message;
}

// Runs `call` and waits: the writer answers on a thread of its own.
template <typename Response, typename CallIt>
absl::StatusOr<std::string> Wait(CallIt call) {
  std::promise<absl::StatusOr<Response>> answer;
  call([&answer](absl::StatusOr<Response> response) { answer.set_value(std::move(response)); });
  const absl::StatusOr<Response> response = answer.get_future().get();
  if (!response.ok()) return response.status();
  return response->SerializeAsString();
}

}  // namespace

SimServer::SimServer(World* world, std::string folder)
    : world_(world), folder_(std::move(folder)), random_(world->random().Below(UINT64_MAX)) {}

SimServer::~SimServer() {
  parts_.reset();
  writer_.reset();
  hub_.reset();
  storage_.reset();
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
  const absl::Status opened = Open();
  if (!opened.ok()) return world_->Violate("stuck", absl::StrCat("the server does not start: ", opened.ToString()));
  world_->Note("server", absl::StrCat("starts, generation ", storage_->generation()));
  const absl::Status marks = CheckMarks();
  if (!marks.ok()) world_->Violate("lost", std::string(marks.message()));
  ++starts_;
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
  writing.committed = [hub = hub_.get()](const Committed& committed) { hub->Take(committed); };
  ASSIGN_OR_RETURN(writer_, Writer::Start(storage_.get(), this, &random_, ApplyRecord, nullptr, std::move(writing)));
  authenticator_ = std::make_unique<Authenticator>();
  RETURN_IF_ERROR(authenticator_->AdmitStored(*storage_));
  parts_ = std::make_unique<ServerParts>(ServerParts{*storage_, *writer_, *authenticator_, *this, random_, nullptr,
                                                     "sim", Now().wall_time_us, hub_.get()});
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

// ---- dying ----

void SimServer::DieSoon(bool power) {
  if (!up()) return;
  power_cut_ |= power;
  disk_.DieAfter(world_->Draw(kDiesWithinOperations));
  if (disk_.dead()) Die();
}

void SimServer::Die() {
  world_->Note("server", power_cut_ ? "loses power" : "is killed");
  parts_.reset();
  writer_.reset();
  hub_.reset();
  storage_.reset();
  authenticator_.reset();
  if (std::exchange(power_cut_, false)) {
    disk_.ReviveAfterPowerCut(world_->random());
  } else {
    disk_.Revive();
  }
  world_->After(world_->Between(1, 120) * kSecond, [this] { Start(); });
}

void SimServer::Mend() {
  if (up()) disk_.Revive();  // It was to die, and does not.
  power_cut_ = false;
  Start();
}

// ---- going back ----

void SimServer::BackUp() {
  if (!up()) return;
  const std::string name = absl::StrCat("backup-", ++backups_);
  absl::StatusOr<v1::Backup> backup;
  {
    BackupJob job(*parts_);
    backup = job.Start(name);
    while (backup.ok() && backup->phase() < v1::BACKUP_PHASE_DONE) {
      std::this_thread::yield();
      backup = job.Describe();
    }
  }
  // The server may have died when the backup was good already, and even after phones were told.
  const std::string path = absl::StrCat(BackupFolder(Database()), "/", name);
  if (FileExists(path)) backup_ = path;
  world_->Note("server", absl::StrCat("makes ", name, FileExists(path) ? "" : " in vain"));
  if (disk_.dead()) return Die();
  if (!backup.ok() || backup->phase() != v1::BACKUP_PHASE_DONE) {
    world_->Violate("wrong", absl::StrCat("no backup: ", backup.ok() ? backup->error() : backup.status().ToString()));
  }
}

void SimServer::GoBack(bool by_hand) {
  if (up()) {
    disk_.DieAfter(0);
    Die();
  }
  if (by_hand) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(Database() + suffix);
    std::filesystem::copy_file(backup_, Database());
  } else {
    const absl::StatusOr<RestoreReport> report = RestoreBackup(backup_, Database(), random_);
    if (!report.ok()) world_->Violate("stuck", absl::StrCat("no restore: ", report.status().ToString()));
  }
  disk_.ForgetFiles();
  acknowledged_.clear();
  ++setbacks_;
  world_->Note("server",
               absl::StrCat("goes back to ", backup_.substr(backup_.rfind('/') + 1), by_hand ? " by hand" : ""));
  Start();
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

std::optional<absl::StatusOr<std::string>> SimServer::Call(absl::string_view method, const std::string& authorization,
                                                           const std::string& request) {
  if (!up()) return std::nullopt;
  absl::StatusOr<std::string> answer = Answer(method, authorization, request);
  world_->Note(
      "server",
      absl::StrCat(method, " ", answer.ok() ? absl::StrCat(answer->size(), " bytes") : answer.status().ToString()));
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

absl::StatusOr<std::string> SimServer::Answer(absl::string_view method, const std::string& authorization,
                                              const std::string& request) {
  ASSIGN_OR_RETURN(const Scope scope, authenticator_->Authenticate(method, authorization));
  const ServerParts& parts = *parts_;
  if (method == "/doorstep.v1.SyncService/Push") {
    ASSIGN_OR_RETURN(const auto push, Parse<v1::PushRequest>(request));
    absl::StatusOr<std::string> answer =
        Wait<v1::PushResponse>([&](auto done) { PushCall(parts, scope, push, std::move(done)); });
    if (answer.ok() && !disk_.dead()) NoteMark(scope.name(), *answer);
    return answer;
  }
  if (method == "/doorstep.v1.SyncService/Hello") {
    ASSIGN_OR_RETURN(const auto hello, Parse<v1::HelloRequest>(request));
    return Wait<v1::HelloResponse>([&](auto done) { HelloCall(parts, scope, hello, std::move(done)); });
  }
  if (method == "/doorstep.v1.SyncService/Pull") {
    ASSIGN_OR_RETURN(const auto pull, Parse<v1::PullRequest>(request));
    ASSIGN_OR_RETURN(const v1::PullResponse page, PullCall(parts, scope, pull));
    return page.SerializeAsString();
  }
  if (method == "/doorstep.v1.EnrollmentService/Enroll") {
    ASSIGN_OR_RETURN(const auto enroll, Parse<v1::EnrollRequest>(request));
    return Wait<v1::EnrollResponse>([&](auto done) { EnrollCall(parts, enroll, std::move(done)); });
  }
  const std::string name(method.substr(method.rfind('/') + 1));
  if (name == "InviteDevice") return Invite(scope, method, request);
  if (name == "ImportRows") return Office<v1::ImportRowsRequest>(scope, method, request);
  if (name == "CreateWorkOrder") return Office<v1::CreateWorkOrderRequest>(scope, method, request);
  if (name == "CreateVisit") return Office<v1::CreateVisitRequest>(scope, method, request);
  if (name == "ScheduleVisit") return Office<v1::ScheduleVisitRequest>(scope, method, request);
  if (name == "AssignVisit") return Office<v1::AssignVisitRequest>(scope, method, request);
  if (name == "ReassignVisit") return Office<v1::ReassignVisitRequest>(scope, method, request);
  if (name == "DispatchVisit") return Office<v1::DispatchVisitRequest>(scope, method, request);
  if (name == "CancelVisit") return Office<v1::CancelVisitRequest>(scope, method, request);
  if (name == "RecordMiss") return Office<v1::RecordMissRequest>(scope, method, request);
  return absl::UnimplementedError(method);
}

template <typename Request>
absl::StatusOr<std::string> SimServer::Office(const Scope& scope, absl::string_view method, const std::string& bytes) {
  ASSIGN_OR_RETURN(const Request request, Parse<Request>(bytes));
  RETURN_IF_ERROR(CheckFields(request));
  return writer_->RunCommand(MakeCommand(scope.principal(), method, request.request_id(), request,
                                         [&](Transaction& tx) { return RunCommand(request, tx); }));
}

absl::StatusOr<std::string> SimServer::Invite(const Scope& scope, absl::string_view method, const std::string& bytes) {
  ASSIGN_OR_RETURN(const auto request, Parse<v1::InviteDeviceRequest>(bytes));
  RETURN_IF_ERROR(CheckFields(request));
  const std::string code = InvitationCode(scope.seed(), request.request_id());
  RETURN_IF_ERROR(writer_
                      ->RunCommand(MakeCommand(scope.principal(), method, request.request_id(), request,
                                               [&](Transaction& tx) { return RunInvite(request, code, tx); }))
                      .status());
  v1::InviteDeviceResponse response;
  response.set_invitation_code(code);
  return response.SerializeAsString();
}

void SimServer::NoteMark(const std::string& scope_name, const std::string& push_answer) {
  v1::PushResponse response;
  if (!response.ParseFromString(push_answer) || response.mark().epoch() == 0) return;
  v1::JournalMark& mark = acknowledged_[{scope_name, response.mark().epoch()}];
  if (response.mark().received_through() >= mark.received_through()) mark = response.mark();
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
  if (!done.ok()) world_->Violate("stuck", absl::StrCat("the turn of the day: ", done.status().ToString()));
  SendHints();
  // One timer a process: a restart begins another.
  world_->After(10 * kMinute, [this, start = starts_] {
    if (starts_ == start) Tick();
  });
}

}  // namespace doorstep::sim
