// The server's files of attachments: pieces in any order, what a full disk and a wrong hash leave behind, the sweep.
#include "server/storage/attachment_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "client_core/base/limits.h"
#include "tests/support/photo.h"

namespace doorstep {
namespace {

using testing::HashOf;
using testing::Photo;
namespace fs = std::filesystem;
using Outcome = AttachmentFiles::Outcome;

constexpr int64_t kNowUs = int64_t{1795420800} * 1000000;
constexpr int64_t kDayUs = int64_t{86400} * 1000000;

class AttachmentFilesTest : public ::testing::Test {
 protected:
  AttachmentFilesTest() {
    std::string path = (fs::temp_directory_path() / "doorstep-test-XXXXXX").string();
    root_ = mkdtemp(path.data());
    Reopen();
  }
  ~AttachmentFilesTest() override { fs::remove_all(root_); }

  void Reopen() {
    files_ = std::make_unique<AttachmentFiles>(
        root_ + "/attachments", [this](const std::string&) -> absl::StatusOr<uint64_t> { return free_; });
  }
  AttachmentFiles::Result Put(const std::string& photo, uint64_t offset, uint64_t length,
                              const std::string& device = "d7", int64_t now_us = kNowUs) {
    const auto result = files_->Put(
        {device, HashOf(photo), photo.size(), offset, absl::string_view(photo).substr(offset, length)}, now_us);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : AttachmentFiles::Result();
  }
  size_t FilesOnDisk() const {
    size_t files = 0;
    for (const auto& file : fs::recursive_directory_iterator(root_)) files += file.is_regular_file();
    return files;
  }

  std::string root_;
  uint64_t free_ = uint64_t{1} << 40;
  std::unique_ptr<AttachmentFiles> files_;
};

TEST_F(AttachmentFilesTest, PiecesMakeTheWholeWhichIsReadByRange) {
  const std::string photo = Photo(1000);
  EXPECT_EQ(Put(photo, 0, 400).stored_through, 400u);
  EXPECT_FALSE(files_->IsWhole(HashOf(photo), 1000));
  const AttachmentFiles::Result last = Put(photo, 400, 600);
  EXPECT_EQ(last.outcome, Outcome::kWhole);
  EXPECT_EQ(last.stored_through, 1000u);
  EXPECT_EQ(*files_->Read(HashOf(photo), 0, 5000), photo);
  EXPECT_EQ(*files_->Read(HashOf(photo), 990, 100), photo.substr(990));
  EXPECT_EQ(*files_->Read(HashOf(photo), 1000, 100), "");
  EXPECT_EQ(FilesOnDisk(), 1u) << "nothing partial is left";
}

TEST_F(AttachmentFilesTest, RepeatedOverlappingAndOvertakingPiecesChangeNothing) {
  const std::string photo = Photo(1000);
  EXPECT_EQ(Put(photo, 300, 300).stored_through, 0u) << "it overtook the first";
  EXPECT_EQ(Put(photo, 0, 300).stored_through, 300u);
  EXPECT_EQ(Put(photo, 0, 300).added, 0u) << "a repeat";
  EXPECT_EQ(Put(photo, 100, 400).stored_through, 500u) << "the first 200 bytes of it are there";
  EXPECT_EQ(Put(photo, 200, 100).stored_through, 500u) << "all of it is there";
  EXPECT_EQ(Put(photo, 600, 400).stored_through, 500u);
  EXPECT_EQ(Put(photo, 500, 500).outcome, Outcome::kWhole);
  EXPECT_EQ(Put(photo, 0, 300).outcome, Outcome::kWhole) << "a repeat after the end";
  EXPECT_EQ(*files_->Read(HashOf(photo), 0, 1000), photo);
}

TEST_F(AttachmentFilesTest, WhatCameIsThereAfterARestart) {
  const std::string photo = Photo(1000);
  Put(photo, 0, 777);
  Reopen();
  EXPECT_EQ(files_->StoredThrough("d7", HashOf(photo), 1000), 777u);
  EXPECT_EQ(Put(photo, 777, 223).outcome, Outcome::kWhole);
}

TEST_F(AttachmentFilesTest, BytesThatAreNotTheirHashAreDroppedAndNeverShown) {
  const std::string photo = Photo(1000);
  Put(photo, 0, 500);
  const auto spoiled = files_->Put({"d7", HashOf(photo), 1000, 500, std::string(500, 'x')}, kNowUs);
  ASSERT_TRUE(spoiled.ok());
  EXPECT_EQ(spoiled->outcome, Outcome::kMismatch);
  EXPECT_EQ(spoiled->stored_through, 0u);
  EXPECT_FALSE(files_->IsWhole(HashOf(photo), 1000));
  EXPECT_EQ(FilesOnDisk(), 0u);
  EXPECT_EQ(Put(photo, 0, 1000).outcome, Outcome::kWhole) << "it is asked for again, and taken";
}

TEST_F(AttachmentFilesTest, AFullDiskLeavesWhatHasComeAndTheReserveUntouched) {
  const std::string photo = Photo(1000);
  Put(photo, 0, 400);
  free_ = limits::kAttachmentDiskReserveBytes + 599;
  const AttachmentFiles::Result full = Put(photo, 400, 600);
  EXPECT_EQ(full.outcome, Outcome::kDiskFull);
  EXPECT_EQ(full.stored_through, 400u);
  free_ = limits::kAttachmentDiskReserveBytes + 600;
  EXPECT_EQ(Put(photo, 400, 600).outcome, Outcome::kWhole);
}

TEST_F(AttachmentFilesTest, TwoPhonesSendTheSameBytesSideBySide) {
  const std::string photo = Photo(1000);
  Put(photo, 0, 300, "d7");
  EXPECT_EQ(Put(photo, 0, 600, "d8").stored_through, 600u);
  EXPECT_EQ(files_->StoredThrough("d7", HashOf(photo), 1000), 300u);
  EXPECT_EQ(Put(photo, 600, 400, "d8").outcome, Outcome::kWhole);
  EXPECT_EQ(Put(photo, 300, 100, "d7").outcome, Outcome::kWhole) << "it is there already";
}

TEST_F(AttachmentFilesTest, ASizeThatChangesBeginsAnew) {
  const std::string photo = Photo(1000);
  ASSERT_TRUE(files_->Put({"d7", HashOf(photo), 5000, 0, photo + photo}, kNowUs).ok());
  EXPECT_EQ(Put(photo, 0, 1000).outcome, Outcome::kWhole);
}

TEST_F(AttachmentFilesTest, TheSweepTakesWhatNobodyNamesOrGoesOnWithAndNothingElse) {
  const std::string named = Photo(1000, 1);
  const std::string orphan = Photo(1000, 2);
  const std::string abandoned = Photo(1000, 3);
  const std::string under_way = Photo(1000, 4);
  Put(named, 0, 1000);
  Put(orphan, 0, 1000);
  Put(abandoned, 0, 500);
  Put(under_way, 0, 500);
  Put(under_way, 500, 100, "d7", kNowUs + 5 * kDayUs);
  const auto is_known = [&](absl::string_view sha256) -> absl::StatusOr<bool> {
    return sha256 == absl::string_view(HashOf(named));
  };
  EXPECT_EQ(*files_->Sweep(kNowUs + 6 * kDayUs, is_known), 0u);
  EXPECT_EQ(*files_->Sweep(kNowUs + 8 * kDayUs, is_known), 2u);
  EXPECT_TRUE(files_->IsWhole(HashOf(named), 1000));
  EXPECT_FALSE(files_->IsWhole(HashOf(orphan), 1000));
  EXPECT_EQ(files_->StoredThrough("d7", HashOf(abandoned), 1000), 0u);
  EXPECT_EQ(files_->StoredThrough("d7", HashOf(under_way), 1000), 600u);
}

// Between a whole file and the row that knows it there is a moment in which the sweep may come.
TEST_F(AttachmentFilesTest, WhatWasJustFoundGoodIsNotSweptBeforeItIsKnown) {
  const auto nobody = [](absl::string_view) -> absl::StatusOr<bool> { return false; };
  const int64_t later_us = kNowUs + 30 * kDayUs;
  const std::string whole = Photo(1000, 1);
  Put(whole, 0, 1000);
  ASSERT_TRUE(*files_->KeepIfGood(HashOf(whole), later_us));
  EXPECT_EQ(*files_->Sweep(later_us, nobody), 0u);
  EXPECT_TRUE(files_->IsWhole(HashOf(whole), 1000));
  EXPECT_EQ(*files_->Sweep(later_us + 8 * kDayUs, nobody), 1u) << "and it is not kept for ever";

  // All bytes of another came long ago, and it is asked for once more.
  const std::string late = Photo(1000, 2);
  Put(late, 0, 999);
  std::ofstream(files_->folder() + "/partial/" + absl::BytesToHexString(HashOf(late)) + ".d7", std::ios::app)
      << late.back();
  EXPECT_EQ(Put(late, 0, 1000, "d7", later_us).outcome, Outcome::kWhole);
  EXPECT_EQ(*files_->Sweep(later_us, nobody), 0u);
  EXPECT_TRUE(files_->IsWhole(HashOf(late), 1000));
}

TEST_F(AttachmentFilesTest, ADamagedWholeFileIsNotKept) {
  const std::string photo = Photo(1000);
  Put(photo, 0, 1000);
  EXPECT_TRUE(*files_->KeepIfGood(HashOf(photo), kNowUs));
  std::fstream(AttachmentPath(files_->folder(), HashOf(photo)), std::ios::in | std::ios::out) << "XX";
  EXPECT_FALSE(*files_->KeepIfGood(HashOf(photo), kNowUs));
  EXPECT_FALSE(files_->IsWhole(HashOf(photo), 1000));
}

// It may be the last one there is, and most of it can be seen.
TEST_F(AttachmentFilesTest, ADamagedOneIsSetAsideUntilItHasComeAgain) {
  const auto known = [](absl::string_view) -> absl::StatusOr<bool> { return true; };
  const std::string photo = Photo(1000);
  EXPECT_FALSE(*files_->IsGood(HashOf(photo))) << "there is none";
  Put(photo, 0, 1000);
  EXPECT_TRUE(*files_->IsGood(HashOf(photo)));
  std::fstream(AttachmentPath(files_->folder(), HashOf(photo)), std::ios::in | std::ios::out) << "XX";
  EXPECT_FALSE(*files_->IsGood(HashOf(photo)));
  EXPECT_FALSE(files_->IsWhole(HashOf(photo), 1000));
  const std::string aside = files_->folder() + "/damaged/" + absl::BytesToHexString(HashOf(photo));
  EXPECT_TRUE(std::filesystem::exists(aside));
  const int64_t later_us = int64_t{4000000000} * 1000000;
  EXPECT_EQ(*files_->Sweep(later_us, known), 0u);
  Put(photo, 0, 1000);
  EXPECT_EQ(*files_->Sweep(later_us, known), 1u);
  EXPECT_FALSE(std::filesystem::exists(aside));
}

}  // namespace
}  // namespace doorstep
