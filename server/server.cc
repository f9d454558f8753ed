#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/service_type.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/clock.h"
#include "client_core/base/limits.h"
#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/known_now.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/writer.h"
#include "server/data_folder.h"
#include "server/day_timer.h"
#include "server/doubting_clock.h"
#include "server/services/attachment_intake.h"
#include "server/services/authenticator.h"
#include "server/services/services.h"
#include "server/services/signing_keys.h"
#include "server/services/wake_hub.h"
#include "server/services/watch_hub.h"
#include "server/storage/attachment_table.h"
#include "server/storage/push_table.h"
#include "server/storage/storage.h"
#include "server/storage/token_table.h"

namespace doorstep {
namespace {

constexpr char kAdministrator[] = "a1";
constexpr std::chrono::seconds kDrainTimeout(20);

// What a connection may cost. A stranger must not be able to fill the server's memory or keep its threads busy.
void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageBytesUpMax));
  builder.SetMaxSendMessageSize(static_cast<int>(limits::kMessageBytesDownMax));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // A second server must fail, not share the port.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits::kStreamsPerConnectionMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(limits::kMetadataBytesMax));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, limits::kHandshakeMs);
  // gRPC spreads the age by a tenth, so that phones do not come back all at once.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, limits::kConnectionAgeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limits::kConnectionAgeGraceMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, limits::kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Frames and pages are compressed by themselves; a message that inflates is only an attack.
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  grpc::ResourceQuota quota("doorstepd");
  quota.Resize(limits::kGrpcMemoryBytesMax);
  builder.SetResourceQuota(quota);
}

// The library that answers reflection puts itself into every server by being linked; a stranger is told no more than
// what is meant for strangers.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
      return dynamic_cast<const grpc::reflection::ProtoServerReflectionPlugin*>(plugin.get()) != nullptr;
    });
  }
};

// Why a port cannot be had: gRPC 1.51 only logs it.
absl::Status PortProblem(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  int port = 0;
  if (!absl::SimpleAtoi(listen.substr(colon + 1), &port)) return absl::InternalError("cannot listen on " + listen);
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int bound = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  close(probe);
  if (bound != 0 && error == EACCES) {
    return absl::PermissionDeniedError(absl::StrCat("no right to listen on ", listen, ": ", std::strerror(error)));
  }
  return absl::AlreadyExistsError(absl::StrCat("cannot listen on ", listen, ": another program has the port"));
}

absl::StatusOr<bool> HasAdministrator(Storage& storage) {
  bool found = false;
  RETURN_IF_ERROR(storage.Read("tokens", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<TokenRow> tokens, ListTokens(sql));
    for (const TokenRow& token : tokens) found |= absl::StartsWith(token.principal, "admin:");
    return absl::OkStatus();
  }));
  return found;
}

}  // namespace

// In the order of making; taken apart in the reverse.
struct Server::Parts {
  Config config;
  LogSink log;
  std::unique_ptr<DataFolder> folder;
  std::unique_ptr<Clock> own_clock;
  Clock* clock = nullptr;
  SystemRandom random;
  std::unique_ptr<Storage> storage;
  WatchHub watch;
  WakeHub wakes{[this](absl::string_view device) { return watch.IsWatching(device); }};
  std::unique_ptr<Writer> writer;
  std::unique_ptr<AttachmentIntake> attachments;
  std::unique_ptr<DayTimer> day_timer;
  Authenticator authenticator;
  SigningKeys signing_keys;
  std::unique_ptr<ServerParts> borrowed;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> grpc_server;
  std::string address;
  bool drained = false;

  absl::Status OpenFolder();
  // What waited for phones when the server ended.
  absl::Status RememberWakes();
  // Deletes what nobody names or goes on with.
  void SweepAttachments();
  absl::Status Listen();
  // Sees to it that the connect file holds a good token and the address of now.
  absl::Status WriteAdministrator();
  absl::StatusOr<std::string> IssueToken();
};

absl::Status Server::Parts::OpenFolder() {
  ASSIGN_OR_RETURN(DataFolder opened, DataFolder::Open(config.data_dir));
  folder = std::make_unique<DataFolder>(std::move(opened));
  if (clock == nullptr) {
    if (config.demo_clock.empty()) {
      own_clock = std::make_unique<DoubtingClock>(std::make_unique<SystemClock>(), log);
    } else {
      own_clock = std::make_unique<ShiftedClock>(config.demo_clock);
    }
    clock = own_clock.get();
  }
  StorageOptions options;
  options.path = folder->database_path();
  ASSIGN_OR_RETURN(storage, Storage::Open(options, random));
  WriterOptions writing;
  writing.committed = [this](const Committed& committed) {
    watch.Take(committed);
    wakes.Take(committed);
  };
  ASSIGN_OR_RETURN(writer, Writer::Start(storage.get(), clock, &random, ApplyRecord, log, std::move(writing)));
  attachments = std::make_unique<AttachmentIntake>(AttachmentFolder(folder->database_path()));
  day_timer = std::make_unique<DayTimer>(storage.get(), writer.get(), clock, log, [this] { SweepAttachments(); });
  RETURN_IF_ERROR(ReplayWhatIsKnownNow(*storage, *writer, log));
  RETURN_IF_ERROR(authenticator.AdmitStored(*storage));
  RETURN_IF_ERROR(signing_keys.TakeStored(*storage, log));
  borrowed = std::make_unique<ServerParts>(ServerParts{*storage, *writer, authenticator, signing_keys, *clock, random,
                                                       log, kVersion, clock->Now().wall_time_us, &watch,
                                                       attachments.get(), &wakes});
  watch.Start();
  RETURN_IF_ERROR(RememberWakes());
  wakes.Start();
  return absl::OkStatus();
}

absl::Status Server::Parts::RememberWakes() {
  return storage->Read("wakes", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<WantedWake> wanted, ListWantedWakes(sql));
    wakes.Wanted(wanted);
    return absl::OkStatus();
  });
}

void Server::Parts::SweepAttachments() {
  const auto is_known = [this](absl::string_view sha256) -> absl::StatusOr<bool> {
    bool known = false;
    RETURN_IF_ERROR(storage->Read("an attachment", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const auto row, FindAttachment(sql, sha256));
      known = row.has_value();
      return absl::OkStatus();
    }));
    return known;
  };
  const absl::StatusOr<uint64_t> swept = attachments->files().Sweep(clock->Now().wall_time_us, is_known);
  if (!swept.ok()) {
    Log(log, LogLevel::kWarning, absl::StrCat("the sweep of attachments: ", swept.status().ToString()));
  } else if (*swept > 0) {
    Log(log, LogLevel::kInfo, absl::StrCat(*swept, " attachments that nobody names or goes on with were deleted"));
  }
}

absl::Status Server::Parts::Listen() {
  services.push_back(MakeSyncService(*borrowed));
  services.push_back(MakeEnrollmentService(*borrowed));
  services.push_back(MakeDispatchService(*borrowed));
  services.push_back(MakeAccountService(*borrowed));
  services.push_back(MakeImportService(*borrowed));
  services.push_back(MakeHealthService(*borrowed));
  services.push_back(MakeAttachmentService(*borrowed));
  services.push_back(MakePushGatewayService(*borrowed));
  services.push_back(MakeAdminService(*borrowed));
  RETURN_IF_ERROR(CheckEveryMethodHasARole(
      {"doorstep.v1.SyncService", "doorstep.v1.EnrollmentService", "doorstep.v1.DispatchService",
       "doorstep.v1.AccountService", "doorstep.v1.ImportService", "doorstep.v1.HealthService",
       "doorstep.v1.AdminService", "doorstep.v1.AttachmentService", "doorstep.v1.PushGatewayService"}));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  if (!config.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  SetLimits(builder);
  int port = 0;
  builder.AddListeningPort(config.listen, grpc::InsecureServerCredentials(), &port);
  for (const auto& service : services) builder.RegisterService(service.get());
  grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr || port == 0) {
    grpc_server.reset();
    return PortProblem(config.listen);
  }
  address = absl::StrCat(config.listen.substr(0, config.listen.rfind(':')), ":", port);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Server::Parts::IssueToken() {
  const std::string token = MakeToken(random);
  const std::string hash = HashSecret(token);
  // The file first: a token that nobody holds would leave the server without an administrator.
  v1::ConnectFile file;
  file.set_server(address);
  file.set_token(token);
  RETURN_IF_ERROR(folder->WriteConnectFile(file));
  Command command;
  command.principal = "server";
  command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    RETURN_IF_ERROR(RunIssueAdminToken(kAdministrator, hash, tx));
    return std::string();
  };
  RETURN_IF_ERROR(writer->RunCommand(std::move(command)).status());
  authenticator.Admit(Role::kAdmin, kAdministrator, hash);
  return token;
}

absl::Status Server::Parts::WriteAdministrator() {
  ASSIGN_OR_RETURN(const bool known, HasAdministrator(*storage));
  if (!known || config.new_admin_token) return IssueToken().status();
  absl::StatusOr<v1::ConnectFile> file = folder->ReadConnectFile();
  if (absl::IsNotFound(file.status())) {
    Log(log, LogLevel::kWarning,
        absl::StrCat(file.status().message(), "; --new-admin-token writes another with a new token"));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(file.status());
  if (file->server() == address) return absl::OkStatus();
  file->set_server(address);
  return folder->WriteConnectFile(*file);
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, LogSink log, Clock* clock) {
  auto parts = std::make_unique<Parts>();
  parts->config = config;
  parts->log = std::move(log);
  parts->clock = clock;
  // From here on the destructor takes apart whatever has been made.
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  RETURN_IF_ERROR(server->parts_->OpenFolder());
  RETURN_IF_ERROR(server->parts_->Listen());
  RETURN_IF_ERROR(server->parts_->WriteAdministrator());
  Log(server->parts_->log, LogLevel::kInfo,
      absl::StrCat("serving ", server->address(), " from ", config.data_dir, ", generation ",
                   server->parts_->storage->generation()));
  return server;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Drain(); }

const std::string& Server::address() const { return parts_->address; }

std::string Server::connect_path() const { return parts_->folder->connect_path(); }

void Server::Drain() {
  if (parts_->drained) return;
  parts_->drained = true;
  const bool served = parts_->grpc_server != nullptr;
  if (served) {
    Log(parts_->log, LogLevel::kInfo, "ending: no more calls are taken");
    if (auto* health = parts_->grpc_server->GetHealthCheckService(); health != nullptr) health->SetServingStatus(false);
    // Streams last until they are ended, and phones open them again elsewhere.
    parts_->watch.Stop();
    parts_->wakes.Stop();
    // Calls that are under way get their answers from the writer, so it ends after them.
    parts_->grpc_server->Shutdown(std::chrono::system_clock::now() + kDrainTimeout);
    parts_->grpc_server->Wait();
  }
  if (parts_->day_timer != nullptr) parts_->day_timer->Stop();
  if (parts_->writer != nullptr) parts_->writer->Drain();
  parts_->grpc_server.reset();
  parts_->services.clear();
  parts_->day_timer.reset();
  parts_->writer.reset();
  parts_->attachments.reset();
  parts_->storage.reset();
  if (served) Log(parts_->log, LogLevel::kInfo, "ended");
}

}  // namespace doorstep
