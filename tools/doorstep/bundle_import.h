// What phones without a network handed over as files.
#ifndef DOORSTEP_TOOLS_DOORSTEP_BUNDLE_IMPORT_H_
#define DOORSTEP_TOOLS_DOORSTEP_BUNDLE_IMPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/doorstep/commands.h"

namespace doorstep::cli {

// Whether the file begins as a Bundle does. False also when it cannot be read.
bool IsBundle(const std::string& file);

// Hands every frame in and prints what came of it. Importing the same file again changes nothing.
absl::Status ImportBundles(const std::vector<std::string>& files, const Tools& tools);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_BUNDLE_IMPORT_H_
