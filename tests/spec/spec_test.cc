// Every *.story of this folder is a test: told by the real phone core and the real server, in one process.

#include <gtest/gtest.h>

#include "tests/spec/sentences.h"
#include "tests/spec/story.h"
#include "tests/spec/world.h"

namespace doorstep::spec {
namespace {

class StoryTest : public ::testing::Test {
 public:
  explicit StoryTest(Story story) : story_(std::move(story)) {}

  void TestBody() override {
    World world;
    const absl::Status begun = world.Begin();
    ASSERT_TRUE(begun.ok()) << begun.ToString();
    for (const Step& step : story_.steps) {
      const absl::Status status = RunStep(world, step.words);
      if (status.ok()) continue;
      // The story ends where it went wrong; the file and the line are its own.
      GTEST_MESSAGE_AT_(story_.path.c_str(), step.line, "", ::testing::TestPartResult::kFatalFailure)
          << story_.title << "\n  " << step.text << "\n  " << status.ToString();
      return;
    }
  }

 private:
  const Story story_;
};

}  // namespace
}  // namespace doorstep::spec

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const auto stories = doorstep::spec::ReadStories(DOORSTEP_STORIES);
  if (!stories.ok() || stories->empty()) {
    fprintf(stderr, "no stories: %s\n", stories.status().ToString().c_str());
    return 1;
  }
  for (const doorstep::spec::Story& story : *stories) {
    ::testing::RegisterTest("Story", story.name.c_str(), nullptr, nullptr, story.path.c_str(), 1,
                            [story]() -> ::testing::Test* { return new doorstep::spec::StoryTest(story); });
  }
  return RUN_ALL_TESTS();
}
