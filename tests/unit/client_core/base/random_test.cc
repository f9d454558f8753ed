#include "client_core/base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace doorstep {
namespace {

TEST(RandomTest, SameSeedRepeatsItselfAndOthersDoNot) {
  SeededRandom a(5);
  SeededRandom b(5);
  SeededRandom c(6);
  const std::string drawn = a.Bytes(100);
  EXPECT_EQ(drawn, b.Bytes(100));
  EXPECT_NE(drawn, c.Bytes(100));
}

TEST(RandomTest, BelowStaysBelowAndReachesEveryValue) {
  SeededRandom random(3);
  std::map<uint64_t, int> seen;
  for (int i = 0; i < 1000; ++i) ++seen[random.Below(6)];
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen.rbegin()->first, 5u);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, SystemRandomFillsAllOfWhatItIsGiven) {
  SystemRandom random;
  EXPECT_NE(random.Bytes(16), random.Bytes(16));
  // A byte that stays zero in 64 draws has not been written.
  std::string any(32, '\0');
  for (int i = 0; i < 64; ++i) {
    const std::string bytes = random.Bytes(any.size());
    for (size_t j = 0; j < any.size(); ++j) any[j] = static_cast<char>(any[j] | bytes[j]);
  }
  EXPECT_EQ(any.find('\0'), std::string::npos);
}

}  // namespace
}  // namespace doorstep
