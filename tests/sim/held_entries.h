// Every entry that the office ever held, whatever became of its disk: what a phone may show as safe.
#ifndef DOORSTEP_TESTS_SIM_HELD_ENTRIES_H_
#define DOORSTEP_TESTS_SIM_HELD_ENTRIES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/storage.h"

namespace doorstep::sim {

// (boot id, monotonic instant of the tap): stands in an entry's bytes and in no other's.
using EntryKey = std::pair<std::string, int64_t>;

class HeldEntries {
 public:
  // Reads what came up to `mark` since the last time.
  absl::Status Note(Storage& storage, const std::string& device, const v1::JournalMark& mark);
  // Reads what it has of all journals: what a process took that died before it could say so.
  absl::Status NoteAll(Storage& storage);
  // An older file was put in place: positions may get other entries now.
  void WentBack() { through_.clear(); }

  bool Has(const EntryKey& key) const { return keys_.count(key) > 0; }

 private:
  std::map<std::pair<std::string, uint64_t>, uint64_t> through_;  // By device and epoch.
  std::set<EntryKey> keys_;
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_HELD_ENTRIES_H_
