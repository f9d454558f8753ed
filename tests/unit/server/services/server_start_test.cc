// The life of a server: what it refuses to start with, and what it leaves behind.

#include "server/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "client_core/sqlite/database.h"
#include "server/config.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::HasSubstr;

Config LoopbackConfig(const std::string& folder) {
  Config config;
  config.data_dir = folder;
  config.listen = "127.0.0.1:0";
  config.insecure_loopback = true;
  return config;
}

ParsedConfig Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "doorstepd");
  return ParseConfig(static_cast<int>(flags.size()), flags.data());
}

TEST(ConfigTest, ServesLoopbackOnlyAndOnlyWhenTold) {
  const struct {
    const char* name;
    std::vector<const char*> flags;
    int exit_status;
  } kCases[] = {
      {"without the word", {"--data", "/tmp/d"}, 2},
      {"the world", {"--data", "/tmp/d", "--insecure-loopback", "--listen", "0.0.0.0:7443"}, 2},
      {"a name that is not loopback", {"--data", "/tmp/d", "--insecure-loopback", "--listen", "example.org:1"}, 2},
      {"no port", {"--data", "/tmp/d", "--insecure-loopback", "--listen", "127.0.0.1"}, 2},
      {"a port too high", {"--data", "/tmp/d", "--insecure-loopback", "--listen", "127.0.0.1:65536"}, 2},
      {"an unknown flag", {"--what"}, 2},
      {"an unknown level", {"--insecure-loopback", "--log-level", "loud"}, 2},
      {"help", {"--help"}, 0},
  };
  for (const auto& c : kCases) {
    const ParsedConfig parsed = Parse(c.flags);
    EXPECT_FALSE(parsed.config.has_value()) << c.name;
    EXPECT_EQ(parsed.exit_status, c.exit_status) << c.name;
  }
  const ParsedConfig good = Parse({"--data", "/tmp/d", "--insecure-loopback", "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(good.config.has_value());
  EXPECT_EQ(good.config->data_dir, "/tmp/d");
}

TEST(ServerStartTest, KeepsTheAdministratorsFileToItsOwnerAndAcrossStarts) {
  TempFolder folder;
  const std::string path = folder.path() + "/data";
  std::string first;
  for (int start = 0; start < 2; ++start) {
    auto server = Server::Start(LoopbackConfig(path), LogSink());
    ASSERT_TRUE(server.ok()) << server.status();
    struct stat info;
    ASSERT_EQ(stat((*server)->connect_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    std::ifstream in((*server)->connect_path());
    std::string line;
    while (std::getline(in, line) && line.find("token") == std::string::npos) {
    }
    EXPECT_THAT(line, HasSubstr("token: \""));
    if (start == 0) first = line;
    EXPECT_EQ(line, first);
  }
}

TEST(ServerStartTest, RefusesAnAdministratorsFileThatOthersCanRead) {
  TempFolder folder;
  const std::string path = folder.path() + "/data";
  ASSERT_TRUE(Server::Start(LoopbackConfig(path), LogSink()).ok());
  ASSERT_EQ(chmod((path + "/admin.connect").c_str(), 0644), 0);
  const auto server = Server::Start(LoopbackConfig(path), LogSink());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("must be 0600"));
}

TEST(ServerStartTest, RefusesAFolderThatAnotherServerHas) {
  TempFolder folder;
  const auto first = Server::Start(LoopbackConfig(folder.path()), LogSink());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Server::Start(LoopbackConfig(folder.path()), LogSink());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another server"));
}

TEST(ServerStartTest, RefusesAPortThatIsTaken) {
  TempFolder one;
  TempFolder two;
  const auto first = Server::Start(LoopbackConfig(one.path()), LogSink());
  ASSERT_TRUE(first.ok()) << first.status();
  Config config = LoopbackConfig(two.path());
  config.listen = (*first)->address();
  const auto second = Server::Start(config, LogSink());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another program has the port"));
}

TEST(ServerStartTest, RefusesADatabaseOfANewerVersion) {
  TempFolder folder;
  ASSERT_TRUE(Server::Start(LoopbackConfig(folder.path()), LogSink()).ok());
  {
    sqlite::OpenOptions options;
    options.path = folder.path() + "/doorstep.db";
    auto db = sqlite::Database::Open(options);
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->Execute("PRAGMA user_version=999").ok());
  }
  const auto server = Server::Start(LoopbackConfig(folder.path()), LogSink());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition) << server.status();
}

TEST(ServerStartTest, SaysWhichFolderCannotBeMade) {
  const auto server = Server::Start(LoopbackConfig("/proc/doorstep"), LogSink());
  EXPECT_FALSE(server.ok());
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("/proc/doorstep"));
}

TEST(ServerStartTest, SaysThatAFileIsNoFolder) {
  const TempFolder folder;
  const std::string file = folder.path() + "/file";
  std::ofstream(file) << "somebody's";
  for (const std::string& path : {file, file + "/below"}) {
    const auto server = Server::Start(LoopbackConfig(path), LogSink());
    ASSERT_FALSE(server.ok());
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("is a file, and the data folder must be a folder"));
  }
  std::ifstream in(file);
  std::string content;
  in >> content;
  EXPECT_EQ(content, "somebody's");
}

// Asks the server to list its services, as gRPC tools do; the message is ServerReflectionRequest{list_services: ""}.
grpc::Status AskForServices(const std::string& address, std::string* answer) {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  next();
  const grpc::Slice request("\x3a\x00", 2);
  call->Write(grpc::ByteBuffer(&request, 1), nullptr);
  next();
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  grpc::Slice bytes;
  if (next() && response.DumpToSingleSlice(&bytes).ok()) {
    answer->assign(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  }
  call->WritesDone(nullptr);
  next();
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  return status;
}

TEST(ServerStartTest, TellsGrpcToolsItsServicesOnlyWhenToldTo) {
  TempFolder folder;
  std::string answer;
  {
    const auto server = Server::Start(LoopbackConfig(folder.path()), LogSink());
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ(AskForServices((*server)->address(), &answer).error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(answer, "");
  }
  const ParsedConfig parsed =
      Parse({"--data", folder.path().c_str(), "--insecure-loopback", "--listen", "127.0.0.1:0", "--reflection"});
  ASSERT_TRUE(parsed.config.has_value());
  const auto server = Server::Start(*parsed.config, LogSink());
  ASSERT_TRUE(server.ok()) << server.status();
  const grpc::Status status = AskForServices((*server)->address(), &answer);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const char* service : {"SyncService", "EnrollmentService", "DispatchService", "AccountService", "ImportService",
                              "HealthService", "AdminService"}) {
    EXPECT_THAT(answer, HasSubstr(std::string("doorstep.v1.") + service));
  }
}

class DrainTest : public ServerTest {};

TEST_F(DrainTest, KeepsEverythingThatWasAcknowledged) {
  ImportBasics();
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  // Frames go up while the server is told to end; whatever got an answer must be there afterwards.
  std::atomic<uint64_t> acknowledged = 0;
  std::atomic<bool> ended = false;
  std::thread pushing([&] {
    while (!ended) {
      v1::PushRequest request;
      request.set_frame(MakeFrame(phone, {NoteEntry("V-1", "note")}));
      v1::PushResponse response;
      if (!Call(phone.enrolled.token(), sync_, &v1::SyncService::Stub::Push, request, &response).ok()) ended = true;
      if (!ended) acknowledged = response.mark().received_through();
    }
  });
  v1::GetStatusResponse status;
  const auto get_status = [&] {
    return Ask(admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &status);
  };
  while (!ended && get_status().ok() && status.entries() < 20) {
  }
  server_->Drain();
  pushing.join();
  ASSERT_GE(acknowledged, 19u);
  Restart();
  ASSERT_OK(get_status());
  EXPECT_GE(status.entries(), acknowledged);
  EXPECT_LE(status.entries(), acknowledged + 1);
}

TEST_F(DrainTest, TakesNoMoreCallsAndRepeatsHarmlessly) {
  server_->Drain();
  server_->Drain();
  v1::GetStatusResponse status;
  EXPECT_EQ(Ask(admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &status).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace doorstep::testing
