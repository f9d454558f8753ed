#include "client_core/rules/journal_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "client_core/rules/feed_sum.h"

namespace doorstep {
namespace {

// The bytes, written out by hand from the definition, hashed by libsodium directly.
Hash HashOf(const std::string& bytes) {
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

TEST(JournalHashTest, IsTheDefinitionByteForByte) {
  SodiumSha256 hasher;
  const std::string salt(16, 's');
  const Hash start = ChainStart(hasher, "d7", 2, salt);
  EXPECT_EQ(start, HashOf(std::string("doorstep-chain-1\0\0\0\2d7\0\0\0\0\0\0\0\2", 30) + salt));

  const Hash next = ChainNext(hasher, start, {"d7", 2, 1, "ana", 1, 9, "entry"});
  EXPECT_EQ(next, HashOf("doorstep-entry-1" + std::string(AsBytes(start)) +
                         std::string("\0\0\0\2d7\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\3ana"
                                     "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\11\0\0\0\5entry",
                                     54)));
}

TEST(JournalHashTest, CoversEverythingThatNamesAnEntry) {
  SodiumSha256 hasher;
  const Hash prev = ChainStart(hasher, "d7", 2, std::string(16, 's'));
  const Hash base = ChainNext(hasher, prev, {"d7", 2, 1, "ana", 0, 0, "entry"});
  const ChainLink kOthers[] = {{"d8", 2, 1, "ana", 0, 0, "entry"}, {"d7", 3, 1, "ana", 0, 0, "entry"},
                               {"d7", 2, 2, "ana", 0, 0, "entry"}, {"d7", 2, 1, "bo", 0, 0, "entry"},
                               {"d7", 2, 1, "ana", 1, 1, "entry"}, {"d7", 2, 1, "ana", 0, 0, "entrz"}};
  for (const ChainLink& link : kOthers) EXPECT_NE(ChainNext(hasher, prev, link), base);
}

TEST(FeedSumTest, RowsComeAndGoInAnyOrder) {
  SodiumSha256 hasher;
  const FeedSum a = FeedTerm(hasher, v1::ENTITY_KIND_VISIT, "V-1", 1);
  const FeedSum b = FeedTerm(hasher, v1::ENTITY_KIND_VISIT, "V-2", 7);
  FeedSum sum;
  Add(a, sum);
  Add(b, sum);
  FeedSum other;
  Add(b, other);
  Add(a, other);
  EXPECT_EQ(sum, other);
  Subtract(a, sum);
  EXPECT_EQ(sum, b);
  Subtract(b, sum);
  EXPECT_EQ(sum, FeedSum());
}

}  // namespace
}  // namespace doorstep
