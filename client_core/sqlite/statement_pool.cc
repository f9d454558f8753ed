#include "client_core/sqlite/statement_pool.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/match.h"

namespace doorstep::sqlite {
namespace {

// More texts than the phone or the server have; a few kilobytes each. Texts that never come again push all others out.
constexpr size_t kIdleMax = 128;

// Some pragmas do what they do while they are compiled.
bool IsPragma(absl::string_view text) { return absl::StartsWith(text, "PRAGMA"); }

}  // namespace

Compiled StatementPool::Take(absl::string_view text) {
  const auto found = idle_.find(text);
  if (found == idle_.end()) return {};
  Compiled compiled = std::move(found->second);
  idle_.erase(found);
  return compiled;
}

void StatementPool::Give(Compiled compiled) {
  if (compiled.code == nullptr) return;
  const absl::string_view text = sqlite3_sql(compiled.code);
  if (closed_ || IsPragma(text)) {
    sqlite3_finalize(compiled.code);
    return;
  }
  if (idle_.size() >= kIdleMax) Empty();
  sqlite3_reset(compiled.code);
  sqlite3_clear_bindings(compiled.code);
  sqlite3_stmt* const code = compiled.code;
  const bool kept = idle_.try_emplace(std::string(text), std::move(compiled)).second;
  if (!kept) sqlite3_finalize(code);  // Somebody else used the same text meanwhile.
}

void StatementPool::Close() {
  closed_ = true;
  Empty();
}

void StatementPool::Empty() {
  for (const auto& [text, compiled] : idle_) sqlite3_finalize(compiled.code);
  idle_.clear();
}

}  // namespace doorstep::sqlite
