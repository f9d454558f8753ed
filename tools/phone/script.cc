#include "tools/phone/script.h"

#include <cstdio>
#include <fstream>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"

namespace doorstep::phone {

int RunScript(Phone& phone, const std::string& path) {
  const bool standard_input = path == "-";
  std::ifstream file;
  if (!standard_input) {
    file.open(path);
    if (!file) {
      PrintError(UsageError(absl::StrCat("--script ", path, ": cannot be read"), "doorstep-phone --help"));
      return kExitUsage;
    }
  }
  std::istream& input = standard_input ? std::cin : file;
  std::string line;
  for (int number = 1; !phone.quit && std::getline(input, line); ++number) {
    absl::string_view text = absl::StripAsciiWhitespace(line);
    const bool may_fail = absl::ConsumePrefix(&text, "-");
    const absl::Status status = RunAndPrint(phone, text);
    if (status.ok() || may_fail) continue;
    std::fprintf(stderr, "%s:%d: stopped here\n", standard_input ? "standard input" : path.c_str(), number);
    return kExitFailed;
  }
  return kExitDone;
}

}  // namespace doorstep::phone
