// A folder of its own for each test, gone with it.
#ifndef DOORSTEP_TESTS_SPEC_FOLDER_H_
#define DOORSTEP_TESTS_SPEC_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace doorstep::spec {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "doorstep.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What is left of the files in `folder` when the process that has them open dies now: everything it wrote. Its locks
// and its shared memory go with it.
inline void CopyAsIfKilled(const std::filesystem::path& folder, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  std::filesystem::permissions(to, std::filesystem::status(folder).permissions());
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (file.is_directory()) CopyAsIfKilled(file.path(), to / name);
    if (file.is_regular_file() && name.find("-shm") == std::string::npos) {
      std::filesystem::copy_file(file.path(), to / name);
    }
  }
}

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_FOLDER_H_
