// A SQLite VFS that keeps a file in memory while anybody has it open and puts it where it belongs when the last one
// closes it. For simulations: their disks are made up anyway, and calls of the system cost them most of their time.
// Locks hold among the connections of this process only.
#ifndef DOORSTEP_TESTS_SUPPORT_MEMORY_VFS_H_
#define DOORSTEP_TESTS_SUPPORT_MEMORY_VFS_H_

namespace doorstep::testing {

// Its name, for sqlite3_vfs_find. Registers it the first time.
const char* MemoryVfs();

// What is open now is dropped when it closes, instead of being put where it belongs: nobody is going to look.
void DropMemoryFiles();

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_MEMORY_VFS_H_
