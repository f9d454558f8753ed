#include "tests/support/power_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/mutex.h"

namespace doorstep::testing {
namespace {

constexpr int64_t kSectorBytes = 512;

// One file since it was last synced.
struct Unsynced {
  int64_t synced_bytes = 0;  // Its size then.
  ino_t inode = 0;           // 0: not opened yet since it was made.
  // Sectors written since, by number, as they were; shorter at the end of the file, empty beyond it.
  std::map<int64_t, std::string> before;
};

}  // namespace

struct PowerDiskState {
  std::string name;
  std::string name_above;  // Of the layer that encrypts; empty: this SQLite has none.
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs vfs{};

  Mutex mutex;
  std::map<std::string, Unsynced> files ABSL_GUARDED_BY(mutex);
  bool dead ABSL_GUARDED_BY(mutex) = false;
  bool full ABSL_GUARDED_BY(mutex) = false;
  int64_t room_bytes ABSL_GUARDED_BY(mutex) = -1;  // Of all files of the folder together; negative: any.
  std::string room_folder ABSL_GUARDED_BY(mutex);
  int64_t operations ABSL_GUARDED_BY(mutex) = 0;
  int64_t dies_at ABSL_GUARDED_BY(mutex) = -1;
  bool recording ABSL_GUARDED_BY(mutex) = false;
  std::vector<DiskChange> record ABSL_GUARDED_BY(mutex);
  int64_t calls ABSL_GUARDED_BY(mutex) = 0;
  int64_t failures ABSL_GUARDED_BY(mutex) = 0;
  int64_t fails_at ABSL_GUARDED_BY(mutex) = -1;
  bool fails_once ABSL_GUARDED_BY(mutex) = false;
  DiskFault fault ABSL_GUARDED_BY(mutex) = DiskFault::kIoError;

  // False: the process is dead, nothing may change.
  bool Operate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!dead && dies_at >= 0 && operations >= dies_at) dead = true;
    if (!dead) ++operations;
    return !dead;
  }

  // Which fault strikes this call, if one does.
  std::optional<DiskFault> Strike(bool takes_room) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const bool strikes = fails_at >= 0 && calls >= fails_at && (fault == DiskFault::kIoError || takes_room);
    ++calls;
    if (!strikes) return std::nullopt;
    ++failures;
    if (fails_once) fails_at = -1;
    return fault;
  }

  int64_t BytesOnDisk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    int64_t bytes = 0;
    for (const auto& [path, file] : files) {
      struct stat there {};
      if (absl::StartsWith(path, room_folder) && stat(path.c_str(), &there) == 0) bytes += there.st_size;
    }
    return bytes;
  }

  void Keep(DiskChange change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (recording) record.push_back(std::move(change));
  }
};

namespace {

// The program's own calls below a folder: whose disk they happen on.
struct Covered {
  Mutex mutex;
  std::string folder ABSL_GUARDED_BY(mutex);
  PowerDiskState* disk ABSL_GUARDED_BY(mutex) = nullptr;
};

Covered& TheCovered() {
  static auto* const covered = new Covered;
  return *covered;
}

// While one stands, SQLite's own disk works for this one: its calls are not the program's.
class Inside {
 public:
  Inside() { ++depth; }
  ~Inside() { --depth; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  static bool any() { return depth > 0; }

 private:
  static thread_local int depth;
};
thread_local int Inside::depth = 0;

struct PowerFile {
  sqlite3_file base;
  PowerDiskState* disk;
  Unsynced* file;           // Null: a temporary file.
  const std::string* path;  // With `file`.
  bool names_due;           // Its first sync is to make its name durable too, as SQLite's own disk does.
  sqlite3_file* real;
};

PowerFile* AsPower(sqlite3_file* file) { return reinterpret_cast<PowerFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return AsPower(file)->real; }
PowerDiskState* DiskOf(sqlite3_vfs* vfs) { return static_cast<PowerDiskState*>(vfs->pAppData); }

int64_t SizeOf(sqlite3_file* real) {
  sqlite3_int64 bytes = 0;
  return real->pMethods->xFileSize(real, &bytes) == SQLITE_OK ? bytes : 0;
}

// Keeps what stands in [from, to) before it changes.
int KeepBefore(Unsynced& file, sqlite3_file* real, int64_t from, int64_t to) {
  for (int64_t sector = from / kSectorBytes; sector * kSectorBytes < to; ++sector) {
    const int64_t start = sector * kSectorBytes;
    if (file.before.count(sector) > 0) continue;
    std::string bytes(static_cast<size_t>(std::clamp<int64_t>(file.synced_bytes - start, 0, kSectorBytes)), '\0');
    if (!bytes.empty()) {
      const int code = real->pMethods->xRead(real, bytes.data(), static_cast<int>(bytes.size()), start);
      if (code != SQLITE_OK) return code;
    }
    file.before.emplace(sector, std::move(bytes));
  }
  return SQLITE_OK;
}

// ---- of a file ----

int Close(sqlite3_file* file) {
  const Inside inside;
  return Real(file)->pMethods->xClose(Real(file));
}
// SQLITE_OK or how a fault makes this call fail. For calls that change nothing.
int StrikeReader(PowerDiskState& disk, int failure) {
  MutexLock lock(&disk.mutex);
  return disk.Strike(/*takes_room=*/false).has_value() ? failure : SQLITE_OK;
}

int Read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 from) {
  const Inside inside;
  if (const int code = StrikeReader(*AsPower(file)->disk, SQLITE_IOERR_READ); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xRead(Real(file), to, bytes, from);
}
int Write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  const Inside inside;
  PowerDiskState& disk = *AsPower(file)->disk;
  MutexLock lock(&disk.mutex);
  if (!disk.Operate()) return SQLITE_IOERR_WRITE;
  if (disk.full) return SQLITE_FULL;
  const bool bounded = disk.room_bytes >= 0 && AsPower(file)->path != nullptr;
  if (bounded && absl::StartsWith(*AsPower(file)->path, disk.room_folder)) {
    const int64_t grows = std::max<int64_t>(0, at + bytes - SizeOf(Real(file)));
    if (grows > 0 && disk.BytesOnDisk() + grows > disk.room_bytes) return SQLITE_FULL;
  }
  if (const std::optional<DiskFault> fault = disk.Strike(/*takes_room=*/true); fault.has_value()) {
    return *fault == DiskFault::kFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  if (AsPower(file)->file != nullptr) {
    if (const int code = KeepBefore(*AsPower(file)->file, Real(file), at, at + bytes); code != SQLITE_OK) return code;
  }
  const int code = Real(file)->pMethods->xWrite(Real(file), from, bytes, at);
  if (code == SQLITE_OK && AsPower(file)->file != nullptr && disk.recording) {
    disk.Keep({DiskChange::Kind::kWrite, *AsPower(file)->path, at,
               std::string(static_cast<const char*>(from), static_cast<size_t>(bytes))});
  }
  return code;
}
int Truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  const Inside inside;
  PowerDiskState& disk = *AsPower(file)->disk;
  MutexLock lock(&disk.mutex);
  if (!disk.Operate()) return SQLITE_IOERR_TRUNCATE;
  if (disk.Strike(/*takes_room=*/false).has_value()) return SQLITE_IOERR_TRUNCATE;
  if (AsPower(file)->file != nullptr) {
    Unsynced& unsynced = *AsPower(file)->file;
    const int code = KeepBefore(unsynced, Real(file), bytes, unsynced.synced_bytes);
    if (code != SQLITE_OK) return code;
  }
  const int code = Real(file)->pMethods->xTruncate(Real(file), bytes);
  if (code == SQLITE_OK && AsPower(file)->file != nullptr) {
    disk.Keep({DiskChange::Kind::kTruncate, *AsPower(file)->path, bytes});
  }
  return code;
}
int Sync(sqlite3_file* file, int) {
  PowerDiskState& disk = *AsPower(file)->disk;
  MutexLock lock(&disk.mutex);
  if (!disk.Operate()) return SQLITE_IOERR_FSYNC;
  if (disk.Strike(/*takes_room=*/false).has_value()) return SQLITE_IOERR_FSYNC;
  if (AsPower(file)->file != nullptr) {
    AsPower(file)->file->before.clear();
    AsPower(file)->file->synced_bytes = SizeOf(Real(file));
    disk.Keep({DiskChange::Kind::kSync, *AsPower(file)->path});
    if (std::exchange(AsPower(file)->names_due, false)) {
      disk.Keep({DiskChange::Kind::kSyncNames, *AsPower(file)->path});
    }
  }
  return SQLITE_OK;  // Nothing below can lose power on its own.
}
int FileSize(sqlite3_file* file, sqlite3_int64* bytes) {
  const Inside inside;
  if (const int code = StrikeReader(*AsPower(file)->disk, SQLITE_IOERR_FSTAT); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xFileSize(Real(file), bytes);
}
int Lock(sqlite3_file* file, int level) {
  const Inside inside;
  return Real(file)->pMethods->xLock(Real(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  const Inside inside;
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* taken) {
  const Inside inside;
  return Real(file)->pMethods->xCheckReservedLock(Real(file), taken);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  const Inside inside;
  return Real(file)->pMethods->xFileControl(Real(file), what, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) { return Real(file)->pMethods->xDeviceCharacteristics(Real(file)); }
int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** at) {
  const Inside inside;
  return Real(file)->pMethods->xShmMap(Real(file), page, bytes, extend, at);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  const Inside inside;
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  const Inside inside;
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}

// Version 2: without memory-mapped reading, which would go past this.
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

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  const Inside inside;
  PowerDiskState& disk = *DiskOf(vfs);
  PowerFile& power = *AsPower(file);
  power = {};
  {
    MutexLock lock(&disk.mutex);
    if (disk.dead || disk.Strike(/*takes_room=*/false).has_value()) return SQLITE_CANTOPEN;
  }
  const bool was_there = name != nullptr && access(name, F_OK) == 0;
  power.disk = &disk;
  power.real = reinterpret_cast<sqlite3_file*>(&power + 1);
  const int code = disk.real->xOpen(disk.real, name, power.real, flags, opened_flags);
  if (code != SQLITE_OK) return code;
  power.base.pMethods = &kMethods;
  if (name == nullptr) return SQLITE_OK;
  MutexLock lock(&disk.mutex);
  const auto [known, is_new] = disk.files.try_emplace(name);
  struct stat there = {};
  (void)stat(name, &there);
  // Where a call that this layer does not see has put another file under the name, all of that is taken for durable.
  if (is_new || (known->second.inode != 0 && known->second.inode != there.st_ino)) {
    known->second = Unsynced();
    known->second.synced_bytes = SizeOf(power.real);
  }
  known->second.inode = there.st_ino;
  power.file = &known->second;
  power.path = &known->first;
  power.names_due = (flags & SQLITE_OPEN_CREATE) != 0 &&
                    (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  if (!was_there) disk.Keep({DiskChange::Kind::kCreate, name});
  return SQLITE_OK;
}
int Delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  const Inside inside;
  PowerDiskState& disk = *DiskOf(vfs);
  MutexLock lock(&disk.mutex);
  if (!disk.Operate()) return SQLITE_IOERR_DELETE;
  if (disk.Strike(/*takes_room=*/false).has_value()) return SQLITE_IOERR_DELETE;
  if (const auto found = disk.files.find(name); found != disk.files.end()) found->second = Unsynced();
  const int code = disk.real->xDelete(disk.real, name, sync_folder);
  if (code == SQLITE_OK) {
    disk.Keep({DiskChange::Kind::kDelete, name});
    if (sync_folder != 0) disk.Keep({DiskChange::Kind::kSyncNames, name});
  }
  return code;
}
int Access(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  const Inside inside;
  if (const int code = StrikeReader(*DiskOf(vfs), SQLITE_IOERR_ACCESS); code != SQLITE_OK) return code;
  return DiskOf(vfs)->real->xAccess(DiskOf(vfs)->real, name, flags, answer);
}
int FullPathname(sqlite3_vfs* vfs, const char* name, int bytes, char* path) {
  const Inside inside;
  return DiskOf(vfs)->real->xFullPathname(DiskOf(vfs)->real, name, bytes, path);
}
int Randomness(sqlite3_vfs* vfs, int bytes, char* to) {
  return DiskOf(vfs)->real->xRandomness(DiskOf(vfs)->real, bytes, to);
}
int Sleep(sqlite3_vfs* vfs, int us) { return DiskOf(vfs)->real->xSleep(DiskOf(vfs)->real, us); }
int CurrentTime(sqlite3_vfs* vfs, double* days) { return DiskOf(vfs)->real->xCurrentTime(DiskOf(vfs)->real, days); }
int GetLastError(sqlite3_vfs* vfs, int bytes, char* text) {
  return DiskOf(vfs)->real->xGetLastError(DiskOf(vfs)->real, bytes, text);
}
int CurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* ms) {
  return DiskOf(vfs)->real->xCurrentTimeInt64(DiskOf(vfs)->real, ms);
}

// Makes of the file what a power cut leaves of it.
void LoseSectors(const std::string& path, const Unsynced& file, Random& random) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  const int64_t bytes = lseek(descriptor, 0, SEEK_END);
  // The size is that of then or that of now.
  const int64_t kept = random.Below(2) == 0 ? file.synced_bytes : std::max(bytes, file.synced_bytes);
  bool done = ftruncate(descriptor, kept) == 0;
  const uint64_t keeps_in_8 = random.Below(9);  // All kinds: nothing lost, everything lost, a mixture.
  for (const auto& [sector, before] : file.before) {
    if (random.Below(8) < keeps_in_8 && sector * kSectorBytes < bytes) continue;
    std::string lost = before;
    lost.resize(static_cast<size_t>(std::clamp<int64_t>(kept - sector * kSectorBytes, 0, kSectorBytes)), '\0');
    done &= pwrite(descriptor, lost.data(), lost.size(), sector * kSectorBytes) == static_cast<ssize_t>(lost.size());
  }
  close(descriptor);
  if (!done) abort();  // The test's own disk is full: nothing it says would be true.
}

std::string NextName() {
  static std::atomic<int> disks{0};
  return absl::StrCat("power-", ++disks);
}

}  // namespace

PowerDisk::PowerDisk(const char* below) : state_(std::make_unique<PowerDiskState>()) {
  sqlite3_initialize();
  PowerDiskState& disk = *state_;
  disk.name = NextName();
  disk.real = sqlite3_vfs_find(below);
  sqlite3_vfs& vfs = disk.vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(PowerFile)) + disk.real->szOsFile;
  vfs.mxPathname = disk.real->mxPathname;
  vfs.zName = disk.name.c_str();
  vfs.pAppData = &disk;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = GetLastError;
  vfs.xCurrentTimeInt64 = CurrentTimeInt64;
  sqlite3_vfs_register(&vfs, 0);
#ifdef DOORSTEP_SQLITE_CIPHER
  sqlite3mc_vfs_create(vfs.zName, 0);
  disk.name_above = "multipleciphers-" + disk.name;
#endif
}

PowerDisk::~PowerDisk() {
  CoverFolder("");
#ifdef DOORSTEP_SQLITE_CIPHER
  sqlite3mc_vfs_destroy(state_->name_above.c_str());
#endif
  sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& PowerDisk::vfs() const { return state_->name_above.empty() ? state_->name : state_->name_above; }

void PowerDisk::DieAfter(int64_t operations) {
  MutexLock lock(&state_->mutex);
  state_->dies_at = state_->operations + operations;
  if (operations == 0) state_->dead = true;
}

bool PowerDisk::dead() const {
  MutexLock lock(&state_->mutex);
  return state_->dead;
}

void PowerDisk::SetFull(bool full) {
  MutexLock lock(&state_->mutex);
  state_->full = full;
}

void PowerDisk::BecomeDefault() { sqlite3_vfs_register(&state_->vfs, 1); }

void PowerDisk::SetRoom(int64_t bytes, const std::string& folder) {
  MutexLock lock(&state_->mutex);
  state_->room_folder = folder;
  state_->room_bytes = bytes < 0 ? -1 : state_->BytesOnDisk() + bytes;
}

int64_t PowerDisk::operations() const {
  MutexLock lock(&state_->mutex);
  return state_->operations;
}

void PowerDisk::Record() {
  MutexLock lock(&state_->mutex);
  state_->record.clear();
  state_->recording = true;
}

int64_t PowerDisk::recorded() const {
  MutexLock lock(&state_->mutex);
  return static_cast<int64_t>(state_->record.size());
}

std::vector<DiskChange> PowerDisk::TakeRecord() {
  MutexLock lock(&state_->mutex);
  state_->recording = false;
  return std::exchange(state_->record, {});
}

void PowerDisk::FailAfter(int64_t calls, DiskFault fault, bool once) {
  MutexLock lock(&state_->mutex);
  state_->fails_at = state_->calls + calls;
  state_->fault = fault;
  state_->fails_once = once;
}

void PowerDisk::Heal() {
  MutexLock lock(&state_->mutex);
  state_->fails_at = -1;
}

int64_t PowerDisk::calls() const {
  MutexLock lock(&state_->mutex);
  return state_->calls;
}

int64_t PowerDisk::failures() const {
  MutexLock lock(&state_->mutex);
  return state_->failures;
}

void PowerDisk::CoverFolder(const std::string& folder) {
  Covered& covered = TheCovered();
  MutexLock lock(&covered.mutex);
  if (folder.empty() && covered.disk != state_.get()) return;  // Another's.
  covered.folder = folder;
  covered.disk = folder.empty() ? nullptr : state_.get();
}

bool IsCovered(const std::string& path) {
  if (Inside::any()) return false;
  Covered& covered = TheCovered();
  MutexLock lock(&covered.mutex);
  if (covered.disk == nullptr || !absl::StartsWith(path, covered.folder)) return false;
  return path.size() == covered.folder.size() || path[covered.folder.size()] == '/';
}

namespace {

PowerDiskState& CoveringDisk() {
  Covered& covered = TheCovered();
  MutexLock lock(&covered.mutex);
  return *covered.disk;
}

bool TakesRoom(DiskChange::Kind kind) {
  return kind == DiskChange::Kind::kCreate || kind == DiskChange::Kind::kWrite || kind == DiskChange::Kind::kRename ||
         kind == DiskChange::Kind::kLink;
}

}  // namespace

int CoveredLook() {
  PowerDiskState& disk = CoveringDisk();
  MutexLock lock(&disk.mutex);
  return disk.dead || disk.Strike(/*takes_room=*/false).has_value() ? EIO : 0;
}

int CoveredCall(DiskChange change, const std::function<int()>& real) {
  PowerDiskState& disk = CoveringDisk();
  MutexLock lock(&disk.mutex);
  if (!disk.Operate()) return EIO;
  if (const std::optional<DiskFault> fault = disk.Strike(TakesRoom(change.kind))) {
    return *fault == DiskFault::kFull ? ENOSPC : EIO;
  }
  if (const int failed = real(); failed != 0) return failed;
  if (change.kind == DiskChange::Kind::kRename) disk.files[change.to] = disk.files[change.path];
  if (change.kind == DiskChange::Kind::kRename || change.kind == DiskChange::Kind::kDelete) {
    disk.files[change.path] = Unsynced();
  }
  disk.Keep(std::move(change));
  return 0;
}

void PowerDisk::Revive() {
  MutexLock lock(&state_->mutex);
  state_->dead = false;
  state_->dies_at = -1;
}

void PowerDisk::ReviveAfterPowerCut(Random& random) {
  {
    MutexLock lock(&state_->mutex);
    for (const auto& [path, file] : state_->files) LoseSectors(path, file, random);
    state_->files.clear();
  }
  Revive();
}

void PowerDisk::ForgetFiles() {
  MutexLock lock(&state_->mutex);
  state_->files.clear();
}

}  // namespace doorstep::testing
