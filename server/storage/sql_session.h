// The one class that table files speak to: SQL text in, rows out, over one connection. Statements are prepared once
// for each text and kept.
// Not thread-safe: a session belongs to one thread at a time.
#ifndef DOORSTEP_SERVER_STORAGE_SQL_SESSION_H_
#define DOORSTEP_SERVER_STORAGE_SQL_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep {

// One use of a prepared statement: bind, then Step until it returns false, or Run. Leaving the scope ends the use, a
// half-read result included. Two uses of one text must not overlap.
class Query {
 public:
  Query(sqlite::Database* db, sqlite::Statement* statement, absl::Status status)
      : db_(db), statement_(statement), status_(std::move(status)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() {
    if (statement_ != nullptr) statement_->Reset();
  }

  // Parameter $n. Bytes must stay until the statement has been stepped to its end or the use is over.
  Query& Int(int n, int64_t value);
  Query& Text(int n, absl::string_view value);
  Query& Blob(int n, absl::string_view value);
  Query& Null(int n);

  // True: a row is there. Errors of preparing and binding surface here.
  absl::StatusOr<bool> Step();
  absl::Status Run();
  // Runs an INSERT, UPDATE or DELETE; the number of rows that it changed.
  absl::StatusOr<int64_t> RunCounted();

  // Columns of the row, from 0. Bytes stay valid until the next Step or the end of the use.
  int64_t Int(int column) const { return statement_->Int(column); }
  absl::string_view Text(int column) const { return statement_->Text(column); }
  absl::string_view Blob(int column) const { return statement_->Blob(column); }
  bool IsNull(int column) const { return statement_->IsNull(column); }

 private:
  sqlite::Database* const db_;
  sqlite::Statement* const statement_;
  absl::Status status_;
};

class SqlSession {
 public:
  explicit SqlSession(std::unique_ptr<sqlite::Database> db) : db_(std::move(db)) {}
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  // `text` is a literal: its address names the statement.
  template <size_t N>
  Query Use(const char (&text)[N]) {
    return UseText(text, N - 1);
  }

  absl::Status Transaction(const std::function<absl::Status()>& body) { return db_->Transaction(body); }
  absl::Status ReadTransaction(const std::function<absl::Status()>& body) { return db_->ReadTransaction(body); }
  // Runs `body` so that an error undoes what it wrote and nothing else. Inside a transaction; may nest. UNAVAILABLE:
  // the file ended the whole transaction; nothing of it stands.
  absl::Status Savepoint(const std::function<absl::Status()>& body);

  sqlite::Database& database() { return *db_; }

 private:
  Query UseText(const char* text, size_t length);

  std::unique_ptr<sqlite::Database> db_;  // Outlives the statements below.
  absl::flat_hash_map<const char*, std::unique_ptr<sqlite::Statement>> statements_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_SQL_SESSION_H_
