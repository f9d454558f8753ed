// What a command answers, twice: lines for a person and fields for a script.
#ifndef DOORSTEP_TOOLS_PHONE_ANSWER_H_
#define DOORSTEP_TOOLS_PHONE_ANSWER_H_

#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep::phone {

// `message` as JSON in one line, with the field names of the contract; fields at zero are there too.
std::string JsonOf(const google::protobuf::Message& message);
// `text` as a JSON string.
std::string JsonOf(absl::string_view text);

class Answer {
 public:
  Answer() = default;
  explicit Answer(absl::string_view line) { Line(line); }

  Answer& Line(absl::string_view line);
  // Rows under titles, in columns as wide as they look on the screen: Chinese characters take two cells.
  Answer& Table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows);
  // A field of the JSON object; `json` must be JSON.
  Answer& Field(absl::string_view name, absl::string_view json);

  const std::string& text() const { return text_; }
  // {"command":"note","ok":true,...}
  std::string Json(absl::string_view command) const;
  // {"command":"note","ok":false,"error":{...}}
  static std::string Json(absl::string_view command, const absl::Status& error);

 private:
  std::string text_;
  std::string fields_;
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_ANSWER_H_
