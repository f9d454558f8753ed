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
  // Puts a backup that this server made in place, stopped meanwhile.
  absl::Status RestoreFrom(const std::string& backup);
  // Keeps a copy of the database as it is now, and puts such a copy in place by hand: no tool of ours knows.
  void CopyDatabaseAs(const std::string& name);
  absl::Status PutDatabaseInPlace(const std::string& name);

  std::string address() const;
  std::string connect_file() const;

 private:
  const std::filesystem::path folder_;
  Clock* const clock_;
  std::unique_ptr<Server> server_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_STORY_SERVER_H_
