// The questions for the customer, shipped as data (survey.txtpb), and the ways to answer them.
#ifndef DOORSTEP_TOOLS_PHONE_SURVEY_H_
#define DOORSTEP_TOOLS_PHONE_SURVEY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/feedback.pb.h"
#include "doorstep/v1/survey.pb.h"
#include "tools/phone/line.h"

namespace doorstep::phone {

const v1::Survey& ShippedSurvey();

// What the customer types after `prompt`; nothing when the input has ended.
using Asker = std::function<std::optional<std::string>(const std::string& prompt)>;

// Lets the customer pick a language, then asks every question in it. Pressing Enter takes `preselected` there and skips
// a question here. CANCELLED when the input ends before the last question: nothing is to be recorded.
absl::StatusOr<v1::Feedback> Interview(const v1::Survey& survey, absl::string_view preselected, const Asker& ask,
                                       const std::function<int64_t()>& now_us);

// What the customer reads after the last answer.
std::string Thanks(const v1::Survey& survey, absl::string_view language);

// "zh csat=4 ces=6 resolved=1 text=... mode=open": the same by one line. The mode is TECHNICIAN_DEVICE_OPEN unless it
// is named, because that is what this program is.
absl::StatusOr<v1::Feedback> ParseFeedback(const Arguments& words);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_SURVEY_H_
