// A salvage whose renames fail or stop halfway, on files that hold a word each.
#include "client_core/store/journal_swap.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace doorstep {
namespace {

class JournalSwapTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "journal-swap-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    Write("journal.db", "damaged");
    Write("journal.db-wal", "damaged wal");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& file, const std::string& word) { std::ofstream(folder_ / file) << word; }
  std::string Read(const std::string& file) {
    std::ifstream in(folder_ / file);
    std::ostringstream word;
    word << in.rdbuf();
    return word.str();
  }
  void Salvage(const std::string& word) {
    EXPECT_EQ(swap().Begin(), folder_ / "journal.db.salvaging");
    Write("journal.db.salvaging", word);
  }
  // The name of the file that was set aside, or what went wrong.
  std::string Finish() {
    const absl::StatusOr<std::string> aside = swap().Finish();
    return aside.ok() ? *aside : aside.status().ToString();
  }
  JournalSwap swap() const { return JournalSwap(folder_ / "journal.db"); }

  std::filesystem::path folder_;
};

TEST_F(JournalSwapTest, SetsTheDamagedFileAsideWithItsCompanion) {
  Salvage("salvaged");
  EXPECT_FALSE(swap().decided());
  ASSERT_TRUE(swap().Decide().ok());
  EXPECT_TRUE(swap().decided());
  EXPECT_EQ(Read("journal.db"), "damaged");
  EXPECT_EQ(Finish(), "journal.db.damaged-1");
  EXPECT_FALSE(swap().decided());
  EXPECT_EQ(Read("journal.db"), "salvaged");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "journal.db-wal"));
  EXPECT_EQ(Read("journal.db.damaged-1"), "damaged");
  EXPECT_EQ(Read("journal.db.damaged-1-wal"), "damaged wal");

  Salvage("salvaged again");
  ASSERT_TRUE(swap().Decide().ok());
  EXPECT_EQ(Finish(), "journal.db.damaged-2");
  EXPECT_EQ(Read("journal.db.damaged-2"), "salvaged");
}

TEST_F(JournalSwapTest, ARenameThatFailsLeavesEverythingToTheNextTry) {
  Salvage("salvaged");
  ASSERT_TRUE(swap().Decide().ok());
  std::filesystem::create_directory(folder_ / "journal.db.damaged-1-wal");
  EXPECT_FALSE(swap().Finish().ok());
  EXPECT_TRUE(swap().decided()) << "so that nobody writes to the damaged file";
  EXPECT_EQ(Read("journal.db"), "damaged");
  std::filesystem::remove(folder_ / "journal.db.damaged-1-wal");
  EXPECT_EQ(Finish(), "journal.db.damaged-1");
  EXPECT_EQ(Read("journal.db"), "salvaged");
}

TEST_F(JournalSwapTest, DecidesOnlyForWhatIsWhole) {
  Salvage("half");
  Write("journal.db.salvaging-wal", "the other half");
  EXPECT_FALSE(swap().Decide().ok());
  EXPECT_FALSE(swap().decided());
  swap().Clean();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "journal.db.salvaging"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "journal.db.salvaging-wal"));
  EXPECT_FALSE(swap().Decide().ok()) << "nothing was written";
  EXPECT_EQ(Read("journal.db"), "damaged");
}

}  // namespace
}  // namespace doorstep
