// doorstep server status | rebuild, and doorstep version.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "google/protobuf/struct.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/progress.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

absl::Status Status(const Tools& tools) {
  v1::GetStatusRequest request;
  v1::GetStatusResponse status;
  RETURN_IF_ERROR(tools.connection->Call(&request, &status));
  if (tools.globals->json) return PrintJson(status);
  Details details;
  details.Add("Server", tools.connection->Description());
  details.Add("Version", absl::StrCat(status.version(), ", schema ", status.schema_version()));
  details.Add("Up for", absl::StrCat(ShowDuration(status.server_time_us() - status.started_time_us()), ", since ",
                                     ShowTime(status.started_time_us())));
  details.Add("Generation", status.generation());
  details.Add("Accounts", Grouped(status.accounts()));
  details.Add("Visits", Grouped(status.visits()));
  details.Add("Devices", Grouped(status.devices()));
  details.Add("Entries",
              absl::StrCat(Grouped(status.entries()), " received in ", Count(status.frames(), "frame", "frames"), ", ",
                           Grouped(status.copies()), " of them copies after a fork"));
  details.Add("Commands", Grouped(status.commands()));
  details.Add("Quarantined", Grouped(status.quarantined()),
              status.quarantined() > 0 ? Colour::kWarning : Colour::kPlain);
  details.Add("Attention", Count(status.attention(), "visit", "visits"),
              status.attention() > 0 ? Colour::kWarning : Colour::kPlain);
  details.Add("Waiting", Count(status.queue_requests(), "request", "requests"));
  details.Add("Last backup", status.last_backup_time_us() == 0 ? "never" : ShowTime(status.last_backup_time_us()),
              status.last_backup_time_us() == 0 ? Colour::kWarning : Colour::kPlain);
  details.Add("Photos", status.attachments() == 0
                            ? ""
                            : absl::StrCat(Grouped(status.attachments()), " photos and documents, ",
                                           Grouped(status.attachment_bytes()), " bytes"));
  details.Add("Database", absl::StrCat(Grouped(status.database_bytes()), " bytes"));
  details.Print();
  return absl::OkStatus();
}

absl::Status Rebuild(const Tools& tools) {
  v1::RebuildRequest request;
  v1::RebuildResponse response;
  {
    const Progress progress("Rebuilding beside the live file");
    RETURN_IF_ERROR(tools.connection->Call(&request, &response, kLongCallSeconds));
  }
  // Without a hash it was not finished: the first damaged row stands where the differences do.
  const bool damaged = !response.equal() && response.projection_hash().empty();
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
  } else if (!damaged) {
    Say(absl::StrCat(
        "Made again from ", Count(response.entries(), "entry", "entries"), " and ",
        Count(response.commands(), "command", "commands"), " in ", ShowDuration(response.duration_us()), ": ",
        response.equal() ? Coloured("equal, byte for byte", Colour::kGood) : Coloured("different", Colour::kBad), "."));
    Say(absl::StrCat("SHA-256 over everything computed: ", absl::BytesToHexString(response.projection_hash())));
    for (const std::string& difference : response.differences()) Say(absl::StrCat("  ", Printable(difference)));
  }
  if (response.equal()) return absl::OkStatus();
  if (damaged) {
    return WithTry(absl::DataLossError(absl::StrCat("what the server has stored is damaged: ",
                                                    absl::StrJoin(response.differences(), "; "))),
                   "with the server stopped, doorstep restore BACKUP --data FOLDER, the newest backup from before the "
                   "damage: the phones send again what it does not have");
  }
  return WithTry(absl::DataLossError("what the server computed is not what its frames and commands say"),
                 "keep a copy of the data folder, and report the tables that differ");
}

absl::Status Version(const Tools& tools) {
  if (tools.globals->json) {
    google::protobuf::Struct object;
    (*object.mutable_fields())["version"].set_string_value(DOORSTEP_VERSION);
    return PrintJson(object);
  }
  Say("doorstep " DOORSTEP_VERSION);
  return absl::OkStatus();
}

}  // namespace

void RegisterServer(Command root, const Tools& tools) {
  Command server = root.Group("server", "The server itself");
  server.Leaf("status", "What it holds and how it is doing", {"doorstep server status"}).Does([tools] {
    return Status(tools);
  });
  server
      .Leaf("rebuild", "Makes everything computed again from what was received, and compares",
            {"doorstep server rebuild", "",
             "The server goes on serving meanwhile, and nothing is changed. Exit status 1:",
             "something differs, or what is stored is damaged."})
      .Does([tools] { return Rebuild(tools); });
}

void RegisterVersion(Command root, const Tools& tools) {
  root.LeafHere("version", "The version of this program; doorstep server status has the server's", {"doorstep version"})
      .Does([tools] { return Version(tools); });
}

}  // namespace doorstep::cli
