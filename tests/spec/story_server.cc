#include "tests/spec/story_server.h"

#include "client_core/base/status.h"
#include "server/server.h"
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

std::string StoryServer::address() const { return server_->address(); }
std::string StoryServer::connect_file() const { return server_->connect_path(); }

}  // namespace doorstep::spec
