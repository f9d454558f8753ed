#include "server/health/decay.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/escaping.h"
#include "server/health/canonical.h"
#include "server/health/integer_math.h"

namespace doorstep::health {
namespace {

TEST(FloorSquareRootTest, IsExactAtTheEdges) {
  const absl::uint128 max = ~absl::uint128{0};
  const struct {
    absl::uint128 value;
    absl::uint128 want;
  } kCases[] = {
      {0, 0},
      {1, 1},
      {2, 1},
      {3, 1},
      {4, 2},
      {8, 2},
      {9, 3},
      {15, 3},
      {16, 4},
      {absl::uint128{1} << 124, absl::uint128{1} << 62},
      {(absl::uint128{1} << 124) - 1, (absl::uint128{1} << 62) - 1},
      {max, ~uint64_t{0}},
  };
  for (const auto& c : kCases) EXPECT_EQ(FloorSquareRoot(c.value), c.want);
  for (uint64_t root = 1; root < (uint64_t{1} << 62); root = root * 3 + 1) {
    const absl::uint128 square = absl::uint128{root} * root;
    EXPECT_EQ(FloorSquareRoot(square), root);
    EXPECT_EQ(FloorSquareRoot(square - 1), root - 1);
  }
}

TEST(FloorDivideTest, FloorsBelowZeroToo) {
  EXPECT_EQ(FloorDivide(7, 2), 3);
  EXPECT_EQ(FloorDivide(-7, 2), -4);
  EXPECT_EQ(FloorDivide(-8, 2), -4);
  EXPECT_EQ(FloorDivide(0, 5), 0);
}

TEST(DecayTest, HalvesWithEachHalfLifeUntilItIsNothing) {
  for (const int32_t half_life : {1, 90, 120, 180, 3650}) {
    const DecayTable table(half_life);
    EXPECT_EQ(table.At(0), DecayTable::kOne) << half_life;
    for (int k = 1; k <= 30; ++k) {
      EXPECT_EQ(table.At(int64_t{k} * half_life), DecayTable::kOne >> k) << half_life << " after " << k;
    }
    EXPECT_EQ(table.At(int64_t{31} * half_life), 0) << half_life;
    EXPECT_EQ(table.At(int64_t{1} << 40), 0) << half_life;
    EXPECT_EQ(table.values().back(), 1) << half_life;
    EXPECT_LE(table.values().size(), static_cast<size_t>(31 * half_life));
  }
}

// Floors of the true values, computed elsewhere with 60 decimal digits; so are the hashes below.
TEST(DecayTest, HasTheseExactValues) {
  const DecayTable table(90);
  const struct {
    int64_t age;
    int64_t want;
  } kCases[] = {
      {1, 1065504019}, {7, 1017387566}, {30, 852229450}, {45, 759250124}, {89, 541021659}, {91, 532752009},
  };
  for (const auto& c : kCases) EXPECT_EQ(table.At(c.age), c.want) << c.age;
}

TEST(DecayTest, NeverRisesAndStaysWithinOneUnitOfTheTruth) {
  for (const int32_t half_life : {1, 7, 90, 120, 180, 365}) {
    const DecayTable table(half_life);
    for (int64_t age = 0; age < 31 * int64_t{half_life} + 2; ++age) {
      const long double truth = std::exp2(-static_cast<long double>(age) / half_life) * DecayTable::kOne;
      const long double error = static_cast<long double>(table.At(age)) - truth;
      EXPECT_GT(error, -1.0L) << half_life << " at " << age;
      EXPECT_LT(error, 1.0L / 65536) << half_life << " at " << age;
      if (age > 0) {
        EXPECT_LE(table.At(age), table.At(age - 1));
      }
    }
  }
}

TEST(DecayTest, IsTheSameBytesOnEveryMachine) {
  const struct {
    int32_t half_life;
    const char* want;
  } kCases[] = {
      {90, "bb1fe78cd68bac763121597beb333dad8e3b928de87acc212fec29194f03f1a7"},
      {120, "facecc17f79326110a6f0f76ffe9bac801e6eee8b6d995a55136a9d99d9b9723"},
      {180, "068cd7c9a3f2f4adb9b817fc7351f3b301d2df9c827fb2c7a39c9cd421bea26f"},
  };
  for (const auto& c : kCases) {
    CanonicalEncoder encoder("decay");
    const DecayTable table(c.half_life);
    for (const int32_t value : table.values()) encoder.PutInt32(value);
    EXPECT_EQ(absl::BytesToHexString(encoder.Digest()), c.want) << c.half_life;
  }
}

}  // namespace
}  // namespace doorstep::health
