// The disk that a crash leaves loses what it may lose and nothing else: else everything that an enumeration says is
// worth nothing.
#include "tests/crash/disk_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/crash/crash_case.h"
#include "tests/crash/ledger.h"

namespace doorstep::crash {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Kind = doorstep::testing::DiskChange::Kind;

class DiskModelTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, int64_t at, const std::string& bytes) {
    model_.Apply({Kind::kWrite, "/d/" + name, at, bytes});
  }
  void Do(Kind kind, const std::string& name, const std::string& to = "") {
    model_.Apply({kind, "/d/" + name, 0, "", to.empty() ? "" : "/d/" + to});
  }
  Files After(Image image, uint64_t seed = 1) {
    SeededRandom random(seed);
    return model_.After(image, random);
  }
  // What `name` may be, over many draws; "-": it is not there.
  std::set<std::string> Outcomes(Image image, const std::string& name) {
    std::set<std::string> outcomes;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const Files files = After(image, seed);
      outcomes.insert(files.count(name) > 0 ? files.at(name) : "-");
    }
    return outcomes;
  }

  DiskModel model_{Files{{"old", "0123"}}, "/d"};
};

TEST_F(DiskModelTest, KeepsWhatWasSyncedAndLosesTheRest) {
  Write("old", 0, "ab");
  Do(Kind::kSync, "old");
  Write("old", 2, "cdef");
  EXPECT_THAT(After(Image::kWritten), ElementsAre(Pair("old", "abcdef")));
  EXPECT_THAT(After(Image::kSynced), ElementsAre(Pair("old", "ab23")));
  EXPECT_EQ(Outcomes(Image::kSectors, "old"), (std::set<std::string>{"ab23", "abcdef"}));
}

TEST_F(DiskModelTest, LosesSectorsAndTruncationsEachForItself) {
  Write("old", 0, std::string(1024, 'x'));
  model_.Apply({Kind::kTruncate, "/d/old", 600});
  const std::string lost(508, '\0');
  EXPECT_EQ(Outcomes(Image::kSectors, "old"),
            (std::set<std::string>{"0123", std::string(1024, 'x'), std::string(600, 'x'), std::string(512, 'x'),
                                   "0123" + lost + std::string(512, 'x'), "0123" + lost + std::string(88, 'x'),
                                   // Cut without having been written: the file grows.
                                   "0123" + std::string(596, '\0'), std::string(512, 'x') + std::string(88, '\0')}));
}

TEST_F(DiskModelTest, CutsTheLastWriteShort) {
  Write("old", 0, "ab");
  Write("old", 2, "cd");
  EXPECT_EQ(Outcomes(Image::kTorn, "old"), (std::set<std::string>{"ab23", "abc3", "abcd"}));
  Do(Kind::kSync, "old");
  EXPECT_EQ(Outcomes(Image::kTorn, "old"), (std::set<std::string>{"abcd"}));
}

TEST_F(DiskModelTest, LosesNamesUntilTheFolderIsSynced) {
  Do(Kind::kCreate, "new");
  Write("new", 0, "n");
  Do(Kind::kSync, "new");
  EXPECT_EQ(After(Image::kSynced).count("new"), 1u);
  EXPECT_EQ(After(Image::kBare).count("new"), 0u);
  EXPECT_EQ(Outcomes(Image::kNames, "new"), (std::set<std::string>{"-", "n"}));
  Do(Kind::kSyncNames, "new");
  EXPECT_EQ(Outcomes(Image::kNames, "new"), (std::set<std::string>{"n"}));
}

TEST_F(DiskModelTest, BringsDeletedAndRenamedFilesBackWhole) {
  Do(Kind::kCreate, "new");
  Write("new", 0, "n");
  Do(Kind::kSync, "new");
  Do(Kind::kSyncNames, "new");
  Do(Kind::kRename, "new", "old");
  EXPECT_THAT(After(Image::kSynced), ElementsAre(Pair("old", "n")));
  EXPECT_THAT(After(Image::kBare), ElementsAre(Pair("new", "n"), Pair("old", "0123")));
  Do(Kind::kDelete, "old");
  EXPECT_EQ(After(Image::kWritten).size(), 0u);
  EXPECT_EQ(Outcomes(Image::kNames, "old"), (std::set<std::string>{"-", "0123", "n"}));
}

TEST_F(DiskModelTest, LosesWhatIsInAFolderWithTheFolder) {
  Do(Kind::kCreate, "sub/");
  Do(Kind::kCreate, "sub/new");
  Write("sub/new", 0, "n");
  Do(Kind::kSync, "sub/new");
  Do(Kind::kSyncNames, "sub/");
  EXPECT_THAT(After(Image::kSynced), ElementsAre(Pair("old", _), Pair("sub/", ""), Pair("sub/new", "n")));
  EXPECT_THAT(After(Image::kBare), ElementsAre(Pair("old", _)));
  EXPECT_EQ(Outcomes(Image::kNames, "sub/new"), (std::set<std::string>{"-", "n"}));
  Do(Kind::kSyncNames, "sub");
  EXPECT_THAT(After(Image::kBare), ElementsAre(Pair("old", _), Pair("sub/", ""), Pair("sub/new", "n")));
}

TEST_F(DiskModelTest, SyncsTheNamesOfOneFolderAndNoOther) {
  Do(Kind::kCreate, "sub/");
  Do(Kind::kSyncNames, "sub");
  Do(Kind::kCreate, "new");
  Do(Kind::kSyncNames, "sub/");
  EXPECT_EQ(After(Image::kBare).count("new"), 0u);
  Do(Kind::kRename, "old", "sub/moved");
  EXPECT_THAT(After(Image::kBare), ElementsAre(Pair("old", "0123"), Pair("sub/", "")));
  Do(Kind::kSyncNames, "sub/");
  EXPECT_THAT(After(Image::kBare), ElementsAre(Pair("sub/", ""), Pair("sub/moved", "0123")));
}

TEST_F(DiskModelTest, AFileOfTwoNamesHasItsBytesOnce) {
  Do(Kind::kLink, "old", "also");
  EXPECT_EQ(Outcomes(Image::kNames, "also"), (std::set<std::string>{"-", "0123"}));
  Write("also", 0, std::string(1024, 'x'));
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Files files = After(Image::kSectors, seed);
    EXPECT_EQ(files.at("also"), files.at("old"));
  }
}

TEST_F(DiskModelTest, ACopyGoesItsOwnWay) {
  Write("old", 0, "ab");
  const DiskModel copy = model_;
  Do(Kind::kSync, "old");
  SeededRandom random(1);
  EXPECT_EQ(copy.After(Image::kSynced, random).at("old"), "0123");
  EXPECT_EQ(After(Image::kSynced).at("old"), "ab23");
}

TEST(LedgerTest, FindsWhatIsLostDoubledAndInvented) {
  int64_t now = 0;
  Ledger ledger([&now] { return now; });
  now = 5;
  ledger.Begins("a");
  now = 8;
  ledger.Answered("a");
  ledger.Answered("b", Lasting::kKill);
  EXPECT_EQ(ledger.Compare({}, 7, true), "");
  EXPECT_EQ(ledger.Compare({"a"}, 7, true), "");
  EXPECT_EQ(ledger.Compare({"a", "b"}, 8, true), "");
  EXPECT_EQ(ledger.Compare({"a"}, 8, true), "");
  EXPECT_THAT(ledger.Compare({"a"}, 8, false), HasSubstr("lost: \"b\""));
  EXPECT_THAT(ledger.Compare({"b"}, 8, true), HasSubstr("lost: \"a\""));
  EXPECT_THAT(ledger.Compare({"a", "a", "b"}, 8, true), HasSubstr("doubled"));
  EXPECT_THAT(ledger.Compare({"a"}, 4, true), HasSubstr("invented"));
  EXPECT_THAT(ledger.Compare({"a", "b", "c"}, 8, true), HasSubstr("invented"));
}

TEST(CrashCaseTest, HasATextThatNamesItForEver) {
  for (const std::string text : {"journal@37:sectors#5", "journal@37:written/4:names#9", "server!12:io:once",
                                 "server!0:full:on", "replica@0:bare"}) {
    const std::optional<CrashCase> parsed = ParseCase(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(TextOf(*parsed), text);
  }
  for (const std::string text :
       {"journal", "journal@", "journal@x:torn", "journal@3:gone", "journal!3:io", "a@1:torn/"}) {
    EXPECT_FALSE(ParseCase(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace doorstep::crash
