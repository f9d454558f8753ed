#include "tools/doorstep/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace doorstep::cli {

Progress::Progress(absl::string_view what) : what_(what), shown_(isatty(STDERR_FILENO) == 1) {
  if (shown_) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  if (!shown_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Progress::Update(absl::string_view how_far) {
  if (!shown_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  how_far_ = std::string(how_far);
}

void Progress::Run() {
  const auto start = std::chrono::steady_clock::now();
  auto next = start + std::chrono::seconds(1);
  bool printed = false;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ended_.wait_until(lock, next, [this] { return end_; })) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(next - start).count();
    std::fprintf(stderr, "\r\033[K%s: %s%s%lld s", what_.c_str(), how_far_.c_str(), how_far_.empty() ? "" : ", ",
                 static_cast<long long>(seconds));
    std::fflush(stderr);
    printed = true;
    next += std::chrono::milliseconds(500);
  }
  if (printed) std::fputs("\r\033[K", stderr);
}

}  // namespace doorstep::cli
