// A story that fails, with as little in it as it takes to fail in the same way.
#ifndef DOORSTEP_TESTS_SIM_SHRINK_H_
#define DOORSTEP_TESTS_SIM_SHRINK_H_

#include <string>

#include "tests/sim/script.h"

namespace doorstep::sim {

// `script` fails with a violation of `kind`. Tells it a few hundred times.
Script Shrink(Script script, const std::string& kind, const std::string& folder);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SHRINK_H_
