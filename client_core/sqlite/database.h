// SQLite as values and status codes: Database opens a file and runs transactions, Statement is one prepared statement.
// Invariant: an error of SQLite never goes unseen, and names what was being done.
// Not thread-safe: one Database and its statements belong to one thread at a time.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_DATABASE_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace doorstep::sqlite {

class StatementPool;

// What a statement's text was compiled to.
struct Compiled {
  sqlite3_stmt* code = nullptr;
  std::vector<int> index_by_parameter;  // $n -> SQLite's own number.
};

// A prepared statement, reusable. Parameters are written $1, $2, ... and bound by name, because SQLite numbers `$n` by
// first appearance and binding by position would swap silently. Bound bytes are copied unless a name says otherwise.
// Use: Bind..., then Step until it returns false, then it is reset and ready to be bound again.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& Bind(int parameter, int64_t value);
  Statement& BindText(int parameter, absl::string_view value);
  Statement& BindBlob(int parameter, absl::string_view value);
  // Without a copy: `value` must stay until the statement is stepped to its end or reset.
  Statement& BindTextBorrowed(int parameter, absl::string_view value);
  Statement& BindBlobBorrowed(int parameter, absl::string_view value);
  Statement& BindNull(int parameter);

  // True: a row is there. False: done; the statement has been reset.
  absl::StatusOr<bool> Step();
  // For statements without rows: steps to the end.
  absl::Status Run();
  // Forgets a half-read result.
  void Reset();

  int64_t Int(int column) const;
  // Valid until the next Step or Reset.
  absl::string_view Text(int column) const;
  absl::string_view Blob(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* db, Compiled compiled, std::shared_ptr<StatementPool> pool);
  int Index(int parameter);
  void Note(int code);

  sqlite3* db_ = nullptr;
  Compiled compiled_;
  std::shared_ptr<StatementPool> pool_;  // Where it goes when nobody uses it any more.
  int bind_error_ = 0;                   // The first failed bind; reported by Step.
};

enum class Synchronous { kNormal, kFull };

struct OpenOptions {
  std::string path;  // ":memory:" is allowed.
  // FULL: a commit survives a power cut, and so does everything that is there once the file is open.
  Synchronous synchronous = Synchronous::kFull;
  bool read_only = false;
  bool create = true;  // When there is no such file; else FAILED_PRECONDITION.
  std::string key{};   // 32 bytes; empty: not encrypted.
  std::string vfs{};   // Empty: the system's.
  int busy_timeout_ms = 5000;
  int64_t cache_bytes = 8 * 1024 * 1024;
  int page_bytes = 0;      // Of a file that is created: a power of two, 512 to 65536; 0: SQLite's own, 4096.
  bool exclusive = false;  // Only one process may have the file open (no shared memory file).
  // The file goes when anything fails: nothing is rolled back, nothing waits for the disk, no second connection.
  bool scratch = false;
};

class Database {
 public:
  // WAL mode, secure_delete off, defensive mode on, no extensions. FAILED_PRECONDITION: wrong or missing key, an
  // encrypted file with a SQLite that cannot decrypt, or somebody else has an exclusive file open; DATA_LOSS: damaged;
  // RESOURCE_EXHAUSTED: disk full.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const OpenOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Compiles a text once: a statement that goes is kept for the next who asks for the same one.
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // Any number of statements, results dropped.
  absl::Status Execute(absl::string_view sql);
  // Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when `body` or the commit fails. Not nested.
  absl::Status Transaction(const std::function<absl::Status()>& body);
  // A consistent view for several reads: BEGIN (deferred) ... COMMIT.
  absl::Status ReadTransaction(const std::function<absl::Status()>& body);
  // Moves the WAL into the database file as far as readers allow, without waiting.
  absl::Status Checkpoint();
  // Moves all of the WAL into the database file, which is then durable on its own, and empties it. UNAVAILABLE: another
  // connection is reading.
  absl::Status CheckpointAll();
  // From now on commits never move the WAL into the file by themselves: the owner calls Checkpoint() when WalBytes()
  // says that it has grown.
  absl::Status OwnCheckpoints();
  // Of the pages in the WAL after the last commit of this connection. Only after OwnCheckpoints().
  int64_t WalBytes() const { return wal_pages_ * page_bytes_; }
  absl::StatusOr<int64_t> PageBytes();
  // What was committed survives a power cut, also with Synchronous::kNormal.
  absl::Status SyncLog();
  // Copies everything into `copy`, which must be empty, page by page. Inside a read transaction that has read already
  // it is that view, whatever is committed meanwhile. `progress` hears of pages done and in all; false: stop
  // (CANCELLED).
  absl::Status CopyTo(Database& copy, const std::function<bool(int64_t done, int64_t total)>& progress);
  // Full integrity check; DATA_LOSS with the first finding.
  absl::Status CheckIntegrity();
  // Rows changed by the last statement.
  int64_t Changes() const;

  sqlite3* handle() { return db_; }

 private:
  explicit Database(sqlite3* db);
  sqlite3* db_;
  const std::shared_ptr<StatementPool> pool_;
  int64_t wal_pages_ = 0;
  int64_t page_bytes_ = 0;
};

// The status for SQLite's result `code` on `db` (may be null), saying what was being done. RESOURCE_EXHAUSTED means the
// disk and nothing else; without memory it is UNAVAILABLE.
absl::Status StatusOf(sqlite3* db, int code, absl::string_view doing);

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_DATABASE_H_
