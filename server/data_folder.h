// The folder that holds everything a server keeps: the database (which has its own lock against a second server) and
// the administrator's connect file.
// Invariant: nobody but the owner of the folder can read what is in it.
#ifndef DOORSTEP_SERVER_DATA_FOLDER_H_
#define DOORSTEP_SERVER_DATA_FOLDER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/connect.pb.h"

namespace doorstep {

class DataFolder {
 public:
  // Makes the folder (mode 0700) when it is not there. The error says what cannot be made.
  static absl::StatusOr<DataFolder> Open(const std::string& path);

  std::string database_path() const { return path_ + "/doorstep.db"; }
  std::string connect_path() const { return path_ + "/admin.connect"; }

  // NOT_FOUND when there is none. FAILED_PRECONDITION when others than the owner can read it: a key that others may
  // have is no key.
  absl::StatusOr<v1::ConnectFile> ReadConnectFile() const;
  // Mode 0600, durable, all or nothing.
  absl::Status WriteConnectFile(const v1::ConnectFile& file) const;

 private:
  explicit DataFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_DATA_FOLDER_H_
