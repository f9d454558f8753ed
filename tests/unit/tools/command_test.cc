#include "tools/doorstep/command.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/doorstep/commands.h"
#include "tools/doorstep/completion.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {
namespace {

// A line with one command whose action is `status`.
int RunLine(std::vector<std::string> words, absl::Status status = absl::OkStatus()) {
  CommandLine line;
  std::string value;
  int64_t number = 0;
  Command visit = line.root().Group("visit", "Trips");
  Command show = visit.Leaf("show", "One", {"doorstep visit show V"});
  show.Positional("VISIT", &value, "The id");
  show.NumberOption("limit", "N", &number, 1, 10, "At most so many");
  show.Does([status] { return status; });
  words.insert(words.begin(), "doorstep");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return line.Run(static_cast<int>(argv.size()), argv.data());
}

TEST(CommandTest, TheExitStatusTellsDoneFailedAndWrongUsageApart) {
  EXPECT_EQ(RunLine({"visit", "show", "V"}), kExitDone);
  EXPECT_EQ(RunLine({"visit", "show", "--help"}), kExitDone);
  EXPECT_EQ(RunLine({"visit", "show", "V"}, absl::NotFoundError("no visit V")), kExitFailed);
  EXPECT_EQ(RunLine({"visit", "show", "V"}, UsageError("what is V?", "W")), kExitUsage);
  EXPECT_EQ(RunLine({}), kExitUsage);
  EXPECT_EQ(RunLine({"visit"}), kExitUsage);
  EXPECT_EQ(RunLine({"visit", "shwo", "V"}), kExitUsage);
  EXPECT_EQ(RunLine({"visit", "show"}), kExitUsage);
  EXPECT_EQ(RunLine({"visit", "show", "V", "--limit", "11"}), kExitUsage);
  EXPECT_EQ(RunLine({"visit", "show", "V", "--jsn"}), kExitUsage);
}

TEST(CommandTest, OnlyACommandThatAsksAServerHasAProfile) {
  const auto help = [](const char* command) {
    CommandLine line;
    Connection connection(&line.globals());
    const Tools tools{&line.globals(), &connection, &line};
    RegisterRestore(line.root(), tools);
    RegisterBackup(line.root(), tools);
    std::vector<std::string> words = {"doorstep", command, "--help"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    EXPECT_EQ(line.Run(static_cast<int>(argv.size()), argv.data()), kExitDone);
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(help("restore").find("--profile"), std::string::npos) << "it is done while no server runs";
  EXPECT_NE(help("backup").find("--profile"), std::string::npos);
}

TEST(CommandTest, TheVersionIsToldWithoutACommand) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunLine({"--version"}), kExitDone);
  EXPECT_EQ(testing::internal::GetCapturedStdout().find("doorstep "), 0u);
}

TEST(CommandTest, EveryErrorSaysWhatToTry) {
  testing::internal::CaptureStderr();
  RunLine({"visit", "shwo", "V"});
  const std::string typo = testing::internal::GetCapturedStderr();
  EXPECT_NE(typo.find("Error: "), std::string::npos) << typo;
  EXPECT_NE(typo.find("Try: did you mean `doorstep visit show`?"), std::string::npos) << typo;
  testing::internal::CaptureStderr();
  RunLine({"visit", "show", "V"}, absl::AbortedError("version 3 is not 2"));
  const std::string failed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(failed.find("Error: version 3 is not 2\nTry: "), 0u) << failed;
}

TEST(CompletionTest, EveryCommandAndOptionIsInTheScript) {
  CommandLine line;
  Connection connection(&line.globals());
  const Tools tools{&line.globals(), &connection, &line};
  RegisterAccount(line.root(), tools);
  for (const char* shell : {"bash", "zsh"}) {
    const absl::StatusOr<std::string> script = CompletionScript(shell, line.CompletionEntries());
    ASSERT_TRUE(script.ok());
    EXPECT_NE(script->find("\"account health\") echo \""), std::string::npos) << *script;
    EXPECT_NE(script->find("--explain"), std::string::npos) << *script;
  }
  EXPECT_FALSE(CompletionScript("fish", line.CompletionEntries()).ok());
}

}  // namespace
}  // namespace doorstep::cli
