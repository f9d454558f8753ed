// What a person reads when a command fails.
#include "tools/doorstep/errors.h"

#include <gmock/gmock.h>

#include <string>

namespace doorstep::cli {
namespace {

using ::testing::HasSubstr;

std::string Reported(const absl::Status& status) {
  ::testing::internal::CaptureStderr();
  ReportError(status);
  return ::testing::internal::GetCapturedStderr();
}

TEST(ErrorsTest, FieldsOfTheContractAreNotShownToPeople) {
  const struct {
    const char* message;
    const char* want;
  } kCases[] = {
      {"technician_id: no technician T-9", "Error: no technician T-9\n"},
      {"work_order.site_id: site S-2 belongs to account A-2, not A-1",
       "Error: site S-2 belongs to account A-2, not A-1\n"},
      {"to_technician_id: must not be empty", "Error: to technician: must not be empty\n"},
      {"left_time_us: must not be after now", "Error: left: must not be after now\n"},
      {"work_order.description: must have at most 9 bytes", "Error: description: must have at most 9 bytes\n"},
      {"work_orders.csv: there is no row in it", "Error: work_orders.csv: there is no row in it\n"},
      {"accounts.csv: there is no row in it", "Error: accounts.csv: there is no row in it\n"},
      {"no visit a_b", "Error: no visit a_b\n"},
  };
  for (const auto& c : kCases) EXPECT_THAT(Reported(absl::InvalidArgumentError(c.message)), HasSubstr(c.want));
}

TEST(ErrorsTest, WhoNamesSomebodyElsesSiteIsShownWhereTheRightOnesAre) {
  EXPECT_THAT(Reported(absl::InvalidArgumentError("work_order.site_id: site S-2 belongs to account A-2, not A-1")),
              HasSubstr("Try: doorstep account show A-1, which lists its sites and assets\n"));
}

}  // namespace
}  // namespace doorstep::cli
