// A disk whose power can be cut: a SQLite VFS over the system's files that remembers, for every file, the bytes that
// were there when it was last synced. The process that uses it can be killed at any write, and what it had not synced
// can be lost, sector by sector.
// Not modelled: renames and deletes count as durable at once, and files that SQLite does not write are not seen.
#ifndef DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_
#define DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "client_core/base/random.h"

namespace doorstep::testing {

struct PowerDiskState;

class PowerDisk {
 public:
  PowerDisk();
  // Every database on it has been closed before.
  ~PowerDisk();
  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  // What OpenOptions::vfs and its like take.
  const std::string& vfs() const;

  // The process dies after so many more writes, syncs, truncations and deletes (0: before the next one): from then on
  // nothing it does changes a byte, and each of its attempts fails, closing its files included.
  void DieAfter(int64_t operations);
  bool dead() const;
  // Writes fail for lack of space while it is so.
  void SetFull(bool full);
  // How many operations there have been since the beginning.
  int64_t operations() const;

  // Once everything is closed: the files are as the dead process left them, and the next process may come.
  void Revive();
  // The same after a power cut: of what was not synced, each sector of 512 bytes is there or not, as drawn.
  void ReviveAfterPowerCut(Random& random);
  // The files were replaced by others, of which every byte is durable. Nothing is open.
  void ForgetFiles();

 private:
  const std::unique_ptr<PowerDiskState> state_;
};

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_
