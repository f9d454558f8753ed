// doorstep connect: stores a server's address and who speaks to it.
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

struct Args {
  std::string file;
};

absl::Status Connect(const Args& args, const Tools& tools) {
  ASSIGN_OR_RETURN(const std::string name, ProfileName(tools.globals->profile));
  ASSIGN_OR_RETURN(const std::string directory, ConfigDirectory());
  const absl::StatusOr<v1::ConnectFile> profile = ReadProfile(args.file);
  if (!profile.ok()) {
    if (HasTry(profile.status())) return profile.status();
    return WithTry(profile.status(),
                   "the file admin.connect in the server's data folder, which doorstepd writes when it first starts");
  }
  // Asked before it is stored, so that what is stored works.
  Connection connection(tools.globals, *profile);
  v1::GetStatusRequest request;
  v1::GetStatusResponse status;
  RETURN_IF_ERROR(connection.Call(&request, &status));
  const std::string path = ProfilePath(directory, name);
  RETURN_IF_ERROR(WriteProfile(path, *profile));
  if (tools.globals->json) return PrintJson(status);
  Say(absl::StrCat("Connected to ", Printable(profile->server()), ", doorstepd ", Printable(status.version()),
                   ", with ", Count(status.accounts(), "account", "accounts"), "."));
  Say(absl::StrCat("Profile \"", name, "\" is stored in ", Printable(path), "."));
  return absl::OkStatus();
}

}  // namespace

void RegisterConnect(Command root, const Tools& tools) {
  auto args = std::make_shared<Args>();
  Command connect = root.Leaf(
      "connect", "Stores a server and an identity under a profile",
      {"doorstep connect /var/lib/doorstep/admin.connect", "doorstep connect ./test/admin.connect --profile test", "",
       "The profile that counts: --profile, else DOORSTEP_PROFILE, else \"default\".",
       "Profiles are kept in DOORSTEP_CONFIG_DIR, else ~/.config/doorstep, readable by", "you only."});
  connect.Positional("FILE", &args->file, "The file that doorstepd wrote: server and token");
  connect.Does([args, tools] { return Connect(*args, tools); });
}

}  // namespace doorstep::cli
