#include "server/storage/sql_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {

Query& Query::Int(int n, int64_t value) {
  if (statement_ != nullptr) statement_->Bind(n, value);
  return *this;
}

Query& Query::Text(int n, absl::string_view value) {
  if (statement_ != nullptr) statement_->BindTextBorrowed(n, value);
  return *this;
}

Query& Query::Blob(int n, absl::string_view value) {
  if (statement_ != nullptr) statement_->BindBlobBorrowed(n, value);
  return *this;
}

Query& Query::Null(int n) {
  if (statement_ != nullptr) statement_->BindNull(n);
  return *this;
}

absl::StatusOr<bool> Query::Step() {
  if (!status_.ok()) return status_;
  return statement_->Step();
}

absl::Status Query::Run() {
  if (!status_.ok()) return status_;
  return statement_->Run();
}

absl::StatusOr<int64_t> Query::RunCounted() {
  RETURN_IF_ERROR(Run());
  return db_->Changes();
}

absl::Status SqlSession::Savepoint(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Use("SAVEPOINT request").Run());
  const absl::Status status = body();
  if (!status.ok()) {
    if (!Use("ROLLBACK TO request").Run().ok()) {
      // The transaction itself is gone, as after an error of the disk: nobody may go on as if only `body` had failed.
      if (!absl::IsInternal(status)) return status;
      return absl::UnavailableError(absl::StrCat("the transaction was ended: ", status.message()));
    }
  }
  const absl::Status released = Use("RELEASE request").Run();
  return status.ok() ? released : status;
}

Query SqlSession::UseText(const char* text, size_t length) {
  std::unique_ptr<sqlite::Statement>& kept = statements_[text];
  if (kept == nullptr) {
    absl::StatusOr<sqlite::Statement> made = db_->Prepare(absl::string_view(text, length));
    if (!made.ok()) {
      statements_.erase(text);
      return Query(db_.get(), nullptr, made.status());
    }
    kept = std::make_unique<sqlite::Statement>(*std::move(made));
  }
  return Query(db_.get(), kept.get(), absl::OkStatus());
}

}  // namespace doorstep
