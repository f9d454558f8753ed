// SQLite's memory in a target under libFuzzer: blocks of a few sizes that are used again. A malloc of
// AddressSanitizer's for each of them took half of the time of the targets that open files.
// Invariant: nothing is hidden from AddressSanitizer: what lies between two blocks is poisoned, and so is what SQLite
// has given back, which is given out again as late as there is room for.
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <sqlite3.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace {

constexpr size_t kGapBytes = 16;  // Before each block; holds its size.
constexpr size_t kArenaBytes = 1024 * 1024;
constexpr int kSizes = 88;
constexpr int kSizeOfLarge = -1;
// So many bytes of each size rest before they are used again.
constexpr size_t kRestingBytes = 128 * 1024;

struct Gap {
  int32_t number;  // Of the size; kSizeOfLarge: a malloc of its own.
  int32_t bytes;
  Gap* next_free;
};
static_assert(sizeof(Gap) == kGapBytes);

struct FreeBlocks {
  Gap* oldest = nullptr;
  Gap* newest = nullptr;
  size_t count = 0;
};

// Sixteens up to a KiB, then four sizes to each power of two up to 64 KiB.
size_t BytesOf(int number) {
  if (number < 64) return 16 * (static_cast<size_t>(number) + 1);
  const size_t power = size_t{1024} << ((number - 64) / 4);
  return power + power / 4 * ((static_cast<size_t>(number) - 64) % 4 + 1);
}

int NumberOf(size_t bytes) {
  if (bytes <= 1024) return bytes == 0 ? 0 : static_cast<int>((bytes - 1) / 16);
  for (int number = 64; number < kSizes; ++number) {
    if (bytes <= BytesOf(number)) return number;
  }
  return kSizeOfLarge;
}

std::mutex mutex;
FreeBlocks free_blocks[kSizes];
char* arena = nullptr;
size_t arena_left = 0;

Gap* GapOf(void* block) { return reinterpret_cast<Gap*>(static_cast<char*>(block) - kGapBytes); }
void* BlockOf(Gap* gap) { return reinterpret_cast<char*>(gap) + kGapBytes; }

// The gaps are read and written here alone, where nothing looks at the poison.
__attribute__((no_sanitize("address"))) Gap* Take(int number) {
  FreeBlocks& blocks = free_blocks[number];
  Gap* gap = nullptr;
  if (blocks.count * BytesOf(number) > kRestingBytes) {
    gap = blocks.oldest;
    blocks.oldest = gap->next_free;
    if (blocks.oldest == nullptr) blocks.newest = nullptr;
    --blocks.count;
    return gap;
  }
  const size_t whole = kGapBytes + BytesOf(number);
  if (arena_left < whole) {
    arena = static_cast<char*>(std::malloc(kArenaBytes));
    if (arena == nullptr) return nullptr;
    arena_left = kArenaBytes;
    // It is never given back, and who looks for leaks does not look into what is poisoned.
    __lsan_ignore_object(arena);
    __asan_poison_memory_region(arena, kArenaBytes);
  }
  gap = reinterpret_cast<Gap*>(arena);
  arena += whole;
  arena_left -= whole;
  return gap;
}

__attribute__((no_sanitize("address"))) void* Allocate(int bytes) {
  const int number = NumberOf(static_cast<size_t>(bytes));
  Gap* gap = nullptr;
  if (number == kSizeOfLarge) {
    gap = static_cast<Gap*>(std::malloc(kGapBytes + static_cast<size_t>(bytes)));
  } else {
    const std::lock_guard<std::mutex> lock(mutex);
    gap = Take(number);
  }
  if (gap == nullptr) return nullptr;
  gap->number = number;
  gap->bytes = number == kSizeOfLarge ? bytes : static_cast<int32_t>(BytesOf(number));
  __asan_unpoison_memory_region(BlockOf(gap), static_cast<size_t>(gap->bytes));
  return BlockOf(gap);
}

__attribute__((no_sanitize("address"))) void GiveBack(void* block) {
  Gap* const gap = GapOf(block);
  if (gap->number == kSizeOfLarge) return std::free(gap);
  __asan_poison_memory_region(block, static_cast<size_t>(gap->bytes));
  const std::lock_guard<std::mutex> lock(mutex);
  FreeBlocks& blocks = free_blocks[gap->number];
  gap->next_free = nullptr;
  (blocks.newest == nullptr ? blocks.oldest : blocks.newest->next_free) = gap;
  blocks.newest = gap;
  ++blocks.count;
}

__attribute__((no_sanitize("address"))) int BytesIn(void* block) { return block == nullptr ? 0 : GapOf(block)->bytes; }

void* Resize(void* block, int bytes) {
  if (bytes <= BytesIn(block) && bytes > BytesIn(block) / 2) return block;
  void* const moved = Allocate(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, static_cast<size_t>(bytes < BytesIn(block) ? bytes : BytesIn(block)));
  GiveBack(block);
  return moved;
}

int RoundedUp(int bytes) {
  const int number = NumberOf(static_cast<size_t>(bytes));
  return number == kSizeOfLarge ? (bytes + 7) / 8 * 8 : static_cast<int>(BytesOf(number));
}

[[maybe_unused]] const bool kTaken = [] {
  const sqlite3_mem_methods methods = {
      Allocate, GiveBack, Resize, BytesIn, RoundedUp, [](void*) { return SQLITE_OK; }, [](void*) {}, nullptr};
  if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) std::abort();
  // Each page is a block; else the first of a file are cut from a large one.
  if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0) != SQLITE_OK) std::abort();
  return true;
}();

}  // namespace
