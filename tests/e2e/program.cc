#include "tests/e2e/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace doorstep::e2e {
namespace {

constexpr int kPatienceMs = 60000;
constexpr int kLookMs = 20;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Program::Program(const std::vector<std::string>& command, const std::string& output,
                 const std::vector<std::string>& environment)
    : output_(output) {
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  const std::vector<char*> arguments = Pointers(command);
  const std::vector<char*> env = Pointers(variables);
  if (posix_spawn(&pid_, command[0].c_str(), &files, nullptr, arguments.data(), env.data()) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&files);
  if (pid_ > 0) watch_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  ended_ = pid_ <= 0;
  if (ended_) status_ = -1000;
}

Program::~Program() {
  Kill();
  Wait();
  if (watch_ >= 0) close(watch_);
}

void Program::Kill() {
  if (!ended_) kill(pid_, SIGKILL);
}

bool Program::EndedWithin(int ms) {
  if (ended_) return true;
  pollfd ended = {watch_, POLLIN, 0};
  if (poll(&ended, 1, ms) <= 0) return false;
  int status = 0;
  waitpid(pid_, &status, 0);
  ended_ = true;
  status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

int Program::Wait() { return EndedWithin(kPatienceMs) ? status_ : -1000; }

bool Program::Says(const std::string& text) {
  for (int waited_ms = 0; waited_ms < kPatienceMs; waited_ms += kLookMs) {
    if (Output().find(text) != std::string::npos) return true;
    if (EndedWithin(kLookMs)) return Output().find(text) != std::string::npos;
  }
  return false;
}

std::string Program::Output() const {
  std::ifstream file(output_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace doorstep::e2e
