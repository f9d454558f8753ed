// Compiled statements that nobody uses at the moment, by their text: compiling one costs many times what running it
// does. Invariant: what is kept is reset and holds none of the values that were bound to it. Not thread-safe: as the
// database's.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_STATEMENT_POOL_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_STATEMENT_POOL_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep::sqlite {

class StatementPool {
 public:
  StatementPool() = default;
  ~StatementPool() { Close(); }
  StatementPool(const StatementPool&) = delete;
  StatementPool& operator=(const StatementPool&) = delete;

  // Without code: there is none for `text`. Makes room for it, so that giving it back needs no memory.
  Compiled Take(absl::string_view text);
  void Give(Compiled compiled) noexcept;
  // The database goes: what is here and what comes later goes too.
  void Close();

 private:
  std::map<std::string, Compiled, std::less<>> by_text_;  // Without code: it is in use.
};

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_STATEMENT_POOL_H_
