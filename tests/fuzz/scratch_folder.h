// A folder of this process in memory, emptied on request and removed at the end.
#ifndef DOORSTEP_TESTS_FUZZ_SCRATCH_FOLDER_H_
#define DOORSTEP_TESTS_FUZZ_SCRATCH_FOLDER_H_

#include <unistd.h>

#include <filesystem>
#include <string>

namespace doorstep::fuzz {

class ScratchFolder {
 public:
  ScratchFolder()
      : path_((std::filesystem::exists("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                   : std::filesystem::temp_directory_path()) /
              ("doorstep-fuzz-" + std::to_string(getpid()))) {
    Empty();
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  void Empty() {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  std::string path() const { return path_.string(); }

 private:
  const std::filesystem::path path_;
};

}  // namespace doorstep::fuzz

#endif  // DOORSTEP_TESTS_FUZZ_SCRATCH_FOLDER_H_
