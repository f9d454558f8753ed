#include "client_core/sqlite/database.h"

#include <sqlite3.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/statement_pool.h"

namespace doorstep::sqlite {
namespace {

absl::StatusCode CodeOf(int code) {
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::StatusCode::kOk;
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_NOMEM:
      return absl::StatusCode::kUnavailable;  // No disk is full: nobody should make room, or give up what keeps it.
    case SQLITE_CORRUPT:
      return absl::StatusCode::kDataLoss;
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    default:
      if (code == SQLITE_IOERR_NOMEM) return absl::StatusCode::kUnavailable;
      // A failing write on a full disk may surface as an I/O error.
      return code == SQLITE_IOERR_WRITE ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kInternal;
  }
}

// Settings of every connection.
std::string CommonPragmas(const OpenOptions& options) {
  return absl::StrCat("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-", options.cache_bytes / 1024,
                      "; PRAGMA trusted_schema=OFF");
}

// Without the defensive mode, which forbids to do without a journal.
absl::Status ConfigureScratch(Database& db, const OpenOptions& options) {
  return db.Execute(absl::StrCat("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; ",
                                 CommonPragmas(options)));
}

absl::Status ConfigureConnection(Database& db, const OpenOptions& options) {
  if (!options.key.empty()) {
#ifdef DOORSTEP_SQLITE_CIPHER
    // 32 bytes are a key already: "raw:" spares the derivation that passphrases need, tens of milliseconds a file.
    const std::string key = options.key.size() == 32 ? absl::StrCat("raw:", options.key) : options.key;
    const int code = sqlite3_key(db.handle(), key.data(), static_cast<int>(key.size()));
    if (code != SQLITE_OK) return StatusOf(db.handle(), code, "setting the key");
#else
    return absl::FailedPreconditionError("this build's SQLite cannot encrypt: build with -DDOORSTEP_SQLITE=bundled");
#endif
  }
  sqlite3_busy_timeout(db.handle(), options.busy_timeout_ms);
  sqlite3_extended_result_codes(db.handle(), 1);
  // Else a statement is compiled again whenever its LIMIT is bound.
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
  if (options.page_bytes > 0) RETURN_IF_ERROR(db.Execute(absl::StrCat("PRAGMA page_size=", options.page_bytes)));
  if (options.scratch) return ConfigureScratch(db, options);
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (options.exclusive) RETURN_IF_ERROR(db.Execute("PRAGMA locking_mode=EXCLUSIVE"));
  const absl::Status wal =
      db.Execute(options.read_only ? "SELECT count(*) FROM sqlite_schema" : "PRAGMA journal_mode=WAL");
  if (!wal.ok()) {
    if (absl::IsUnavailable(wal) && (sqlite3_errcode(db.handle()) & 0xFF) != SQLITE_NOMEM) {
      return absl::FailedPreconditionError(absl::StrCat(options.path, ": another process has this file open"));
    }
    if (absl::IsFailedPrecondition(wal) && wal.message().find("not a database") != absl::string_view::npos) {
      return absl::FailedPreconditionError(
          absl::StrCat(options.path, ": not a database, or encrypted with another key"));
    }
    return wal;
  }
  const bool full = options.synchronous == Synchronous::kFull && !Planted("synchronous_normal");
  // A process that was killed between writing a commit and syncing it left one that is read like any other, and that a
  // power cut may yet take back. Nobody is told of it before it is durable.
  if (full && !options.read_only && !Planted("log_not_synced_at_opening")) RETURN_IF_ERROR(db.SyncLog());
  return db.Execute(absl::StrCat("PRAGMA synchronous=", full ? "FULL" : "NORMAL", "; ", CommonPragmas(options)));
}

// Ends a transaction that is still open when it goes. Also when memory runs out in the midst of it and the caller's
// exception passes through: inside a transaction that nobody ends, whatever is written next would seem durable and be
// taken back when the file is closed.
class EndOfTransaction {
 public:
  explicit EndOfTransaction(sqlite3* db) : db_(db) {}
  ~EndOfTransaction() {
    if (sqlite3_get_autocommit(db_) == 0) (void)sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  EndOfTransaction(const EndOfTransaction&) = delete;
  EndOfTransaction& operator=(const EndOfTransaction&) = delete;

 private:
  sqlite3* const db_;
};

// $1 may be SQLite's second parameter: which is which.
std::vector<int> Indexes(sqlite3_stmt* statement) {
  const int count = sqlite3_bind_parameter_count(statement);
  std::vector<int> index(static_cast<size_t>(count) + 1, 0);
  for (int i = 1; i <= count; ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    const int n = name != nullptr ? atoi(name + 1) : 0;
    if (n >= 1 && n <= count) index[n] = i;
  }
  return index;
}

}  // namespace

absl::Status StatusOf(sqlite3* db, int code, absl::string_view doing) {
  const absl::StatusCode status = CodeOf(code);
  if (status == absl::StatusCode::kOk) return absl::OkStatus();
  return absl::Status(status, absl::StrCat(doing, ": ", db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
}

Statement::Statement(sqlite3* db, Compiled compiled, std::shared_ptr<StatementPool> pool)
    : db_(db), compiled_(std::move(compiled)), pool_(std::move(pool)) {}

Statement::Statement(Statement&& other) noexcept { *this = std::move(other); }

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(compiled_, other.compiled_);
  std::swap(pool_, other.pool_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() {
  if (pool_ != nullptr) pool_->Give(std::move(compiled_));
}

int Statement::Index(int parameter) {
  const std::vector<int>& index = compiled_.index_by_parameter;
  return parameter >= 1 && parameter < static_cast<int>(index.size()) ? index[parameter] : 0;
}

void Statement::Note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

Statement& Statement::Bind(int parameter, int64_t value) {
  Note(sqlite3_bind_int64(compiled_.code, Index(parameter), value));
  return *this;
}

Statement& Statement::BindText(int parameter, absl::string_view value) {
  Note(sqlite3_bind_text64(compiled_.code, Index(parameter), value.data() != nullptr ? value.data() : "", value.size(),
                           SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindTextBorrowed(int parameter, absl::string_view value) {
  Note(sqlite3_bind_text64(compiled_.code, Index(parameter), value.data() != nullptr ? value.data() : "", value.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(int parameter, absl::string_view value) {
  Note(sqlite3_bind_blob64(compiled_.code, Index(parameter), value.data() != nullptr ? value.data() : "", value.size(),
                           SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::BindBlobBorrowed(int parameter, absl::string_view value) {
  Note(sqlite3_bind_blob64(compiled_.code, Index(parameter), value.data() != nullptr ? value.data() : "", value.size(),
                           SQLITE_STATIC));
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  Note(sqlite3_bind_null(compiled_.code, Index(parameter)));
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) {
    const int code = std::exchange(bind_error_, SQLITE_OK);
    Reset();
    return absl::InternalError(
        absl::StrCat("binding a parameter of \"", sqlite3_sql(compiled_.code), "\": ", sqlite3_errstr(code)));
  }
  const int code = sqlite3_step(compiled_.code);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(compiled_.code);
    return false;
  }
  absl::Status status = StatusOf(db_, code, sqlite3_sql(compiled_.code));
  sqlite3_reset(compiled_.code);
  return status;
}

absl::Status Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

void Statement::Reset() { sqlite3_reset(compiled_.code); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(compiled_.code, column); }

absl::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(compiled_.code, column));
  return text == nullptr ? absl::string_view() : absl::string_view(text, sqlite3_column_bytes(compiled_.code, column));
}

absl::string_view Statement::Blob(int column) const {
  const auto* blob = static_cast<const char*>(sqlite3_column_blob(compiled_.code, column));
  return blob == nullptr ? absl::string_view() : absl::string_view(blob, sqlite3_column_bytes(compiled_.code, column));
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(compiled_.code, column) == SQLITE_NULL; }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const OpenOptions& options) {
  sqlite3* handle = nullptr;
  const int access = options.read_only ? SQLITE_OPEN_READONLY
                     : options.create  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                       : SQLITE_OPEN_READWRITE;
  const int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  const int code =
      sqlite3_open_v2(options.path.c_str(), &handle, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> db(new Database(handle));
  if (code != SQLITE_OK) return StatusOf(handle, code, absl::StrCat("opening ", options.path));
  RETURN_IF_ERROR(ConfigureConnection(*db, options));
  return db;
}

Database::Database(sqlite3* db) : db_(db), pool_(std::make_shared<StatementPool>()) {}

Database::~Database() {
  pool_->Close();
  sqlite3_close_v2(db_);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  Compiled compiled = pool_->Take(sql);
  if (compiled.code == nullptr) {
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return StatusOf(db_, code, sql);
    std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owned(made, sqlite3_finalize);
    compiled.index_by_parameter = Indexes(made);
    compiled.code = owned.release();
  }
  return Statement(db_, std::move(compiled), pool_);
}

absl::Status Database::Execute(absl::string_view sql) {
  return StatusOf(db_, sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr), sql.substr(0, 120));
}

absl::Status Database::Transaction(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  // A failed commit may leave the transaction open (disk full, busy); a failed statement may have ended it already.
  const EndOfTransaction end(db_);
  RETURN_IF_ERROR(body());
  return Execute("COMMIT");
}

absl::Status Database::ReadTransaction(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Execute("BEGIN"));
  const EndOfTransaction undo(db_);
  absl::Status status = body();
  if (sqlite3_get_autocommit(db_) == 0) {
    const absl::Status end = Execute("COMMIT");
    if (status.ok()) status = end;
  }
  return status;
}

absl::Status Database::Checkpoint() {
  return StatusOf(db_, sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr),
                  "checkpoint");
}

absl::Status Database::CheckpointAll() {
  return StatusOf(db_, sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr),
                  "checkpoint of everything");
}

absl::StatusOr<int64_t> Database::PageBytes() {
  ASSIGN_OR_RETURN(Statement read, Prepare("PRAGMA page_size"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  return row ? read.Int(0) : 0;
}

absl::Status Database::OwnCheckpoints() {
  ASSIGN_OR_RETURN(page_bytes_, PageBytes());
  // The hook takes the place of SQLite's automatic checkpoints.
  sqlite3_wal_hook(
      db_,
      [](void* database, sqlite3*, const char*, int pages) {
        static_cast<Database*>(database)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return absl::OkStatus();
}

absl::Status Database::SyncLog() {
  sqlite3_file* log = nullptr;
  const int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code != SQLITE_OK || log == nullptr || log->pMethods == nullptr) return absl::OkStatus();  // In memory.
  sqlite3_int64 bytes = 0;
  if (log->pMethods->xFileSize(log, &bytes) == SQLITE_OK && bytes == 0) return absl::OkStatus();
  return StatusOf(nullptr, log->pMethods->xSync(log, SQLITE_SYNC_NORMAL),
                  absl::StrCat("syncing the log of ", sqlite3_db_filename(db_, "main")));
}

absl::Status Database::CopyTo(Database& copy, const std::function<bool(int64_t done, int64_t total)>& progress) {
  constexpr int kPagesAtATime = 256;
  sqlite3_backup* const backup = sqlite3_backup_init(copy.db_, "main", db_, "main");
  if (backup == nullptr) return StatusOf(copy.db_, sqlite3_errcode(copy.db_), "beginning a copy");
  int code = SQLITE_OK;
  bool stopped = false;
  while (code == SQLITE_OK && !stopped) {
    code = sqlite3_backup_step(backup, kPagesAtATime);
    const int64_t total = sqlite3_backup_pagecount(backup);
    stopped = !progress(total - sqlite3_backup_remaining(backup), total) && code == SQLITE_OK;
  }
  sqlite3_backup_finish(backup);
  if (stopped) return absl::CancelledError("the copy was stopped");
  if (code == SQLITE_DONE) return absl::OkStatus();
  return StatusOf(copy.db_, code, "copying a database");
}

absl::Status Database::CheckIntegrity() {
  ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA integrity_check(1)"));
  ASSIGN_OR_RETURN(const bool row, check.Step());
  const std::string finding(row ? check.Text(0) : "no answer");
  if (finding == "ok") return absl::OkStatus();
  // A page that could not be read is a finding too, with SQLite's code at its end or, among the free pages, without
  // one; a disk that fails has damaged nothing.
  if (finding.find("failed to get page") != std::string::npos) {
    return StatusOf(nullptr, SQLITE_IOERR_READ, absl::StrCat("integrity check: ", finding));
  }
  static constexpr char kCode[] = "error code=";
  const size_t at = finding.rfind(kCode);
  int code = SQLITE_OK;
  if (at != std::string::npos && absl::SimpleAtoi(finding.substr(at + sizeof(kCode) - 1), &code) &&
      (code & 0xFF) == SQLITE_IOERR) {
    return StatusOf(nullptr, code, absl::StrCat("integrity check: ", finding));
  }
  return absl::DataLossError(absl::StrCat("integrity check: ", finding));
}

int64_t Database::Changes() const { return sqlite3_changes64(db_); }

}  // namespace doorstep::sqlite
