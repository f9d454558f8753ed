// doorstep technician list | leave.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

struct LeaveArgs {
  std::string technician;
  std::string at;
  bool undo = false;
};

absl::Status List(int64_t limit, const Tools& tools) {
  v1::ListTechniciansRequest request;
  v1::ListTechniciansResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, limit));
  if (tools.globals->json) return PrintJson(response);
  Table table({{"Technician"}, {"Name", false, true}, {"Skills", false, true}, {"Language"}, {"Zone"}, {"Left"}});
  for (const v1::Technician& technician : response.technicians()) {
    table.Row({technician.id(), technician.name(), absl::StrJoin(technician.skills(), ", "), technician.language(),
               technician.zone(),
               technician.left_time_us() == 0 ? "" : ShowTime(technician.left_time_us(), technician.zone())},
              technician.left_time_us() == 0 ? Colour::kPlain : Colour::kFaint);
  }
  if (table.empty()) {
    Note("No technicians. They come with doorstep import.");
  } else {
    table.Print();
  }
  if (more) Note(absl::StrCat("There are more: --limit ", limit * 10));
  return absl::OkStatus();
}

absl::StatusOr<v1::Technician> Find(const std::string& id, const Tools& tools) {
  v1::ListTechniciansRequest request;
  v1::ListTechniciansResponse response;
  RETURN_IF_ERROR(tools.connection->CallPages(&request, &response, INT64_MAX).status());
  for (const v1::Technician& technician : response.technicians()) {
    if (technician.id() == id) return technician;
  }
  return WithTry(absl::NotFoundError(absl::StrCat("no technician has the id \"", id, "\"")),
                 "doorstep technician list");
}

// As the technician's own zone reads it, or this machine's.
absl::StatusOr<int64_t> LeftAt(const LeaveArgs& args, const Tools& tools) {
  if (args.undo && args.at.empty()) return 0;
  if (args.undo || args.at.empty()) {
    return UsageError("--at TIME says when the technician left, --undo that it was a mistake: one of them",
                      "--at 2026-11-30T17:00");
  }
  const absl::StatusOr<WrittenTime> written = ParseWrittenTime(args.at);
  if (!written.ok()) {
    return UsageError(absl::StrCat("--at ", written.status().message()), "--at 2026-11-30T17:00");
  }
  ASSIGN_OR_RETURN(const v1::Technician technician, Find(args.technician, tools));
  const absl::StatusOr<absl::TimeZone> zone = FindZone(technician.zone());
  ASSIGN_OR_RETURN(const ResolvedTime time, Resolve(*written, zone.ok() ? *zone : absl::LocalTimeZone()));
  return time.time_us;
}

absl::Status Leave(const LeaveArgs& args, const Tools& tools) {
  v1::RecordLeaveRequest request;
  request.set_technician_id(args.technician);
  ASSIGN_OR_RETURN(const int64_t left_us, LeftAt(args, tools));
  request.set_left_time_us(left_us);
  v1::RecordLeaveResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::Technician& technician = response.technician();
  if (left_us == 0) {
    Say(Printable(absl::StrCat("Technician ", technician.id(), " has not left.")));
  } else {
    Say(Printable(absl::StrCat("Technician ", technician.id(), " left on ", ShowTime(left_us, technician.zone()),
                               ". What was recorded before that counts, however late it comes; what was recorded "
                               "after it is parked.")));
  }
  if (response.parked() > 0) {
    Say(absl::StrCat(Count(response.parked(), "entry that counted is", "entries that counted are"),
                     " parked now: doorstep quarantine list"));
  }
  if (response.counted_again() > 0) {
    Say(absl::StrCat(Count(response.counted_again(), "entry that was parked counts", "entries that were parked count"),
                     " again."));
  }
  for (const std::string& visit : response.open_visit_ids()) {
    Note(Printable(absl::StrCat("Visit ", visit, " needs somebody else: doorstep visit reassign ", visit,
                                " TECHNICIAN --from ", technician.id())));
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterTechnician(Command root, const Tools& tools) {
  Command technician = root.Group("technician", "The people who go");
  {
    auto limit = std::make_shared<int64_t>(1000);
    Command list = technician.Leaf("list", "All technicians", {"doorstep technician list"});
    list.NumberOption("limit", "N", limit.get(), 1, 1000000, "At most so many");
    list.Does([limit, tools] { return List(*limit, tools); });
  }
  {
    auto args = std::make_shared<LeaveArgs>();
    Command leave = technician.Leaf(
        "leave", "Records that a technician left the company",
        {"doorstep technician leave T-ana --at 2026-11-30T17:00", "doorstep technician leave T-ana --undo"});
    leave.Positional("TECHNICIAN", &args->technician, "The technician's id");
    leave.Option("at", "TIME", &args->at,
                 "What is recorded from then on does not count; in the technician's zone, or with an offset");
    leave.Flag("undo", &args->undo, "Has not left after all");
    leave.Does([args, tools] { return Leave(*args, tools); });
  }
}

}  // namespace doorstep::cli
