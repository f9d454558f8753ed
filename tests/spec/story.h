// Stories as text, one step a line, read by people first. A line that begins with `#` is a remark; the first one is the
// story's title. Words are divided by spaces; "several words" in quotes are one.
#ifndef DOORSTEP_TESTS_SPEC_STORY_H_
#define DOORSTEP_TESTS_SPEC_STORY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace doorstep::spec {

struct Step {
  int line = 0;
  std::string text;
  std::vector<std::string> words;
};

struct Story {
  std::string name;  // The file's name without its ending.
  std::string path;
  std::string title;
  std::vector<Step> steps;
};

// INVALID_ARGUMENT names file and line.
absl::StatusOr<Story> ReadStory(const std::string& path);

// Every *.story of a folder, by name.
absl::StatusOr<std::vector<Story>> ReadStories(const std::string& folder);

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_STORY_H_
