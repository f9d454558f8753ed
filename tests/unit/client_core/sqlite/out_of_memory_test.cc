// Memory that runs out at any allocation of this program costs the call that needed it, never the process: the
// operators that allocate are replaced in this test binary.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "client_core/sqlite/database.h"

namespace {

thread_local int64_t allocations_left = -1;  // Negative: any number.

void* Allocate(size_t bytes) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return Allocate(bytes); }
void* operator new[](size_t bytes) { return Allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace doorstep::sqlite {
namespace {

TEST(OutOfMemoryTest, AStatementThatIsLetGoNeedsNoMemory) {
  OpenOptions options;
  options.path = ":memory:";
  const std::unique_ptr<Database> db = *Database::Open(options);
  ASSERT_TRUE(db->Execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)").ok());
  constexpr char kRead[] = "SELECT n FROM t WHERE n = $1 AND n > $2";
  const auto read = [&]() -> int64_t {
    absl::StatusOr<Statement> first = db->Prepare(kRead);
    absl::StatusOr<Statement> second = db->Prepare(kRead);
    for (absl::StatusOr<Statement>* const statement : {&first, &second}) {
      if (!statement->ok() || !(*statement)->Bind(1, 7).Bind(2, 0).Step().value_or(false)) return -1;
    }
    if (allocations_left >= 0) throw std::bad_alloc();  // At the latest now, with both half read.
    return second->Int(0);
  };
  bool failed = true;
  for (int64_t left = 0; failed; ++left) {
    allocations_left = left;
    int64_t unused = -1;
    try {
      (void)read();
    } catch (const std::bad_alloc&) {
      unused = allocations_left;
    }
    allocations_left = -1;
    failed = unused == 0;
    EXPECT_EQ(read(), 7) << "after " << left << " allocations";
  }
}

}  // namespace
}  // namespace doorstep::sqlite
