#include "client_core/rules/frame_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client_core/base/limits.h"
#include "client_core/base/random.h"

namespace doorstep {
namespace {

using ::testing::HasSubstr;

struct Example {
  v1::FrameHeader header;
  v1::FrameBody body;
};

Example MakeExample(int entries) {
  SodiumSha256 hasher;
  Example example;
  Hash hash = ChainStart(hasher, "d7", 1, std::string(16, 's'));
  example.header.set_device("d7");
  example.header.set_epoch(1);
  example.header.set_first_seq(1);
  example.header.set_last_seq(entries);
  example.header.set_prev_hash(std::string(AsBytes(hash)));
  for (int i = 1; i <= entries; ++i) {
    v1::EntryEnvelope* envelope = example.body.add_entries();
    envelope->set_author("ana");
    envelope->set_entry("entry " + std::to_string(i));
    hash = ChainNext(hasher, hash, {"d7", 1, static_cast<uint64_t>(i), "ana", 0, 0, envelope->entry()});
  }
  example.header.set_head_hash(std::string(AsBytes(hash)));
  return example;
}

TEST(FrameCodecTest, GivesBackWhatWasBuilt) {
  const Example example = MakeExample(64);
  const absl::StatusOr<std::string> bytes = BuildFrame(example.header, example.body);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::StatusOr<OpenedFrame> opened = OpenFrame(*bytes);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->body.SerializeAsString(), example.body.SerializeAsString());
  SodiumSha256 hasher;
  EXPECT_TRUE(CheckChain(hasher, *opened).ok());
}

TEST(FrameCodecTest, AChangedEntryBreaksTheChain) {
  Example example = MakeExample(3);
  example.body.mutable_entries(1)->set_entry("forged!");
  const absl::StatusOr<OpenedFrame> opened = OpenFrame(*BuildFrame(example.header, example.body));
  ASSERT_TRUE(opened.ok());
  SodiumSha256 hasher;
  EXPECT_EQ(CheckChain(hasher, *opened).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(FrameCodecTest, EveryBreachNamesItsField) {
  const struct {
    const char* field;
    void (*spoil)(Example&);
  } kCases[] = {
      {"header.device", [](Example& e) { e.header.clear_device(); }},
      {"header.epoch", [](Example& e) { e.header.set_epoch(0); }},
      {"header.first_seq", [](Example& e) { e.header.set_first_seq(0); }},
      {"header.last_seq", [](Example& e) { e.header.set_last_seq(0); }},
      {"header.last_seq", [](Example& e) { e.header.set_last_seq(1 << 20); }},
      {"header.prev_hash", [](Example& e) { e.header.set_prev_hash("short"); }},
      {"header.head_hash", [](Example& e) { e.header.set_head_hash(""); }},
      {"header.dictionary_id", [](Example& e) { e.header.set_dictionary_id(3); }},
      {"body.entries", [](Example& e) { e.header.set_last_seq(2); }},
      {"body.entries.author", [](Example& e) { e.body.mutable_entries(0)->clear_author(); }},
      {"body.entries.from_seq", [](Example& e) { e.body.mutable_entries(0)->set_from_epoch(1); }},
      {"body.entries.entry",
       [](Example& e) { e.body.mutable_entries(0)->set_entry(std::string(limits::kEntryBytesMax + 1, 'x')); }},
  };
  for (const auto& c : kCases) {
    Example example = MakeExample(3);
    c.spoil(example);
    const absl::Status status = OpenFrame(*BuildFrame(example.header, example.body)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.field));
  }
}

TEST(FrameCodecTest, SizesAreCheckedBeforeAnythingIsUnpacked) {
  const Example example = MakeExample(2);
  v1::Frame frame;
  ASSERT_TRUE(frame.ParseFromString(*BuildFrame(example.header, example.body)));
  frame.mutable_header()->set_raw_bytes(limits::kFrameRawBytesMax + 1);
  EXPECT_EQ(OpenFrame(frame.SerializeAsString()).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(OpenFrame(std::string(limits::kFrameBytesMax + 1, 'x')).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(FrameCodecTest, TruncatedAndRandomBytesAreRefused) {
  const Example example = MakeExample(20);
  const std::string bytes = *BuildFrame(example.header, example.body);
  SodiumSha256 hasher;
  for (size_t length = 0; length < bytes.size(); ++length) {
    const absl::StatusOr<OpenedFrame> opened = OpenFrame(bytes.substr(0, length));
    EXPECT_FALSE(opened.ok() && CheckChain(hasher, *opened).ok()) << length;
  }
  SeededRandom random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = bytes;
    damaged[random.Below(damaged.size())] ^= static_cast<char>(1 + random.Below(255));
    const absl::StatusOr<OpenedFrame> opened = OpenFrame(damaged);
    if (!opened.ok()) continue;
    // Only the fields that the chain does not cover may have changed unseen.
    if (CheckChain(hasher, *opened).ok()) {
      EXPECT_EQ(opened->body.entries_size(), 20);
    }
  }
}

}  // namespace
}  // namespace doorstep
