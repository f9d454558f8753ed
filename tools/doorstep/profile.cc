#include "tools/doorstep/profile.h"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {
namespace {

constexpr size_t kProfileBytesMax = 64 * 1024;

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Closes the descriptor when it goes.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Parsing errors would quote the file, and with it the token, on standard error.
class Silence : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  struct stat about = {};
  if (fstat(file.fd(), &about) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  if (!S_ISREG(about.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is not a file"));
  if ((about.st_mode & 0077) != 0) {
    return WithTry(
        absl::FailedPreconditionError(absl::StrCat(path, " can be read or written by others than its owner")),
        absl::StrCat("chmod 600 ", path, "; if others use this machine, let the server make a new token"));
  }
  std::string content(kProfileBytesMax + 1, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t count = read(file.fd(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size > kProfileBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": more than ", kProfileBytesMax, " bytes"));
  }
  content.resize(size);
  return content;
}

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    content.remove_prefix(static_cast<size_t>(count));
  }
  if (fsync(fd) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ProfileName(absl::string_view asked) {
  std::string name(asked);
  if (name.empty()) name = FromEnvironment("DOORSTEP_PROFILE");
  if (name.empty()) name = "default";
  bool fits = name.size() <= 64 && name[0] != '.';
  for (const char c : name) fits = fits && (absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_');
  if (!fits) {
    return UsageError(absl::StrCat("profile \"", name.substr(0, 80),
                                   "\": 1 to 64 letters, digits, dots, dashes or "
                                   "underscores, not beginning with a dot"),
                      "--profile office");
  }
  return name;
}

absl::StatusOr<std::string> ConfigDirectory() {
  if (std::string directory = FromEnvironment("DOORSTEP_CONFIG_DIR"); !directory.empty()) return directory;
  // The XDG rules: a relative path is to be ignored.
  if (const std::string xdg = FromEnvironment("XDG_CONFIG_HOME"); absl::StartsWith(xdg, "/")) return xdg + "/doorstep";
  std::string home = FromEnvironment("HOME");
  if (home.empty()) {
    const passwd* user = getpwuid(getuid());
    if (user != nullptr && user->pw_dir != nullptr) home = user->pw_dir;
  }
  if (home.empty()) {
    return WithTry(absl::NotFoundError("no home directory to keep profiles in"), "DOORSTEP_CONFIG_DIR=/some/folder");
  }
  return home + "/.config/doorstep";
}

std::string ProfilePath(absl::string_view config_directory, absl::string_view name) {
  return absl::StrCat(config_directory, "/profiles/", name);
}

absl::StatusOr<v1::ConnectFile> ReadProfile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, ReadSecretFile(path));
  google::protobuf::TextFormat::Parser parser;
  Silence silence;
  parser.RecordErrorsTo(&silence);
  v1::ConnectFile profile;
  if (!parser.ParseFromString(content, &profile)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a connect file"));
  }
  if (profile.server().empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": server is missing"));
  if (profile.token().empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": token is missing"));
  // The token travels in a header line; anything else in it would end the line.
  if (!std::all_of(profile.token().begin(), profile.token().end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": token has characters that no token has"));
  }
  return profile;
}

absl::Status WriteProfile(const std::string& path, const v1::ConnectFile& profile) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) return absl::UnknownError(absl::StrCat("cannot make ", folder.string(), ": ", error.message()));
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);

  std::string content;
  if (!google::protobuf::TextFormat::PrintToString(profile, &content)) {
    return absl::InternalError("the profile cannot be written");
  }
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".new");
  {
    const File file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.fd() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", temporary));
    if (absl::Status written = WriteAll(file.fd(), content, temporary); !written.ok()) {
      unlink(temporary.c_str());
      return written;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const absl::Status failed = absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    unlink(temporary.c_str());
    return failed;
  }
  return absl::OkStatus();
}

}  // namespace doorstep::cli
