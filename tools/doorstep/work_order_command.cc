// doorstep work-order create | show | list.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
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

struct CreateArgs {
  std::string account;
  std::string kind;
  std::string id;
  std::string site;
  std::vector<std::string> assets;
  std::vector<std::string> symptoms;
  std::vector<std::string> skills;
  int64_t priority = 0;
  std::string description;
  std::string sla_due;
  std::string zone;
};

struct ListArgs {
  std::string account;
  int64_t limit = 1000;
};

absl::Status Create(const CreateArgs& args, const Tools& tools) {
  v1::CreateWorkOrderRequest request;
  v1::WorkOrder& order = *request.mutable_work_order();
  order.set_id(args.id);
  order.set_account_id(args.account);
  order.set_site_id(args.site);
  order.set_priority(static_cast<uint32_t>(args.priority));
  order.set_description(args.description);
  const int kind = ParseEnum(*v1::WorkOrderKind_descriptor(), args.kind);
  if (kind < 0) {
    return UsageError(
        absl::StrCat("--kind \"", args.kind, "\" is none of ", EnumChoices(*v1::WorkOrderKind_descriptor())),
        "--kind corrective");
  }
  order.set_kind(static_cast<v1::WorkOrderKind>(kind));
  for (const std::string& asset : args.assets) order.add_asset_ids(asset);
  for (const std::string& code : args.symptoms) order.add_symptoms()->set_code(code);
  for (const std::string& skill : args.skills) order.add_skills(skill);
  if (!args.sla_due.empty()) {
    ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneAt(tools.connection, args.zone, args.account, args.site));
    const absl::StatusOr<WrittenTime> written = ParseWrittenTime(args.sla_due);
    const absl::StatusOr<ResolvedTime> due =
        written.ok() ? Resolve(*written, zone) : absl::StatusOr<ResolvedTime>(written.status());
    if (!due.ok()) return UsageError(absl::StrCat("--sla-due ", due.status().message()), "--sla-due 2026-11-24T12:00");
    order.set_sla_due_time_us(due->time_us);
  }
  v1::CreateWorkOrderResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  Say(absl::StrCat("Work order ", Printable(response.work_order().id()), " is ", Words(response.work_order().state()),
                   "."));
  return absl::OkStatus();
}

absl::Status Show(const std::string& id, const Tools& tools) {
  v1::GetWorkOrderRequest request;
  request.set_id(id);
  v1::GetWorkOrderResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::WorkOrder& order = response.work_order();
  std::vector<std::string> symptoms;
  for (const v1::CodeRef& code : order.symptoms()) {
    symptoms.push_back(code.label().empty() ? code.code() : absl::StrCat(code.code(), " (", code.label(), ")"));
  }
  Details details;
  details.Add("Work order", order.id());
  details.Add("State", Words(order.state()));
  details.Add("Kind", Words(order.kind()));
  details.Add("Priority", absl::StrCat(order.priority()));
  details.Add("Account", order.account_id());
  details.Add("Site", order.site_id());
  details.Add("Assets", absl::StrJoin(order.asset_ids(), ", "));
  details.Add("Symptoms", absl::StrJoin(symptoms, ", "));
  details.Add("Skills", absl::StrJoin(order.skills(), ", "));
  details.Add("Description", order.description());
  if (order.sla_due_time_us() != 0) {
    // In the zone in which it was said.
    ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneAt(tools.connection, "", order.account_id(), order.site_id()));
    details.Add("Due", ShowTime(order.sla_due_time_us(), zone));
  }
  details.Add("First-time fix", Words(order.first_time_fix()));
  if (order.created_time_us() != 0) details.Add("Created", ShowTime(order.created_time_us()));
  details.Add("Version", absl::StrCat(order.version()));
  details.Print();
  if (!response.visits().empty()) {
    Say();
    PrintVisitTable(response.visits());
  }
  return absl::OkStatus();
}

absl::Status List(const ListArgs& args, const Tools& tools) {
  v1::ListWorkOrdersRequest request;
  request.set_account_id(args.account);
  v1::ListWorkOrdersResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, args.limit));
  if (tools.globals->json) return PrintJson(response);
  Table table({{"Work order"}, {"State"}, {"Kind"}, {"Priority", true}, {"Account"}, {"Description", false, true}});
  for (const v1::WorkOrder& order : response.work_orders()) {
    table.Row({order.id(), Words(order.state()), Words(order.kind()), absl::StrCat(order.priority()),
               order.account_id(), order.description()},
              order.state() == v1::WORK_ORDER_STATE_NEEDS_VISIT ? Colour::kWarning : Colour::kPlain);
  }
  if (table.empty()) {
    if (!args.account.empty()) {
      v1::GetAccountRequest account;
      account.set_id(args.account);
      v1::GetAccountResponse found;
      RETURN_IF_ERROR(tools.connection->Call(&account, &found));
    }
    Note("No work orders.");
  } else {
    table.Print();
  }
  if (more) Note(absl::StrCat("There are more: --limit ", args.limit * 10));
  return absl::OkStatus();
}

}  // namespace

void RegisterWorkOrder(Command root, const Tools& tools) {
  Command order = root.Group("work-order", "What customers need done");
  {
    auto args = std::make_shared<CreateArgs>();
    Command create = order.Leaf(
        "create", "Records what a customer needs done",
        {"doorstep work-order create --account A-17 --kind corrective --asset E-251 --priority 2 "
         "--description \"Does not start when cold\"",
         "", "A visit counts as a repeat of another when both are to the same asset and",
         "their outcomes name the same fault code: give --asset here, and --fault with", "the outcome on the phone."});
    create.RequiredOption("account", "ID", &args->account, "The customer");
    create.RequiredOption("kind", "KIND", &args->kind, EnumChoices(*v1::WorkOrderKind_descriptor()));
    create.Option("id", "ID", &args->id, "Your own id; not set: the server makes one");
    create.Option("site", "ID", &args->site, "Where");
    create.RepeatedOption("asset", "ID", &args->assets, "What it is about");
    create.RepeatedOption("symptom", "CODE", &args->symptoms, "What the customer sees");
    create.RepeatedOption("skill", "CODE", &args->skills, "What a technician must know");
    create.NumberOption("priority", "N", &args->priority, 1, 5, "1 (most urgent) to 5; not set: 3");
    create.Option("description", "TEXT", &args->description, "What the customer said");
    create.Option("sla-due", "TIME", &args->sla_due, "When it must be done: 2026-11-24T12:00");
    create.Option("zone", "ZONE", &args->zone, "Zone of --sla-due; not set: the site's or the account's");
    create.Does([args, tools] { return Create(*args, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command show = order.Leaf("show", "One work order and its visits", {"doorstep work-order show W-901"});
    show.Positional("WORK_ORDER", id.get(), "The work order's id");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  {
    auto args = std::make_shared<ListArgs>();
    Command list = order.Leaf("list", "Work orders", {"doorstep work-order list --account A-17"});
    list.Option("account", "ID", &args->account, "Only of this account");
    list.NumberOption("limit", "N", &args->limit, 1, 1000000, "At most so many");
    list.Does([args, tools] { return List(*args, tools); });
  }
}

}  // namespace doorstep::cli
