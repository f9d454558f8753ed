// doorstep visit create | schedule | assign | reassign | dispatch | cancel | close | miss.
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"
#include "tools/doorstep/visit_words.h"
#include "tools/doorstep/zones.h"

namespace doorstep::cli {
namespace {

// What every change of one visit may be told.
struct ChangeArgs {
  std::string visit;
  int64_t version = 0;
  std::string technician;
  std::string from;
  std::string role;
  std::string reason;
  std::string window;
  std::string promised;
  std::string zone;
  bool force = false;
};

struct CreateArgs {
  std::string work_order;
  std::string id;
  std::string window;
  std::string zone;
  std::string instructions;
  bool signature = false;
  bool feedback = false;
  std::vector<std::string> forms;
};

template <class Response, class Request>
absl::Status Change(Request request, const Tools& tools) {
  Response response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintVisitLine(response.visit());
  if constexpr (std::is_same_v<Response, v1::ScheduleVisitResponse>) {
    if (!response.note().empty()) Note(absl::StrCat("Note: ", response.note(), "."));
  }
  return absl::OkStatus();
}

template <class Request>
Request Aimed(const ChangeArgs& args) {
  Request request;
  request.set_id(args.visit);
  request.set_expected_version(args.version);
  return request;
}

absl::StatusOr<v1::TimeWindow> Window(const std::string& option, const std::string& text, const absl::TimeZone& zone) {
  absl::StatusOr<v1::TimeWindow> window = ParseWindow(text, zone);
  if (window.ok()) return window;
  return UsageError(absl::StrCat(option, " ", window.status().message()),
                    absl::StrCat(option, " 2026-11-23T08:00/10:00"));
}

absl::Status Create(const CreateArgs& args, const Tools& tools) {
  v1::CreateVisitRequest request;
  request.set_id(args.id);
  request.set_work_order_id(args.work_order);
  request.set_instructions(args.instructions);
  if (args.signature) request.mutable_requirements()->set_signature(true);
  if (args.feedback) request.mutable_requirements()->set_feedback(true);
  for (const std::string& form : args.forms) request.mutable_requirements()->add_forms(form);
  if (!args.window.empty()) {
    v1::GetWorkOrderRequest order_request;
    order_request.set_id(args.work_order);
    v1::GetWorkOrderResponse order;
    RETURN_IF_ERROR(tools.connection->Call(&order_request, &order));
    ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneAt(tools.connection, args.zone, order.work_order().account_id(),
                                                       order.work_order().site_id()));
    ASSIGN_OR_RETURN(*request.mutable_constraint(), Window("--possible", args.window, zone));
  }
  return Change<v1::CreateVisitResponse>(std::move(request), tools);
}

absl::Status Schedule(const ChangeArgs& args, const Tools& tools) {
  v1::GetVisitRequest get;
  get.set_id(args.visit);
  v1::GetVisitResponse visit;
  RETURN_IF_ERROR(tools.connection->Call(&get, &visit));
  ASSIGN_OR_RETURN(const absl::TimeZone zone,
                   ZoneAt(tools.connection, args.zone, visit.visit().account_id(), visit.visit().site_id()));
  auto request = Aimed<v1::ScheduleVisitRequest>(args);
  ASSIGN_OR_RETURN(*request.mutable_planned(), Window("WINDOW", args.window, zone));
  if (!args.promised.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_promised(), Window("--promised", args.promised, zone));
  }
  request.set_force(args.force);
  return Change<v1::ScheduleVisitResponse>(std::move(request), tools);
}

absl::Status Assign(const ChangeArgs& args, const Tools& tools) {
  auto request = Aimed<v1::AssignVisitRequest>(args);
  request.set_technician_id(args.technician);
  if (!args.role.empty()) {
    const int role = ParseEnum(*v1::AssignmentRole_descriptor(), args.role);
    if (role < 0)
      return UsageError(absl::StrCat("--role \"", args.role, "\" is none of lead, member, trainee"), "--role lead");
    request.set_role(static_cast<v1::AssignmentRole>(role));
  }
  return Change<v1::AssignVisitResponse>(std::move(request), tools);
}

absl::Status Reassign(const ChangeArgs& args, const Tools& tools) {
  auto request = Aimed<v1::ReassignVisitRequest>(args);
  request.set_to_technician_id(args.technician);
  request.set_from_technician_id(args.from);
  request.set_reason(args.reason);
  return Change<v1::ReassignVisitResponse>(std::move(request), tools);
}

absl::Status Dispatch(const ChangeArgs& args, const Tools& tools) {
  return Change<v1::DispatchVisitResponse>(Aimed<v1::DispatchVisitRequest>(args), tools);
}

absl::Status Cancel(const ChangeArgs& args, const Tools& tools) {
  auto request = Aimed<v1::CancelVisitRequest>(args);
  request.set_reason(args.reason);
  request.set_force(args.force);
  return Change<v1::CancelVisitResponse>(std::move(request), tools);
}

absl::Status Close(const ChangeArgs& args, const Tools& tools) {
  return Change<v1::CloseVisitResponse>(Aimed<v1::CloseVisitRequest>(args), tools);
}

absl::Status Miss(const ChangeArgs& args, const Tools& tools) {
  return Change<v1::RecordMissResponse>(Aimed<v1::RecordMissRequest>(args), tools);
}

void AddCreate(Command visit, const Tools& tools) {
  auto args = std::make_shared<CreateArgs>();
  Command create =
      visit.Leaf("create", "Plans a trip for a work order",
                 {"doorstep visit create --work-order W-901 --feedback",
                  "doorstep visit create --work-order W-901 --id V-501 --possible 2026-11-23T07:00/17:00"});
  create.RequiredOption("work-order", "ID", &args->work_order, "Account, site, assets and kind come from it");
  create.Option("id", "ID", &args->id, "Your own id; not set: the server makes one");
  create.Option("possible", "WINDOW", &args->window, "When the customer can be met at all");
  create.Option("zone", "ZONE", &args->zone, "Zone of the window; not set: the site's or the account's");
  create.Option("instructions", "TEXT", &args->instructions, "For the technician");
  create.Flag("signature", &args->signature, "A signature is wanted");
  create.Flag("feedback", &args->feedback, "The customer's word is wanted");
  create.RepeatedOption("form", "ID", &args->forms, "A form to fill in");
  create.Does([args, tools] { return Create(*args, tools); });
}

// A command that changes one visit; more arguments are added by the caller.
Command AddChange(Command visit, const char* name, const char* summary, const std::vector<std::string>& examples,
                  absl::Status (*action)(const ChangeArgs&, const Tools&), const std::shared_ptr<ChangeArgs>& args,
                  const Tools& tools) {
  Command change = visit.Leaf(name, summary, examples);
  change.Positional("VISIT", &args->visit, "The visit's id");
  change.NumberOption("version", "N", &args->version, 0, INT64_MAX, "Only if this is still the visit's version");
  change.Does([args, action, tools] { return action(*args, tools); });
  return change;
}

}  // namespace

void RegisterVisitChanges(Command visit, const Tools& tools) {
  AddCreate(visit, tools);
  {
    auto args = std::make_shared<ChangeArgs>();
    Command schedule =
        AddChange(visit, "schedule", "Gives a visit its window, or another one",
                  {"doorstep visit schedule V-501 2026-11-23T08:00/10:00",
                   "doorstep visit schedule V-501 2026-11-23T08:00/09:00 --promised 2026-11-23T08:00/12:00"},
                  Schedule, args, tools);
    schedule.Positional("WINDOW", &args->window, "2026-11-23T08:00/10:00, in the site's zone");
    schedule.Option("promised", "WINDOW", &args->promised, "What the customer is told; not set: the same at first");
    schedule.Option("zone", "ZONE", &args->zone, "Another zone than the site's or the account's");
    schedule.Flag("force", &args->force, "Even when the technician is already on the way");
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    Command assign = AddChange(visit, "assign", "Sends a technician",
                               {"doorstep visit assign V-501 T-ana", "doorstep visit assign V-501 T-bo --role trainee"},
                               Assign, args, tools);
    assign.Positional("TECHNICIAN", &args->technician, "The technician's id");
    assign.Option("role", "ROLE", &args->role, "lead, member or trainee; not set: lead if nobody leads yet");
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    Command reassign = AddChange(visit, "reassign", "Takes a visit from one technician and gives it to another",
                                 {"doorstep visit reassign V-501 T-bo --reason \"Ana is ill\""}, Reassign, args, tools);
    reassign.Positional("TECHNICIAN", &args->technician, "Who goes now");
    reassign.Option("from", "ID", &args->from, "Who does not go any more; not set: who leads");
    reassign.Option("reason", "TEXT", &args->reason, "Told to the one who does not go any more");
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    AddChange(visit, "dispatch", "Hands a scheduled visit to the phones of those who go",
              {"doorstep visit dispatch V-501"}, Dispatch, args, tools);
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    Command cancel = AddChange(visit, "cancel", "Calls a visit off",
                               {"doorstep visit cancel V-501 --reason \"The customer fixed it\""}, Cancel, args, tools);
    cancel.RequiredOption("reason", "TEXT", &args->reason, "Why");
    cancel.Flag("force", &args->force, "Even when the technician is already at work");
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    AddChange(visit, "close", "Says that an ended visit has been reviewed; what is recorded later amends it",
              {"doorstep visit close V-501"}, Close, args, tools);
  }
  {
    auto args = std::make_shared<ChangeArgs>();
    AddChange(visit, "miss", "Records that nobody came, without waiting for the phone", {"doorstep visit miss V-501"},
              Miss, args, tools);
  }
}

}  // namespace doorstep::cli
