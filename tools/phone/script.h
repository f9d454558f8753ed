// A file of commands, one a line. A line that begins with '-' may fail; any other failure ends the run.
#ifndef DOORSTEP_TOOLS_PHONE_SCRIPT_H_
#define DOORSTEP_TOOLS_PHONE_SCRIPT_H_

#include <string>

#include "tools/phone/phone.h"

namespace doorstep::phone {

// `path` "-": standard input, each line run as soon as it is there. Returns the exit status; the line that failed is
// named as FILE:LINE on standard error.
int RunScript(Phone& phone, const std::string& path);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_SCRIPT_H_
