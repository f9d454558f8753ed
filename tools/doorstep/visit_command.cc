// doorstep visit list | show | log; the changes are in visit_change_command.cc.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"
#include "tools/doorstep/visit_words.h"
#include "tools/doorstep/zones.h"

namespace doorstep::cli {
namespace {

struct ListArgs {
  std::string account;
  std::string technician;
  std::string state;
  std::string between;
  std::string zone;
  bool attention = false;
  int64_t limit = 1000;
};

// An empty list of somebody who is not there is a slip of the keyboard, not an answer.
absl::Status CheckTechnician(const std::string& id, const Tools& tools) {
  if (id.empty()) return absl::OkStatus();
  v1::ListTechniciansRequest request;
  v1::ListTechniciansResponse all;
  RETURN_IF_ERROR(tools.connection->CallPages(&request, &all, std::numeric_limits<int64_t>::max()).status());
  const bool known = std::any_of(all.technicians().begin(), all.technicians().end(),
                                 [&](const v1::Technician& technician) { return technician.id() == id; });
  return known ? absl::OkStatus() : absl::NotFoundError(absl::StrCat("no technician ", id));
}

absl::Status CheckAccount(const std::string& id, const Tools& tools) {
  if (id.empty()) return absl::OkStatus();
  v1::GetAccountRequest request;
  request.set_id(id);
  v1::GetAccountResponse response;
  return tools.connection->Call(&request, &response);
}

absl::Status List(const ListArgs& args, const Tools& tools) {
  v1::ListVisitsRequest request;
  request.set_account_id(args.account);
  request.set_technician_id(args.technician);
  request.set_needs_attention(args.attention);
  if (!args.state.empty()) {
    const int state = ParseEnum(*v1::VisitState_descriptor(), args.state);
    if (state < 0) {
      return UsageError(
          absl::StrCat("--state \"", args.state, "\" is none of ", EnumChoices(*v1::VisitState_descriptor())),
          "--state dispatched");
    }
    request.set_state(static_cast<v1::VisitState>(state));
  }
  if (!args.between.empty()) {
    ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneAt(tools.connection, args.zone, args.account, ""));
    const absl::StatusOr<v1::TimeWindow> window = ParseWindow(args.between, zone);
    if (!window.ok()) {
      return UsageError(absl::StrCat("--between ", window.status().message()), "--between 2026-11-23/2026-11-24");
    }
    *request.mutable_between() = *window;
  }
  v1::ListVisitsResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, args.limit));
  if (tools.globals->json) return PrintJson(response);
  if (response.visits().empty()) {
    RETURN_IF_ERROR(CheckTechnician(args.technician, tools));
    RETURN_IF_ERROR(CheckAccount(args.account, tools));
    Note("No such visits.");
  } else {
    PrintVisitTable(response.visits());
  }
  if (more) Note(absl::StrCat("There are more: --limit ", args.limit * 10));
  return absl::OkStatus();
}

absl::Status Show(const std::string& id, const Tools& tools) {
  v1::GetVisitRequest request;
  request.set_id(id);
  v1::GetVisitResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintVisit(response.visit());
  if (!response.silent().empty()) Say();
  for (const v1::SilentTechnician& silent : response.silent()) {
    const bool never = silent.silent_since_time_us() == 0;
    Say(absl::StrCat("The phone of ", Printable(silent.technician_id()),
                     never ? " has never been heard from" : " is silent since ",
                     never ? "" : ShowTime(silent.silent_since_time_us(), VisitZone(response.visit())),
                     ": nothing counts as missed before it reports."));
  }
  return absl::OkStatus();
}

absl::Status Log(const std::string& id, const Tools& tools) {
  v1::GetVisitLogRequest request;
  request.set_id(id);
  v1::GetVisitLogResponse log;
  RETURN_IF_ERROR(tools.connection->CallPages(&request, &log, std::numeric_limits<int64_t>::max()).status());
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(log));
    return DamageError(log);
  }
  v1::GetVisitRequest visit_request;
  visit_request.set_id(id);
  v1::GetVisitResponse visit;
  RETURN_IF_ERROR(tools.connection->Call(&visit_request, &visit));
  PrintVisitLog(log, visit.visit());
  return DamageError(log);
}

}  // namespace

void RegisterVisit(Command root, const Tools& tools) {
  Command visit = root.Group("visit", "Trips to customers: planning them, and what came of them");
  {
    auto args = std::make_shared<ListArgs>();
    Command list = visit.Leaf("list", "Visits, by what is asked for",
                              {"doorstep visit list --technician T-ana --between 2026-11-23/2026-11-24",
                               "doorstep visit list --attention", "doorstep visit list --state incomplete --json"});
    list.Option("account", "ID", &args->account, "Only of this account");
    list.Option("technician", "ID", &args->technician, "Only of this technician");
    list.Option("state", "STATE", &args->state, "Only in this state: scheduled, dispatched, completed, ...");
    list.Option("between", "WINDOW", &args->between, "Only planned (or done) within: 2026-11-23/2026-11-24");
    list.Option("zone", "ZONE", &args->zone, "Zone of --between; not set: the account's, else this machine's");
    list.Flag("attention", &args->attention, "Only those that somebody should look at");
    list.NumberOption("limit", "N", &args->limit, 1, 1000000, "At most so many");
    list.Does([args, tools] { return List(*args, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command show = visit.Leaf("show", "One visit as it stands", {"doorstep visit show V-501"});
    show.Positional("VISIT", id.get(), "The visit's id");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command log = visit.Leaf("log", "What was recorded on a visit, in order, and what became of it",
                             {"doorstep visit log V-501"});
    log.Positional("VISIT", id.get(), "The visit's id");
    log.Does([id, tools] { return Log(*id, tools); });
  }
  RegisterVisitChanges(visit, tools);
}

}  // namespace doorstep::cli
