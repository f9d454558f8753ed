// The files by which a salvaged journal takes the place of a damaged one:
//
//   journal.db.salvaging   is being written: worth nothing yet
//   journal.db.salvaged    whole and durable; from the moment it has this name it is the journal
//   journal.db.damaged-N   what was damaged, set aside; nobody reads it any more
//
// Invariant: one rename decides (salvaging -> salvaged). A process that ends before it leaves the damaged journal as it
// was, to be salvaged again; one that ends after it leaves the rest to Finish, which may be called again and again.
#ifndef DOORSTEP_CLIENT_CORE_STORE_JOURNAL_SWAP_H_
#define DOORSTEP_CLIENT_CORE_STORE_JOURNAL_SWAP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace doorstep {

class JournalSwap {
 public:
  // `journal`: the path of the journal's file.
  explicit JournalSwap(std::string journal);

  // Where to write the salvaged journal; what was left there is removed.
  std::string Begin() const;
  // The file at Begin() is written and closed: makes it durable, then the journal. An error changes nothing.
  absl::Status Decide() const;
  // True between Decide() and the end of Finish(): the file under the journal's name must not be written to.
  bool decided() const;
  // Sets the damaged file aside and gives the salvaged one its name. Returns the name of the damaged file without its
  // folder. After an error it can be called again, also by another process.
  absl::StatusOr<std::string> Finish() const;
  // Removes what a process left that ended before it had decided.
  void Clean() const;

 private:
  const std::string journal_;
};

// Renames an SQLite file with its companion to NAME.damaged-N. What cannot be renamed is removed: the next file of that
// name must not meet an old log.
void SetAside(const std::string& path);
// Removes an SQLite file with its companions.
void RemoveDatabase(const std::string& path);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_JOURNAL_SWAP_H_
