#include "tests/spec/story_server.h"

#include <functional>

#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "server/server.h"
#include "server/storage/restore.h"
#include "tests/spec/folder.h"

namespace doorstep::spec {

StoryServer::StoryServer(std::filesystem::path folder, Clock* clock) : folder_(std::move(folder)), clock_(clock) {}

StoryServer::~StoryServer() = default;

absl::Status StoryServer::Start() {
  Config config;
  config.data_dir = folder_.string();
  config.listen = "127.0.0.1:0";
  config.insecure_loopback = true;
  ASSIGN_OR_RETURN(server_, Server::Start(config, nullptr, clock_));
  return absl::OkStatus();
}

void StoryServer::Stop() { server_.reset(); }

void StoryServer::Kill() {
  const std::filesystem::path remains = folder_.string() + ".killed";
  CopyAsIfKilled(folder_, remains);
  server_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::rename(remains, folder_);
}

absl::Status StoryServer::RestoreFrom(const std::string& backup) {
  Stop();
  SeededRandom random(std::hash<std::string>()(backup));
  RETURN_IF_ERROR(
      RestoreBackup((folder_ / "backups" / backup).string(), (folder_ / "doorstep.db").string(), random).status());
  return Start();
}

void StoryServer::CopyDatabaseAs(const std::string& name) { CopyAsIfKilled(folder_, folder_.string() + "." + name); }

absl::Status StoryServer::PutDatabaseInPlace(const std::string& name) {
  Stop();
  const std::filesystem::path copy = folder_.string() + "." + name;
  for (const char* file : {"doorstep.db", "doorstep.db-wal"}) {
    std::filesystem::remove(folder_ / file);
    if (std::filesystem::exists(copy / file)) std::filesystem::copy_file(copy / file, folder_ / file);
  }
  return Start();
}

std::string StoryServer::address() const { return server_->address(); }
std::string StoryServer::connect_file() const { return server_->connect_path(); }

}  // namespace doorstep::spec
