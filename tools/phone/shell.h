// The phone for a person: a prompt with history and completion.
#ifndef DOORSTEP_TOOLS_PHONE_SHELL_H_
#define DOORSTEP_TOOLS_PHONE_SHELL_H_

#include "tools/phone/phone.h"

namespace doorstep::phone {

// Until `quit` or the end of the input. Returns the exit status.
int RunShell(Phone& phone);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_SHELL_H_
