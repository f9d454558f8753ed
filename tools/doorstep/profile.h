// Stored servers and identities: one file a profile, readable by its owner only, because the token in it is a key.
// A profile is a v1::ConnectFile as text, in the form in which the server wrote it.
#ifndef DOORSTEP_TOOLS_DOORSTEP_PROFILE_H_
#define DOORSTEP_TOOLS_DOORSTEP_PROFILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/connect.pb.h"

namespace doorstep::cli {

// The name that counts: `asked`, else DOORSTEP_PROFILE, else "default". INVALID_ARGUMENT unless it is 1 to 64 letters,
// digits, dots, dashes or underscores and does not begin with a dot.
absl::StatusOr<std::string> ProfileName(absl::string_view asked);

// DOORSTEP_CONFIG_DIR, else doorstep/ in XDG_CONFIG_HOME, else ~/.config/doorstep.
absl::StatusOr<std::string> ConfigDirectory();
std::string ProfilePath(absl::string_view config_directory, absl::string_view name);

// FAILED_PRECONDITION when others than the owner may read or write the file; NOT_FOUND when there is none;
// INVALID_ARGUMENT when it is something else, or server or token are missing.
absl::StatusOr<v1::ConnectFile> ReadProfile(const std::string& path);

// Replaces the file as a whole (mode 0600) and makes its folders (mode 0700).
absl::Status WriteProfile(const std::string& path, const v1::ConnectFile& profile);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_PROFILE_H_
