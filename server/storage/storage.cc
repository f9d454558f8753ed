#include "server/storage/storage.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/migrate.h"
#include "server/storage/meta_table.h"
#include "server/storage/restore.h"
#include "server/storage/serial_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

const std::vector<absl::string_view>& Migrations() {
  static const auto* const migrations = new std::vector<absl::string_view>{
#include "server/storage/0001_first.sql.inc"
#include "server/storage/0002_backups.sql.inc"
#include "server/storage/0003_attachments.sql.inc"
#include "server/storage/0004_conflicts.sql.inc"
#include "server/storage/0005_work_orders.sql.inc"
#include "server/storage/0006_signing_keys.sql.inc"
#include "server/storage/0007_push.sql.inc"
  };
  return *migrations;
}

absl::Status MigrateRows(SqlSession& sql, int64_t migration) {
  if (migration != 5) return absl::OkStatus();
  RETURN_IF_ERROR(FillSerials(sql));  // Of migration 4, after which earlier programs filled them at their start.
  return MoveStatesToColumns(sql);
}

// What a commit writes is large: frames and visits, in runs of pages of which each costs the kernel two writes. In
// pages of 16 KiB a server takes a quarter more entries a second than in SQLite's 4 (bench_server), and the file is no
// longer; of frames of one entry, which write few pages, it takes a tenth less.
constexpr int kPageBytes = 16 * 1024;

int64_t FileBytes(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? int64_t{status.st_size} : 0;
}

sqlite::OpenOptions ConnectionOptions(const StorageOptions& options, bool read_only) {
  sqlite::OpenOptions connection;
  connection.path = options.path;
  connection.key = options.key;
  connection.vfs = options.vfs;
  connection.synchronous = options.durable ? sqlite::Synchronous::kFull : sqlite::Synchronous::kNormal;
  connection.scratch = options.scratch;
  connection.read_only = read_only;
  connection.page_bytes = read_only ? 0 : kPageBytes;
  connection.cache_bytes = read_only ? 8 * 1024 * 1024 : 64 * 1024 * 1024;
  return connection;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Storage>> Storage::Open(const StorageOptions& options, Random& random) {
  std::unique_ptr<Storage> storage(new Storage(options));
  RETURN_IF_ERROR(storage->Start(random));
  return storage;
}

Storage::~Storage() {
  {
    MutexLock lock(&mutex_);
    free_readers_.clear();
  }
  writer_.reset();
}

absl::Status Storage::Start(Random& random) {
  RETURN_IF_ERROR(lock_.Take(options_.path));
  RETURN_IF_ERROR(FinishRestore(options_.path).status());
  ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Database> db, sqlite::Database::Open(ConnectionOptions(options_, false)));
  // The writer moves the log into the file between groups, not in the middle of a commit.
  RETURN_IF_ERROR(db->OwnCheckpoints());
  writer_ = std::make_unique<SqlSession>(std::move(db));
  const absl::Status migrated = sqlite::Migrate(writer_->database(), Migrations(),
                                                [this](int64_t migration) { return MigrateRows(*writer_, migration); });
  if (!migrated.ok()) return absl::Status(migrated.code(), absl::StrCat(options_.path, ": ", migrated.message()));

  RETURN_IF_ERROR(FillMeta(*writer_, random));
  ASSIGN_OR_RETURN(const std::string generation, ReadGeneration(*writer_));
  set_generation(generation);
  ASSIGN_OR_RETURN(secret_, ReadSecret(*writer_));

  for (int i = 0; i < options_.readers; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<SqlSession> reader, OpenReader());
    MutexLock lock(&mutex_);
    free_readers_.push_back(std::move(reader));
  }
  return absl::OkStatus();
}

std::string Storage::generation() const {
  MutexLock lock(&generation_mutex_);
  return generation_;
}

void Storage::set_generation(absl::string_view generation) {
  MutexLock lock(&generation_mutex_);
  generation_ = std::string(generation);
}

absl::StatusOr<std::unique_ptr<SqlSession>> Storage::OpenReader() {
  ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Database> db, sqlite::Database::Open(ConnectionOptions(options_, true)));
  return std::make_unique<SqlSession>(std::move(db));
}

absl::Status Storage::Read(absl::string_view label, const std::function<absl::Status(SqlSession&)>& body) {
  std::unique_ptr<SqlSession> session;
  {
    MutexLock lock(&mutex_);
    while (free_readers_.empty()) reader_free_.Wait(&mutex_);
    session = std::move(free_readers_.back());
    free_readers_.pop_back();
  }
  const absl::Status status = session->ReadTransaction([&] { return body(*session); });
  {
    MutexLock lock(&mutex_);
    free_readers_.push_back(std::move(session));
  }
  reader_free_.NotifyOne();
  // What a service decided (NOT_FOUND and the like) goes out as it is; what the file said names the read.
  if (absl::IsDataLoss(status) || absl::IsInternal(status)) {
    return absl::Status(status.code(), absl::StrCat("reading ", label, ": ", status.message()));
  }
  return status;
}

int64_t Storage::BytesOnDisk() const { return FileBytes(options_.path) + FileBytes(options_.path + "-wal"); }

std::string Storage::schema_version() const { return absl::StrCat(Migrations().size()); }

}  // namespace doorstep
