// The server's file: who may open it, the one connection that writes, and a pool of connections that read.
// Invariant: at most one server has a file open, and what the writer committed survives a power cut.
#ifndef DOORSTEP_SERVER_STORAGE_STORAGE_H_
#define DOORSTEP_SERVER_STORAGE_STORAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/mutex.h"
#include "client_core/base/random.h"
#include "server/storage/database_lock.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct StorageOptions {
  std::string path;
  // 32 bytes; empty: not encrypted.
  std::string key;
  // SQLite's; empty: the system's.
  std::string vfs{};
  // False only in tests.
  bool durable = true;
  // A file that goes when anything fails (a rebuild): no journal, no waiting for the disk, no readers.
  bool scratch = false;
  int readers = 4;
};

// Read is thread-safe; writer() belongs to the writer's thread.
class Storage {
 public:
  // Finishes a restore that was under way, makes or migrates the file. FAILED_PRECONDITION: another server has it open,
  // it was written by a newer version, or the key is wrong; DATA_LOSS: damaged; RESOURCE_EXHAUSTED: disk full. `random`
  // draws the generation and the secret of a new file.
  static absl::StatusOr<std::unique_ptr<Storage>> Open(const StorageOptions& options, Random& random);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // Runs `body` on one consistent view. Waits while every reader is busy. `label` says what was being read when an
  // error comes back.
  absl::Status Read(absl::string_view label, const std::function<absl::Status(SqlSession&)>& body);

  SqlSession& writer() { return *writer_; }
  // Changes when the file was restored from a backup, or found to have been set back. 16 hexadecimal digits.
  std::string generation() const;
  // A command has written another one into the file, and has been committed.
  void set_generation(absl::string_view generation);
  // What marks are countersigned with: 64 hexadecimal digits, the same as long as the file lives, in its backups too.
  // Never leaves the server, never logged.
  const std::string& secret() const { return secret_; }
  const std::string& path() const { return options_.path; }
  // Empty: not encrypted. Never logged.
  const std::string& key() const { return options_.key; }
  // The file and its write-ahead log.
  int64_t BytesOnDisk() const;
  // "1": the number of the last migration.
  std::string schema_version() const;

 private:
  explicit Storage(StorageOptions options) : options_(std::move(options)) {}
  absl::Status Start(Random& random);
  absl::StatusOr<std::unique_ptr<SqlSession>> OpenReader();

  const StorageOptions options_;
  DatabaseLock lock_;
  std::string secret_;
  mutable Mutex generation_mutex_;
  std::string generation_ ABSL_GUARDED_BY(generation_mutex_);
  std::unique_ptr<SqlSession> writer_;

  Mutex mutex_;
  CondVar reader_free_;
  std::vector<std::unique_ptr<SqlSession>> free_readers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_STORAGE_H_
