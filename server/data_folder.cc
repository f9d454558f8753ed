#include "server/data_folder.h"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

// The parser's errors would quote the file, and with it the token.
class Silence final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

absl::Status ErrnoStatus(absl::string_view doing) { return absl::ErrnoToStatus(errno, doing); }

absl::Status WriteAll(int file, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(absl::StrCat("cannot write ", path));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DataFolder> DataFolder::Open(const std::string& path) {
  const std::filesystem::path folder(path);
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  const bool made = mkdir(path.c_str(), 0700) == 0;
  const int failed = made ? 0 : errno;
  // The first part of the path that is there and is no folder.
  std::filesystem::path part;
  for (const std::filesystem::path& name : folder) {
    part /= name;
    if (std::filesystem::is_regular_file(part, error)) {
      return absl::FailedPreconditionError(
          absl::StrCat(part.string(), " is a file, and the data folder must be a folder"));
    }
  }
  if (!made && failed != EEXIST) {
    return absl::ErrnoToStatus(failed, absl::StrCat("cannot make the data folder ", path));
  }
  return DataFolder(path);
}

absl::StatusOr<v1::ConnectFile> DataFolder::ReadConnectFile() const {
  const std::string path = connect_path();
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, " is not there"));
    return ErrnoStatus(absl::StrCat("cannot read ", path));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds the administrator's token and can be read by others; its mode must be 0600"));
  }
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  google::protobuf::TextFormat::Parser parser;
  Silence silence;
  parser.RecordErrorsTo(&silence);
  v1::ConnectFile file;
  if (!in || !parser.ParseFromString(text.str(), &file)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a connect file"));
  }
  return file;
}

absl::Status DataFolder::WriteConnectFile(const v1::ConnectFile& file) const {
  std::string text;
  google::protobuf::TextFormat::PrintToString(file, &text);
  text = absl::StrCat("# For `doorstep connect FILE`. Whoever has this file is the administrator.\n", text);
  const std::string path = connect_path();
  const std::string draft = path + ".new";
  unlink(draft.c_str());
  const int out = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) return ErrnoStatus(absl::StrCat("cannot write ", draft));
  absl::Status status = WriteAll(out, text, draft);
  if (status.ok() && fsync(out) != 0) status = ErrnoStatus(absl::StrCat("cannot write ", draft));
  close(out);
  RETURN_IF_ERROR(status);
  if (rename(draft.c_str(), path.c_str()) != 0) return ErrnoStatus(absl::StrCat("cannot write ", path));
  const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return ErrnoStatus(absl::StrCat("cannot open ", path_));
  const int synced = fsync(folder);
  close(folder);
  return synced == 0 ? absl::OkStatus() : ErrnoStatus(absl::StrCat("cannot sync ", path_));
}

}  // namespace doorstep
