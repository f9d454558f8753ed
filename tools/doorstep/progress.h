// A line on the terminal that tells that something is still going on, once it takes more than a second.
#ifndef DOORSTEP_TOOLS_DOORSTEP_PROGRESS_H_
#define DOORSTEP_TOOLS_DOORSTEP_PROGRESS_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"

namespace doorstep::cli {

// Writes to standard error when that is a terminal, and nothing otherwise. Erases its line when it goes.
class Progress {
 public:
  explicit Progress(absl::string_view what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "12,000 of 80,000 rows". Any thread.
  void Update(absl::string_view how_far);

 private:
  void Run();

  const std::string what_;
  const bool shown_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::string how_far_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_PROGRESS_H_
