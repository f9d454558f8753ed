#include "client_core/sqlite/statement_pool.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/match.h"

namespace doorstep::sqlite {
namespace {

// More texts than the phone or the server have; a few kilobytes each. Texts that never come again push all others out.
constexpr size_t kTextsMax = 128;

// Some pragmas do what they do while they are compiled.
bool IsPragma(absl::string_view text) { return absl::StartsWith(text, "PRAGMA"); }

}  // namespace

Compiled StatementPool::Take(absl::string_view text) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) return std::exchange(found->second, {});
  if (IsPragma(text)) return {};
  if (by_text_.size() >= kTextsMax) Close();
  by_text_.try_emplace(std::string(text));
  return {};
}

void StatementPool::Give(Compiled compiled) noexcept {
  if (compiled.code == nullptr) return;
  const auto place = by_text_.find(absl::string_view(sqlite3_sql(compiled.code)));
  if (place == by_text_.end() || place->second.code != nullptr) {  // Or somebody else used the same text meanwhile.
    sqlite3_finalize(compiled.code);
    return;
  }
  sqlite3_reset(compiled.code);
  sqlite3_clear_bindings(compiled.code);
  place->second = std::move(compiled);
}

void StatementPool::Close() {
  for (const auto& [text, compiled] : by_text_) sqlite3_finalize(compiled.code);
  by_text_.clear();
}

}  // namespace doorstep::sqlite
