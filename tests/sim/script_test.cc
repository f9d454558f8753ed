// A story that was written down is the same story when it is read again.
#include "tests/sim/script.h"

#include <gtest/gtest.h>

namespace doorstep::sim {
namespace {

TEST(ScriptTest, WhatIsWrittenIsReadAgain) {
  Script script;
  script.seed = 17;
  script.chaos_us = 123456;
  script.without = {FaultKind::kPhoneCloned, FaultKind::kLeftAlone};
  script.skipped = {1, 2, 3, 9, 11};
  script.clock_shift_us = -5;
  const std::string text = FormatScript(script);
  EXPECT_EQ(text,
            "seed 17\nchaos_us 123456\nclock_shift_us -5\nwithout phone_cloned\nwithout left_alone\nskip 1..3\nskip 9\n"
            "skip 11\n");
  const auto read = ParseScript("# lost: an entry\n\n" + text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatScript(*read), text);
}

TEST(ScriptTest, ALineThatSaysNothingIsNamed) {
  EXPECT_EQ(ParseScript("seed 1\nwithout rain\n").status().message(), "not a line of a script: without rain");
  EXPECT_EQ(ParseScript("skip 9..a\n").status().message(), "not a line of a script: skip 9..a");
}

}  // namespace
}  // namespace doorstep::sim
