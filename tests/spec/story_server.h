// The real server in the test's own process, on a free port and a folder of its own, with the story's clock.
#ifndef DOORSTEP_TESTS_SPEC_STORY_SERVER_H_
#define DOORSTEP_TESTS_SPEC_STORY_SERVER_H_

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client_core/base/clock.h"

namespace doorstep {
class Server;
}

namespace doorstep::spec {

class StoryServer {
 public:
  // `clock` must outlive the server.
  StoryServer(std::filesystem::path folder, Clock* clock);
  ~StoryServer();

  absl::Status Start();
  // As after SIGTERM.
  void Stop();
  // As after SIGKILL: what was written stays, nothing is closed.
  void Kill();

  std::string address() const;
  std::string connect_file() const;

 private:
  const std::filesystem::path folder_;
  Clock* const clock_;
  std::unique_ptr<Server> server_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_STORY_SERVER_H_
