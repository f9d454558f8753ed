// doorstepd: reads its flags, serves until SIGTERM or SIGINT, finishes what it holds, ends.

#include <google/protobuf/stubs/logging.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "server/config.h"
#include "server/server.h"

namespace {

// What to try after a failed start.
std::string HintFor(const absl::Status& status) {
  if (absl::StrContains(status.message(), "another server")) {
    return "ending the other server first, or another folder: --data DIR";
  }
  if (absl::StrContains(status.message(), "must be 0600")) return "chmod 600 FILE, then --new-admin-token";
  if (absl::StrContains(status.message(), "must be a folder")) {
    return "a folder, which is made when it is not there: --data DIR";
  }
  if (absl::IsAlreadyExists(status)) return "another port: --listen 127.0.0.1:PORT (0 takes a free one)";
  if (absl::IsPermissionDenied(status) || absl::IsNotFound(status)) return "a folder of your own: --data DIR";
  return "doorstepd --help";
}

// A phone that watches has a connection of its own, and shells start programs with room for a thousand.
void TakeAllFileHandles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv) {
  const doorstep::ParsedConfig parsed = doorstep::ParseConfig(argc, argv);
  if (!parsed.config.has_value()) return parsed.exit_status;

  TakeAllFileHandles();
  umask(077);                                // What is written here is the company's.
  setenv("GRPC_VERBOSITY", "NONE", 0);       // What goes wrong is said once, in our words.
  google::protobuf::SetLogHandler(nullptr);  // A phone's odd bytes are quarantined, not printed.

  // Blocked here, before any thread starts, so that the signals wait for this thread and interrupt no other.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto server = doorstep::Server::Start(*parsed.config, doorstep::StderrLog(parsed.config->log_level));
  if (!server.ok()) {
    doorstep::PrintError(std::string(server.status().message()), HintFor(server.status()));
    return 1;
  }
  std::printf("doorstepd %s serves %s\n", doorstep::kVersion, (*server)->address().c_str());
  // It may have been moved to who uses it, or gone with a disk.
  const std::string connect = (*server)->connect_path();
  if (access(connect.c_str(), F_OK) == 0) std::printf("administrator: doorstep connect %s\n", connect.c_str());
  std::fflush(stdout);

  int signal_number = 0;
  sigwait(&ending, &signal_number);
  // A second signal ends the process at once: what was acknowledged is durable anyway.
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  (*server)->Drain();
  return 0;
}
