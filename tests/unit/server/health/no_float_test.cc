// A floating-point number anywhere in scoring would make health depend on the machine that computed it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace doorstep::health {
namespace {

// Tests run below the root of the project, in its build folder.
std::filesystem::path Root() {
  std::filesystem::path folder = std::filesystem::current_path();
  while (!std::filesystem::exists(folder / "server" / "health" / "score.cc")) {
    if (folder == folder.root_path()) return {};
    folder = folder.parent_path();
  }
  return folder;
}

// Without comments and string literals, which may say what they like.
std::string CodeOf(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  text = std::regex_replace(text, std::regex(R"("(\\.|[^"\\\n])*")"), "\"\"");
  return std::regex_replace(text, std::regex("//[^\n]*"), "");
}

bool HasFloat(const std::string& code) {
  static const std::regex kFloat(
      R"(\b(float|double|strtod|strtof|atof|stod|stof|SimpleAtod|SimpleAtof)\b|<cmath>|<math\.h>|\b\d[\d']*\.\d)");
  return std::regex_search(code, kFloat);
}

TEST(NoFloatTest, ScoringAndItsContractUseIntegersOnly) {
  EXPECT_TRUE(HasFloat("int x = 1.5 * y;"));
  EXPECT_TRUE(HasFloat("long double x;"));
  EXPECT_FALSE(HasFloat("health::Score(rows)[10].day;"));

  const std::filesystem::path root = Root();
  ASSERT_FALSE(root.empty()) << "run the test below the root of the project";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root / "server" / "health")) {
    EXPECT_FALSE(HasFloat(CodeOf(entry.path()))) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 10);
  EXPECT_FALSE(HasFloat(CodeOf(root / "proto" / "doorstep" / "v1" / "health.proto")));
}

}  // namespace
}  // namespace doorstep::health
