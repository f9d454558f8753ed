// One line of a person or a script, taken apart: words, then what a command expects of them.
#ifndef DOORSTEP_TOOLS_PHONE_LINE_H_
#define DOORSTEP_TOOLS_PHONE_LINE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace doorstep::phone {

// Splits at blanks. Double quotes keep blanks together; inside them \" and \\ stand for themselves. An apostrophe is a
// letter like any other, because people write "the customer's boiler".
absl::StatusOr<std::vector<std::string>> SplitLine(absl::string_view line);

// The words after a command's name: options by name, the rest by place.
class Arguments {
 public:
  // `options` lists what the command knows, blank-separated; a name that ends in '=' takes a value:
  // "asset= follow-up". INVALID_ARGUMENT for another option, one that is given twice or a missing value; `usage`
  // becomes the advice.
  static absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words, absl::string_view options,
                                         absl::string_view usage);

  size_t size() const { return places_.size(); }
  // INVALID_ARGUMENT when there are less than `least` words, or more than `most`: what nobody reads was meant somehow.
  absl::Status CheckSize(absl::string_view name, size_t least, size_t most, absl::string_view usage) const;
  // Empty when there are not so many.
  const std::string& operator[](size_t place) const;
  // All words from `place` on as one text.
  std::string Text(size_t place) const;
  bool Has(absl::string_view option) const { return options_.count(std::string(option)) > 0; }
  // Empty when it was not given.
  const std::string& Option(absl::string_view option) const;

 private:
  std::vector<std::string> places_;
  std::map<std::string, std::string> options_;
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_LINE_H_
