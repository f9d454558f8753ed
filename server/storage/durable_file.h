// Files as wholes: copied, hashed, renamed, and durable when a function returns OK.
#ifndef DOORSTEP_SERVER_STORAGE_DURABLE_FILE_H_
#define DOORSTEP_SERVER_STORAGE_DURABLE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace doorstep {

bool FileExists(const std::string& path);
// NOT_FOUND: there is none. The folder or file, what was written to it and its name.
absl::Status SyncPath(const std::string& path);
absl::Status RenameDurably(const std::string& from, const std::string& to);
// Mode 0700, durable; OK when it is there.
absl::Status MakeFolder(const std::string& path);
// Empty, mode 0600; for whoever writes it by another way. ALREADY_EXISTS: it is there.
absl::Status CreateFile(const std::string& path);
// Mode 0600, durable, in place of what was there. All or nothing.
absl::Status WriteFileDurably(const std::string& path, absl::string_view bytes);
// SHA-256 of what is in it, 32 bytes.
absl::StatusOr<std::string> HashFile(const std::string& path);
// Makes `to` (mode 0600, in place of what was there) a copy, durable. Returns its SHA-256.
absl::StatusOr<std::string> CopyFileDurably(const std::string& from, const std::string& to);
// A database with the files that SQLite and its lock keep beside it.
void RemoveDatabaseFiles(const std::string& path);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_DURABLE_FILE_H_
