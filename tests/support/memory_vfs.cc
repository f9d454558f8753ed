#include "tests/support/memory_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/mutex.h"

namespace doorstep::testing {
namespace {

constexpr char kName[] = "memory-files";
constexpr size_t kBlockBytes = 16 * 1024;

// A file that somebody has open.
struct Node {
  std::string path;  // Empty: a temporary file.
  std::string bytes;
  bool changed = false;
  bool dropped = false;              // It is not put back.
  std::vector<bool> changed_blocks;  // Of kBlockBytes each: what is put where it belongs in the end.
  int handles = 0;

  int shared = 0;
  bool reserved = false;
  bool exclusive = false;  // Or about to be: nobody new may read.

  std::vector<std::unique_ptr<char[]>> memory;       // What the connections of a write-ahead log share.
  std::array<int, SQLITE_SHM_NLOCK> memory_locks{};  // Readers; -1: a writer.
};

struct MemoryFile {
  sqlite3_file base;
  Node* node;
  int level;
  unsigned shared_memory;  // Its locks there, a bit each.
  unsigned exclusive_memory;
  bool deleted_when_closed;
};

struct Files {
  Mutex mutex;
  std::map<std::string, std::unique_ptr<Node>> by_path ABSL_GUARDED_BY(mutex);
};

Files& TheFiles() {
  static auto* const files = new Files;
  return *files;
}

sqlite3_vfs* System() {
  static sqlite3_vfs* const system = sqlite3_vfs_find("unix");
  return system;
}

MemoryFile& AsMemory(sqlite3_file* file) { return *reinterpret_cast<MemoryFile*>(file); }
Node& NodeOf(sqlite3_file* file) { return *AsMemory(file).node; }

void NoteChanged(Node& node, size_t from, size_t to) {
  node.changed = true;
  const size_t end = (to + kBlockBytes - 1) / kBlockBytes;
  if (node.changed_blocks.size() < end) node.changed_blocks.resize(end);
  for (size_t block = from / kBlockBytes; block < end; ++block) node.changed_blocks[block] = true;
}

// Writes what has changed into the system's file; false: it could not.
bool PutBack(const Node& node) {
  const int file = open(node.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return false;
  bool good = ftruncate(file, static_cast<off_t>(node.bytes.size())) == 0;
  for (size_t block = 0; good && block < node.changed_blocks.size(); ++block) {
    const size_t at = block * kBlockBytes;
    if (!node.changed_blocks[block] || at >= node.bytes.size()) continue;
    const size_t size = std::min(kBlockBytes, node.bytes.size() - at);
    good = pwrite(file, node.bytes.data() + at, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
  }
  return close(file) == 0 && good;
}

// ---- of a file ----

int Unlock(sqlite3_file* file, int level) {
  MemoryFile& memory = AsMemory(file);
  if (memory.level <= level) return SQLITE_OK;
  MutexLock lock(&TheFiles().mutex);
  Node& node = *memory.node;
  if (memory.level >= SQLITE_LOCK_RESERVED) node.reserved = false;
  if (memory.level >= SQLITE_LOCK_PENDING) node.exclusive = false;
  if (level == SQLITE_LOCK_NONE) --node.shared;
  memory.level = level;
  return SQLITE_OK;
}

int Close(sqlite3_file* file) {
  MemoryFile& memory = AsMemory(file);
  Unlock(file, SQLITE_LOCK_NONE);
  MutexLock lock(&TheFiles().mutex);
  Node& node = *memory.node;
  if (--node.handles > 0) return SQLITE_OK;
  if (node.path.empty()) {
    delete &node;
    return SQLITE_OK;
  }
  if (memory.deleted_when_closed) {
    unlink(node.path.c_str());
  } else if (node.changed && !node.dropped) {
    if (!PutBack(node)) abort();  // The test's own disk is full: nothing it says would be true.
  }
  const std::string path = node.path;
  TheFiles().by_path.erase(path);
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 from) {
  MutexLock lock(&TheFiles().mutex);
  const std::string& held = NodeOf(file).bytes;
  const auto there = std::clamp<sqlite3_int64>(static_cast<sqlite3_int64>(held.size()) - from, 0, bytes);
  if (there > 0) std::memcpy(to, held.data() + from, static_cast<size_t>(there));
  if (there == bytes) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + there, 0, static_cast<size_t>(bytes - there));
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  MutexLock lock(&TheFiles().mutex);
  Node& node = NodeOf(file);
  const auto end = static_cast<size_t>(at) + static_cast<size_t>(bytes);
  if (node.bytes.size() < end) node.bytes.resize(end);
  std::memcpy(node.bytes.data() + at, from, static_cast<size_t>(bytes));
  NoteChanged(node, static_cast<size_t>(at), end);
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  MutexLock lock(&TheFiles().mutex);
  Node& node = NodeOf(file);
  // What is cut off is nothing but zeros should the file grow again.
  NoteChanged(node, static_cast<size_t>(bytes), std::max(node.bytes.size(), static_cast<size_t>(bytes)));
  node.bytes.resize(static_cast<size_t>(bytes));
  return SQLITE_OK;
}

int Sync(sqlite3_file*, int) { return SQLITE_OK; }

int FileSize(sqlite3_file* file, sqlite3_int64* bytes) {
  MutexLock lock(&TheFiles().mutex);
  *bytes = static_cast<sqlite3_int64>(NodeOf(file).bytes.size());
  return SQLITE_OK;
}

int Lock(sqlite3_file* file, int level) {
  MemoryFile& memory = AsMemory(file);
  if (memory.level >= level) return SQLITE_OK;
  MutexLock lock(&TheFiles().mutex);
  Node& node = *memory.node;
  if (memory.level == SQLITE_LOCK_NONE) {
    if (node.exclusive) return SQLITE_BUSY;
    ++node.shared;
    memory.level = SQLITE_LOCK_SHARED;
  }
  if (level == SQLITE_LOCK_SHARED) return SQLITE_OK;
  if (memory.level < SQLITE_LOCK_RESERVED) {
    if (node.reserved) return SQLITE_BUSY;
    node.reserved = true;
    memory.level = SQLITE_LOCK_RESERVED;
  }
  if (level == SQLITE_LOCK_RESERVED) return SQLITE_OK;
  node.exclusive = true;
  memory.level = SQLITE_LOCK_PENDING;
  if (node.shared > 1) return SQLITE_BUSY;
  memory.level = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

int CheckReservedLock(sqlite3_file* file, int* taken) {
  MutexLock lock(&TheFiles().mutex);
  *taken = NodeOf(file).reserved ? 1 : 0;
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
// As those of the system's disk.
int SectorSize(sqlite3_file*) { return 4096; }
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// ---- the memory that connections of a write-ahead log share ----

int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** at) {
  MutexLock lock(&TheFiles().mutex);
  auto& memory = NodeOf(file).memory;
  *at = nullptr;
  if (static_cast<size_t>(page) >= memory.size() && extend == 0) return SQLITE_OK;
  while (memory.size() <= static_cast<size_t>(page)) {
    memory.push_back(std::make_unique<char[]>(static_cast<size_t>(bytes)));
  }
  *at = memory[static_cast<size_t>(page)].get();
  return SQLITE_OK;
}

int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  MutexLock lock(&TheFiles().mutex);
  MemoryFile& memory = AsMemory(file);
  auto& locks = memory.node->memory_locks;
  const unsigned bits = ((1U << count) - 1U) << offset;
  const auto slots = [&](auto&& what) {
    for (int slot = offset; slot < offset + count; ++slot) what(locks[static_cast<size_t>(slot)], 1U << slot);
  };
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    slots([&](int& readers, unsigned bit) {
      if ((memory.exclusive_memory & bit) != 0) readers = 0;
      if ((memory.shared_memory & bit) != 0) --readers;
    });
    memory.exclusive_memory &= ~bits;
    memory.shared_memory &= ~bits;
    return SQLITE_OK;
  }
  const bool shared = (flags & SQLITE_SHM_SHARED) != 0;
  bool busy = false;
  slots([&](int& readers, unsigned bit) {
    const bool own = ((memory.shared_memory | memory.exclusive_memory) & bit) != 0;
    busy |= !own && (shared ? readers < 0 : readers != 0);
  });
  if (busy) return SQLITE_BUSY;
  slots([&](int& readers, unsigned bit) {
    if (((memory.shared_memory | memory.exclusive_memory) & bit) != 0) return;
    if (shared) {
      ++readers;
      memory.shared_memory |= bit;
    } else {
      readers = -1;
      memory.exclusive_memory |= bit;
    }
  });
  return SQLITE_OK;
}

void ShmBarrier(sqlite3_file*) {}

// With the last connection it goes anyway.
int ShmUnmap(sqlite3_file*, int) { return SQLITE_OK; }

constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

// ---- of the disk ----

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  MemoryFile& memory = AsMemory(file);
  memory = {};
  MutexLock lock(&TheFiles().mutex);
  auto& by_path = TheFiles().by_path;
  if (name == nullptr) {
    memory.node = new Node;
  } else if (const auto found = by_path.find(name); found != by_path.end()) {
    memory.node = found->second.get();
  } else {
    const bool is_there = access(name, F_OK) == 0;
    if (!is_there && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    auto node = std::make_unique<Node>();
    node->path = name;
    if (is_there) {
      std::ifstream in(name, std::ios::binary | std::ios::ate);
      node->bytes.resize(static_cast<size_t>(in.tellg()));
      in.seekg(0);
      in.read(node->bytes.data(), static_cast<std::streamsize>(node->bytes.size()));
      if (!in) return SQLITE_CANTOPEN;
    } else {
      // Its name is there from now on.
      if (!std::ofstream(name, std::ios::binary)) return SQLITE_CANTOPEN;
    }
    memory.node = node.get();
    by_path[name] = std::move(node);
  }
  ++memory.node->handles;
  memory.deleted_when_closed = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  memory.base.pMethods = &kMethods;
  if (opened_flags != nullptr) *opened_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs*, const char* name, int) {
  MutexLock lock(&TheFiles().mutex);
  if (const auto found = TheFiles().by_path.find(name); found != TheFiles().by_path.end()) {
    found->second->bytes.clear();  // Nobody but who deletes it has it open.
    found->second->changed = false;
    found->second->changed_blocks.clear();
  }
  return unlink(name) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int Access(sqlite3_vfs*, const char* name, int flags, int* answer) {
  {
    MutexLock lock(&TheFiles().mutex);
    if (const auto found = TheFiles().by_path.find(name); found != TheFiles().by_path.end()) {
      *answer = flags != SQLITE_ACCESS_EXISTS || !found->second->bytes.empty() ? 1 : 0;
      return SQLITE_OK;
    }
  }
  return System()->xAccess(System(), name, flags, answer);
}

int FullPathname(sqlite3_vfs*, const char* name, int bytes, char* path) {
  return System()->xFullPathname(System(), name, bytes, path);
}
int Randomness(sqlite3_vfs*, int bytes, char* to) { return System()->xRandomness(System(), bytes, to); }
int Sleep(sqlite3_vfs*, int us) { return System()->xSleep(System(), us); }
int CurrentTime(sqlite3_vfs*, double* days) { return System()->xCurrentTime(System(), days); }
int GetLastError(sqlite3_vfs*, int bytes, char* text) { return System()->xGetLastError(System(), bytes, text); }
int CurrentTimeInt64(sqlite3_vfs*, sqlite3_int64* ms) { return System()->xCurrentTimeInt64(System(), ms); }

}  // namespace

const char* MemoryVfs() {
  static sqlite3_vfs* const registered = [] {
    sqlite3_initialize();
    auto* vfs = new sqlite3_vfs{};
    vfs->iVersion = 2;
    vfs->szOsFile = static_cast<int>(sizeof(MemoryFile));
    vfs->mxPathname = System()->mxPathname;
    vfs->zName = kName;
    vfs->xOpen = Open;
    vfs->xDelete = Delete;
    vfs->xAccess = Access;
    vfs->xFullPathname = FullPathname;
    vfs->xRandomness = Randomness;
    vfs->xSleep = Sleep;
    vfs->xCurrentTime = CurrentTime;
    vfs->xGetLastError = GetLastError;
    vfs->xCurrentTimeInt64 = CurrentTimeInt64;
    sqlite3_vfs_register(vfs, 0);
    return vfs;
  }();
  return registered->zName;
}

void DropMemoryFiles() {
  MutexLock lock(&TheFiles().mutex);
  for (const auto& [path, node] : TheFiles().by_path) node->dropped = true;
}

}  // namespace doorstep::testing
