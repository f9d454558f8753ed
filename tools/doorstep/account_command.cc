// doorstep account list | show | repairs | health.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/money.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr int kRepairsShown = 20;

struct ListArgs {
  std::string contains;
  int64_t limit = 1000;
};

absl::Status List(const ListArgs& args, const Tools& tools) {
  v1::ListAccountsRequest request;
  request.set_contains(args.contains);
  v1::ListAccountsResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, args.limit));
  if (tools.globals->json) return PrintJson(response);
  Table table({{"Account"}, {"Name", false, true}, {"Segment"}, {"Tier"}, {"Success owner"}, {"Zone"}});
  for (const v1::Account& account : response.accounts()) {
    table.Row(
        {account.id(), account.name(), account.segment(), account.tier(), account.success_owner(), account.zone()});
  }
  if (table.empty()) {
    Note("No accounts. They come with doorstep import.");
  } else {
    table.Print();
  }
  if (more) Note(absl::StrCat("There are more: --limit ", args.limit * 10));
  return absl::OkStatus();
}

void PrintProfile(const v1::Account& account) {
  Details details;
  details.Add("Account", account.id());
  details.Add("Name", account.name());
  details.Add("Segment", account.segment());
  details.Add("Tier", account.tier());
  details.Add("Success owner", account.success_owner());
  details.Add("Languages", absl::StrJoin(account.languages(), ", "));
  details.Add("Zone", account.zone());
  details.Add("Part of", account.parent_account_id());
  details.Add("Fit",
              absl::StrCat(Words(account.fit()), account.fit_reason().empty() ? "" : ": ", account.fit_reason()));
  if (account.acquired_time_us() != 0) {
    details.Add("Customer since", ShowTime(account.acquired_time_us(), account.zone()));
  }
  details.Add("Referred by", account.referred_by_account_id());
  details.Add("Version", absl::StrCat(account.version()));
  details.Print();
}

void PrintBelongings(const v1::GetAccountResponse& response) {
  const std::string& zone = response.account().zone();
  if (!response.contacts().empty()) {
    Say();
    Table table(
        {{"Contact"}, {"Name", false, true}, {"Role", false, true}, {"Phone", false, true}, {"E-mail"}, {"Language"}});
    for (const v1::Contact& contact : response.contacts()) {
      table.Row({contact.id(), contact.name(), contact.role(), contact.phone(), contact.email(), contact.language()});
    }
    table.Print();
  }
  if (!response.sites().empty()) {
    Say();
    Table table({{"Site"}, {"Name", false, true}, {"Address", false, true}, {"Access", false, true}});
    for (const v1::Site& site : response.sites()) {
      table.Row({site.id(), site.name(), site.address(), site.access_notes()});
    }
    table.Print();
  }
  if (!response.assets().empty()) {
    Say();
    Table table({{"Asset"}, {"Model", false, true}, {"Serial"}, {"Site"}, {"Status"}, {"Installed", false, true}});
    for (const v1::Asset& asset : response.assets()) {
      table.Row({asset.id(), asset.model(), asset.serial(), asset.site_id(), Words(asset.status()),
                 ShowTime(asset.installed_time_us(), zone)});
    }
    table.Print();
  }
  if (!response.contracts().empty()) {
    Say();
    Table table(
        {{"Contract"}, {"Coverage", false, true}, {"Start", false, true}, {"Renewal", false, true}, {"A month", true}});
    for (const v1::Contract& contract : response.contracts()) {
      table.Row({contract.id(), contract.coverage(), ShowTime(contract.start_time_us(), zone),
                 ShowTime(contract.renewal_time_us(), zone), ShowMoney(contract.monthly_value())});
    }
    table.Print();
  }
  if (!response.commitments().empty()) {
    Say();
    Table table({{"Promise"}, {"Text", false, true}, {"By"}, {"Due", false, true}, {"State"}, {"Visit"}});
    for (const v1::Commitment& promise : response.commitments()) {
      table.Row({promise.id(), promise.text(), Words(promise.made_by()), ShowTime(promise.due_time_us(), zone),
                 Words(promise.state()), promise.visit_id()});
    }
    table.Print();
  }
}

void PrintStatistics(const v1::RepairStatistics& sum) {
  Say(absl::StrCat("Repairs: ", Count(sum.corrective_visits(), "corrective visit", "corrective visits"), " among ",
                   Count(sum.assets(), "asset", "assets"), ", ", sum.repeats_within_30_days(),
                   " of them repeats within 30 days. Fixed at the first visit: ", sum.first_time_fix_yes(), " yes, ",
                   sum.first_time_fix_no(), " no, ", sum.first_time_fix_pending(), " not known yet."));
}

void PrintRepairs(const v1::GetAccountResponse& response) {
  Say();
  PrintStatistics(response.statistics());
  if (response.repairs().empty()) return;
  Say();
  Table table({{"Visit"},
               {"Ended", false, true},
               {"Asset"},
               {"Fault", false, true},
               {"Outcome", false, true},
               {"First-time fix"},
               {"Repeat of"}});
  for (int i = 0; i < response.repairs_size() && i < kRepairsShown; ++i) {
    const v1::Repair& repair = response.repairs(i);
    table.Row(
        {repair.visit_id(), ShowTime(repair.ended_time_us(), response.account().zone()), repair.asset_id(),
         repair.fault_code(), Words(repair.outcome()), Words(repair.first_time_fix()), repair.repeat_of_visit_id()},
        repair.repeat_of_visit_id().empty() ? Colour::kPlain : Colour::kWarning);
  }
  table.Print();
  if (response.repairs_size() > kRepairsShown) {
    Say(absl::StrCat("... and ", response.repairs_size() - kRepairsShown, " older ones (--json has them)."));
  }
}

absl::Status Show(const std::string& id, const Tools& tools) {
  v1::GetAccountRequest request;
  request.set_id(id);
  v1::GetAccountResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintProfile(response.account());
  PrintBelongings(response);
  PrintRepairs(response);
  return absl::OkStatus();
}

absl::Status Repairs(const std::string& account, const Tools& tools) {
  v1::GetRepairStatisticsRequest request;
  request.set_account_id(account);
  v1::GetRepairStatisticsResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintStatistics(response.statistics());
  return absl::OkStatus();
}

}  // namespace

void RegisterAccount(Command root, const Tools& tools) {
  Command account = root.Group("account", "Customers: who they are and how they are doing");
  {
    auto args = std::make_shared<ListArgs>();
    Command list = account.Leaf("list", "All customers", {"doorstep account list --contains Linde"});
    list.Option("contains", "TEXT", &args->contains, "Only where the name or id contains it");
    list.NumberOption("limit", "N", &args->limit, 1, 1000000, "At most so many");
    list.Does([args, tools] { return List(*args, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command show = account.Leaf("show", "One customer: what belongs to it, and its repair history",
                                {"doorstep account show A-17"});
    show.Positional("ACCOUNT", id.get(), "The account's id");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command repairs = account.Leaf("repairs", "Repeats and first-time fix, of one customer or of all together",
                                   {"doorstep account repairs", "doorstep account repairs A-17"});
    repairs.OptionalPositional("ACCOUNT", id.get(), "Only of this account");
    repairs.Does([id, tools] { return Repairs(*id, tools); });
  }
  RegisterAccountHealth(account, tools);
}

}  // namespace doorstep::cli
