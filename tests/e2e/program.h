// A real program of this build, started, watched and killed by a test.
#ifndef DOORSTEP_TESTS_E2E_PROGRAM_H_
#define DOORSTEP_TESTS_E2E_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace doorstep::e2e {

class Program {
 public:
  // Standard output and error go to `output`. `environment` is added to this process's own: "NAME=value".
  Program(const std::vector<std::string>& command, const std::string& output,
          const std::vector<std::string>& environment = {});
  // SIGKILL, if it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Kill();
  // Waits until it has ended: its exit status, or the negative of the signal that ended it. -1000: not within 60 s.
  int Wait();
  // Waits until the output holds `text`. False: the program ended without it, or not within 60 s.
  bool Says(const std::string& text);
  std::string Output() const;

 private:
  bool EndedWithin(int ms);

  const std::string output_;
  pid_t pid_ = -1;
  int watch_ = -1;  // Readable once the program has ended.
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace doorstep::e2e

#endif  // DOORSTEP_TESTS_E2E_PROGRAM_H_
