// A disk whose power can be cut: a SQLite VFS over the system's files that remembers, for every file, the bytes that
// were there when it was last synced. The process that uses it can be killed at any write, and what it had not synced
// can be lost, sector by sector. It also keeps a record of every change, for those who look at each moment of a story,
// and fails any call it is told to. Between it and SQLite stands the layer that encrypts, as in the programs, with and
// without a key.
// Not modelled in a power cut of its own: renames and deletes count as durable at once. Files that SQLite does not
// write are seen only by a program that is linked with power_calls.cc.
#ifndef DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_
#define DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/random.h"

namespace doorstep::testing {

struct PowerDiskState;

// One change of the disk. Paths are as they were given to the system.
struct DiskChange {
  enum class Kind {
    kCreate,     // `path` is a new, empty file; with a slash at its end, a folder.
    kWrite,      // `bytes` stand at `at`.
    kTruncate,   // `at` is the new size.
    kSync,       // What was written to `path` is durable.
    kDelete,     // There is no `path` any more.
    kRename,     // `path` is `to` from now on, in place of what was there.
    kLink,       // `path` has the name `to` as well.
    kSyncNames,  // What was created, deleted and renamed in the folder of `path` is durable.
  };
  Kind kind;
  std::string path;
  int64_t at = 0;
  std::string bytes{};
  std::string to{};
};

enum class DiskFault {
  kIoError,  // Any call may fail.
  kFull,     // Only what takes room does.
};

class PowerDisk {
 public:
  // Over the files of the system, or over those of another of SQLite's disks.
  explicit PowerDisk(const char* below = "unix");
  // Every database on it has been closed before.
  ~PowerDisk();
  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  // What OpenOptions::vfs and its like take.
  const std::string& vfs() const;

  // Whatever SQLite opens from now on without naming a disk is on this one, as long as it is there.
  void BecomeDefault();

  // The process dies after so many more writes, syncs, truncations and deletes (0: before the next one): from then on
  // nothing it does changes a byte, and each of its attempts fails, closing its files included.
  void DieAfter(int64_t operations);
  bool dead() const;
  // Writes fail for lack of space while it is so.
  void SetFull(bool full);
  // From now on there is room for so many bytes more than stand below `folder` (empty: on the whole disk); deleting and
  // cutting files gives room back. Negative: there is room for everything.
  void SetRoom(int64_t bytes, const std::string& folder = "");
  // How many operations there have been since the beginning.
  int64_t operations() const;

  // From now on every change is kept.
  void Record();
  // How many have been kept.
  int64_t recorded() const;
  // What was kept; nothing more is.
  std::vector<DiskChange> TakeRecord();

  // The call after so many more fails, and unless `once` all after it, until Heal(). Calls are reads, writes, syncs,
  // truncations, deletions, openings and the like: more than there are operations.
  void FailAfter(int64_t calls, DiskFault fault, bool once);
  void Heal();
  int64_t calls() const;
  // Calls that were made to fail.
  int64_t failures() const;

  // What the program does without SQLite below `folder` happens on this disk. One disk at a time; empty: no longer.
  void CoverFolder(const std::string& folder);

  // Once everything is closed: the files are as the dead process left them, and the next process may come.
  void Revive();
  // The same after a power cut: of what was not synced, each sector of 512 bytes is there or not, as drawn.
  void ReviveAfterPowerCut(Random& random);
  // The files were replaced by others, of which every byte is durable. Nothing is open.
  void ForgetFiles();

 private:
  const std::unique_ptr<PowerDiskState> state_;
};

// What power_calls.cc asks for every such call of the program. 0: done as it should be, else errno's value; `real`
// makes the call itself and answers the same.
bool IsCovered(const std::string& path);
int CoveredCall(DiskChange change, const std::function<int()>& real);
// The same for one that changes nothing, before it is made.
int CoveredLook();

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_POWER_VFS_H_
