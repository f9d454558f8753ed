// A floating-point number anywhere in scoring would make health depend on the machine that computed it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

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
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::string code;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
    } else if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\';
    } else {
      code += text[i];
    }
  }
  return code;
}

// Words, and numbers with their point.
bool HasFloat(const std::string& code) {
  static const std::set<std::string> kFloats = {"float", "double", "strtod", "strtof",     "atof",
                                                "stod",  "stof",   "cmath",  "SimpleAtod", "SimpleAtof"};
  std::string word;
  for (const char c : code + " ") {
    const bool point = c == '.' && !word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) != 0;
    if (point) return true;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
      continue;
    }
    if (kFloats.count(word) != 0) return true;
    word.clear();
  }
  return false;
}

TEST(NoFloatTest, ScoringAndItsContractUseIntegersOnly) {
  EXPECT_TRUE(HasFloat("int x = 1.5 * y;"));
  EXPECT_TRUE(HasFloat("long double x;"));
  EXPECT_TRUE(HasFloat("#include <cmath>"));
  EXPECT_FALSE(HasFloat("health::Score(rows)[10].day; Doubled(x);"));

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
