#include "client_core/rules/frame_signature.h"

#include <gmock/gmock.h>

#include "client_core/base/limits.h"
#include "client_core/rules/frame_codec.h"

namespace doorstep {
namespace {

using testing::HasSubstr;

v1::FrameHeader HeaderOf(uint64_t last_seq) {
  v1::FrameHeader header;
  header.set_device("d7");
  header.set_epoch(2);
  header.set_first_seq(1);
  header.set_last_seq(last_seq);
  header.set_prev_hash(std::string(32, 'p'));
  header.set_head_hash(std::string(32, 'h'));
  return header;
}

// Other programs check signatures, too: the text is as Frame.signature says, byte for byte.
TEST(FrameSignatureTest, CoversWhereTheJournalStands) {
  EXPECT_EQ(SignedText(HeaderOf(418)), std::string("doorstep-frame-1") + std::string("\0\0\0\2d7", 6) +
                                           std::string("\0\0\0\0\0\0\0\2", 8) + std::string("\0\0\0\0\0\0\1\xa2", 8) +
                                           std::string(32, 'h'));
}

TEST(FrameSignatureTest, IsReadFromTheFrameThatItWasAttachedTo) {
  v1::FrameBody body;
  body.add_entries()->set_author("ana");
  std::string frame = BuildFrame(HeaderOf(1), body).value();
  EXPECT_EQ(OpenFrame(frame)->signature, "");
  AttachSignature("signature", frame);
  const OpenedFrame opened = OpenFrame(frame).value();
  EXPECT_EQ(opened.signature, "signature");
  EXPECT_EQ(opened.header.device(), "d7");
  EXPECT_EQ(opened.body.entries_size(), 1);
}

TEST(FrameSignatureTest, ThatIsTooLongIsRefused) {
  v1::FrameBody body;
  body.add_entries()->set_author("ana");
  std::string frame = BuildFrame(HeaderOf(1), body).value();
  AttachSignature(std::string(limits::kSignatureBytesMax, 's'), frame);
  EXPECT_TRUE(OpenFrame(frame).ok());
  AttachSignature(std::string(limits::kSignatureBytesMax + 1, 's'), frame);
  const absl::Status refused = OpenFrame(frame).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("frame.signature: 73 is outside 0 to 72 bytes"));
}

TEST(FrameSignatureTest, FitsIntoTheLargestFrame) {
  // Bytes that do not compress, by Knuth's multiplier.
  uint64_t state = 1;
  std::string noise(limits::kEntryBytesMax, '\0');
  for (char& byte : noise)
    byte = static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
  const auto build = [&noise](size_t bytes_of_last) {
    v1::FrameBody body;
    for (size_t i = 0; i <= 11; ++i) {
      v1::EntryEnvelope& envelope = *body.add_entries();
      envelope.set_author("ana");
      // Shifted, so that no entry is a copy of another.
      envelope.set_entry(noise.substr(i * 64) + noise.substr(0, i * 64));
      for (char& byte : *envelope.mutable_entry()) byte = static_cast<char>(byte + noise[i]);
    }
    body.mutable_entries(11)->mutable_entry()->resize(bytes_of_last);
    return BuildFrame(HeaderOf(12), body);
  };
  size_t fits = 0;
  for (size_t step = limits::kEntryBytesMax / 2; step > 0; step /= 2) fits += build(fits + step).ok() ? step : 0;
  ASSERT_EQ(build(fits + 1).status().code(), absl::StatusCode::kResourceExhausted);
  std::string largest = build(fits).value();
  AttachSignature(std::string(limits::kSignatureBytesMax, 's'), largest);
  EXPECT_EQ(largest.size(), limits::kFrameBytesMax);
  EXPECT_TRUE(OpenFrame(largest).ok()) << OpenFrame(largest).status();
}

TEST(FrameSignatureTest, KeysAreOfTheLengthOfTheirAlgorithm) {
  v1::SigningKey key;
  EXPECT_THAT(CheckSigningKey("key", key).message(), HasSubstr("key.algorithm: 0"));
  key.set_algorithm(v1::KEY_ALGORITHM_ED25519);
  key.set_public_key(std::string(31, 'k'));
  EXPECT_THAT(CheckSigningKey("key", key).message(), HasSubstr("key.public_key: must have 32 bytes, has 31"));
  key.set_public_key(std::string(32, 'k'));
  EXPECT_TRUE(CheckSigningKey("key", key).ok());
  key.set_algorithm(v1::KEY_ALGORITHM_P256);
  key.set_public_key(std::string(65, '\2'));
  EXPECT_THAT(CheckSigningKey("key", key).message(), HasSubstr("must have 65 bytes, the first of them 4"));
  key.set_public_key(std::string(65, '\4'));
  EXPECT_TRUE(CheckSigningKey("key", key).ok());
}

}  // namespace
}  // namespace doorstep
