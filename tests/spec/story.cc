#include "tests/spec/story.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep::spec {
namespace {

absl::StatusOr<std::vector<std::string>> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (true) {
    at = text.find_first_not_of(' ', at);
    if (at == std::string::npos) return words;
    if (text[at] == '"') {
      const size_t end = text.find('"', at + 1);
      if (end == std::string::npos) return absl::InvalidArgumentError("a quote has no end");
      words.push_back(text.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      const size_t end = std::min(text.find(' ', at), text.size());
      words.push_back(text.substr(at, end - at));
      at = end;
    }
  }
}

}  // namespace

absl::StatusOr<Story> ReadStory(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  Story story;
  story.path = path;
  story.name = std::filesystem::path(path).stem().string();
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    text = std::string(absl::StripAsciiWhitespace(text));
    if (text.empty()) continue;
    if (text[0] == '#') {
      if (story.title.empty()) story.title = std::string(absl::StripAsciiWhitespace(text.substr(1)));
      continue;
    }
    absl::StatusOr<std::vector<std::string>> words = WordsOf(text);
    if (!words.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", words.status().message()));
    }
    story.steps.push_back({line, text, *std::move(words)});
  }
  if (story.title.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": begin with # and a title"));
  return story;
}

absl::StatusOr<std::vector<Story>> ReadStories(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".story") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Story> stories;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(Story story, ReadStory(path));
    stories.push_back(std::move(story));
  }
  return stories;
}

}  // namespace doorstep::spec
