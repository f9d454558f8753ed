// doorstep why: what became of an entry, why a visit is as it is, why an account is amber. Plain words first, then
// where they come from.
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "doorstep/v1/account_service.pb.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/health_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/health_words.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"
#include "tools/doorstep/visit_health.h"
#include "tools/doorstep/visit_words.h"

namespace doorstep::cli {
namespace {

constexpr int kReasonsShown = 10;

std::string EntryVerdictWords(const v1::GetEntryResponse& response) {
  const v1::Judgement& judgement = response.entry().judgement();
  if (IsDamaged(response.entry())) return absl::StrCat("It is ", judgement.message(), ".");
  if (!response.superseded_by().empty()) return "It does not count any more.";
  std::string words;
  switch (judgement.verdict()) {
    case v1::VERDICT_QUARANTINED:
      words = absl::StrCat("It is kept and does not count: ", Words(judgement.reason()), ".");
      break;
    case v1::VERDICT_APPLIED_WITH_ATTENTION:
      words = "It counts, and somebody should look.";
      break;
    case v1::VERDICT_REPAIRED:
      words = absl::StrCat("Entry ", FormatPosition(judgement.repaired_by()), " stands in for it.");
      break;
    case v1::VERDICT_DISMISSED:
      words = "It is kept and does not count: an administrator has looked.";
      break;
    case v1::VERDICT_SAME_AS_ORIGINAL:
      words = "It is a copy of an entry that counts already.";
      break;
    default:
      words = "It counts.";
  }
  for (const std::string& sentence : {judgement.message(), judgement.next()}) {
    if (!sentence.empty()) absl::StrAppend(&words, " ", sentence, absl::EndsWith(sentence, ".") ? "" : ".");
  }
  return words;
}

absl::Status WhyEntry(const v1::JournalPosition& position, const Tools& tools) {
  v1::GetEntryRequest request;
  *request.mutable_position() = position;
  v1::GetEntryResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  const v1::ReceivedEntry& entry = response.entry();
  std::vector<v1::JournalPosition> damaged;
  if (IsDamaged(entry)) damaged.push_back(position);
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(std::move(damaged));
  }
  const absl::TimeZone zone = VisitZone(response.visit(), absl::FixedTimeZone(entry.time().utc_offset_s()));
  if (damaged.empty()) {
    Say(Printable(absl::StrCat("On ", ShowTime(entry.time().time_us(), zone), ", ", entry.author(),
                               " recorded: ", EntryWords(entry.entry(), zone))));
  } else if (entry.has_time()) {
    Say(Printable(absl::StrCat("On ", ShowTime(entry.time().time_us(), zone), ", ", entry.author(),
                               " recorded what cannot be read any more.")));
  }
  Say(Printable(EntryVerdictWords(response)));
  if (Counts(entry.judgement().verdict())) {
    for (const std::string& effect : response.effects()) Say(absl::StrCat("  ", Printable(effect)));
  }
  Say();
  Details details;
  details.Add("Entry", FormatPosition(entry.position()));
  if (entry.rehomed_from().seq() != 0) details.Add("First recorded as", FormatPosition(entry.rehomed_from()));
  if (entry.has_repairs()) {
    details.Add("Stands in for", FormatPosition(entry.repairs()));
    details.Add("Recorded by", entry.recorded_by());
  }
  for (const v1::JournalPosition& by : response.superseded_by()) details.Add("Superseded by", FormatPosition(by));
  std::string received = ShowTime(entry.received_time_us(), zone);
  if (entry.has_time()) {
    details.Add("Clock", ClockWords(entry.time(), entry.entry().time().wall_time_us()));
    absl::StrAppend(&received, ", ", ShowDuration(entry.received_time_us() - entry.time().time_us()),
                    " after it was recorded");
  }
  details.Add("Received", received);
  details.Add("Visit", entry.entry().visit_id());
  if (response.has_visit()) {
    details.Add("Visit is", absl::StrCat(Words(response.visit().state()), ", account ", response.visit().account_id()));
  }
  details.Print();
  return DamageError(std::move(damaged));
}

// The story of a visit in sentences, in the order in which it happened.
std::vector<std::string> VisitStory(const v1::GetVisitResponse& response) {
  const v1::Visit& visit = response.visit();
  std::vector<std::string> story;
  std::string first =
      absl::StrCat("Visit ", visit.id(), " of account ", visit.account_id(), " is ", Words(visit.state()));
  if (visit.has_outcome()) absl::StrAppend(&first, ": ", OutcomeWords(visit.outcome()));
  story.push_back(first + ".");
  if (visit.promised().end_time_us() != 0) {
    const std::string punctuality = PunctualityWords(visit);
    story.push_back(absl::StrCat("The customer was promised ", ShowWindow(visit.promised(), VisitZone(visit)),
                                 punctuality.empty() ? "" : "; the technician ", punctuality, "."));
  }
  if (visit.rescheduled_count() > 0) {
    story.push_back(absl::StrCat("The office moved it ", Count(visit.rescheduled_count(), "time", "times"),
                                 " after it had been promised."));
  }
  if (!visit.cancel_reason().empty()) story.push_back(absl::StrCat("It was cancelled: ", visit.cancel_reason(), "."));
  if (visit.miss_recorded()) story.push_back("The office recorded that nobody came.");
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (!assignment.revoked()) continue;
    story.push_back(absl::StrCat("It was taken from ", assignment.technician_id(),
                                 assignment.successor_id().empty() ? "" : " and given to ", assignment.successor_id(),
                                 assignment.revoked_reason().empty() ? "" : ": ", assignment.revoked_reason(), "."));
  }
  for (const int flag : visit.attention()) {
    story.push_back(absl::StrCat("Somebody should look: ", AttentionWords(static_cast<v1::AttentionFlag>(flag)), "."));
  }
  for (const v1::SilentTechnician& silent : response.silent()) {
    story.push_back(absl::StrCat("The phone of ", silent.technician_id(),
                                 " has not reported past the window, so nothing "
                                 "counts as missed yet."));
  }
  return story;
}

absl::Status WhyVisit(const std::string& id, const Tools& tools) {
  v1::GetVisitRequest request;
  request.set_id(id);
  v1::GetVisitResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  v1::GetVisitLogRequest log_request;
  log_request.set_id(id);
  v1::GetVisitLogResponse log;
  RETURN_IF_ERROR(tools.connection->CallPages(&log_request, &log, std::numeric_limits<int64_t>::max()).status());
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(log);
  }
  for (const std::string& sentence : VisitStory(response)) Say(Printable(sentence));
  Say();
  if (log.items().empty()) {
    Say(response.visit().work_order_id().empty() ? "It was imported: there are no entries behind it."
                                                 : "Nobody has recorded anything for it yet.");
  } else {
    PrintVisitLog(log, response.visit());
  }
  RETURN_IF_ERROR(PrintVisitHealth(response.visit(), log, tools));
  return DamageError(log);
}

absl::Status WhyAccount(const std::string& id, const Tools& tools) {
  v1::ExplainAccountHealthRequest request;
  request.set_account_id(id);
  v1::ExplainAccountHealthResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::AccountHealth& health = response.health();
  Say(absl::StrCat("Account ", Printable(id), ": ", HealthSentence(health)));
  const int64_t moved = health.score_thousandths() - health.prior_score_thousandths();
  Say(absl::StrCat("An account that nobody knows anything about has ", ExactPoints(health.prior_score_thousandths()),
                   "; what is known of this one moved that by ", SignedPoints(moved), "."));
  Say();
  if (response.contributions().empty()) {
    Say("Nothing is known yet that counts.");
    return absl::OkStatus();
  }
  PrintReasons(response.contributions(), kReasonsShown);
  if (response.contributions_size() > kReasonsShown) {
    Say(absl::StrCat("... and ", response.contributions_size() - kReasonsShown, " more: doorstep account health ",
                     Printable(id), " --explain"));
  }
  return absl::OkStatus();
}

absl::Status WhyWorkOrder(const std::string& id, const Tools& tools) {
  v1::GetWorkOrderRequest request;
  request.set_id(id);
  v1::GetWorkOrderResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  Say(Printable(absl::StrCat("Work order ", id, " of account ", response.work_order().account_id(), " is ",
                             Words(response.work_order().state()), ", because of ",
                             Count(response.visits_size(), "visit", "visits"), ".")));
  const std::string fix = Words(response.work_order().first_time_fix());
  if (!fix.empty()) Say(absl::StrCat("Fixed at the first visit: ", fix, "."));
  Say();
  if (!response.visits().empty()) PrintVisitTable(response.visits());
  return absl::OkStatus();
}

// Entries may name a visit that nobody has made. NOT_FOUND: none does, or who asks may not see them.
absl::Status WhyUnknownVisit(const std::string& id, const Tools& tools) {
  v1::ListQuarantineRequest request;
  v1::ListQuarantineResponse response;
  const absl::Status listed =
      tools.connection->CallPages(&request, &response, std::numeric_limits<int64_t>::max()).status();
  if (!listed.ok() && !absl::IsPermissionDenied(listed)) return listed;
  v1::ListQuarantineResponse waiting;
  for (v1::QuarantinedEntry& entry : *response.mutable_entries()) {
    if (entry.judgement().visit_id() == id) *waiting.add_entries() = std::move(entry);
  }
  if (waiting.entries().empty()) return absl::NotFoundError("nothing waits for it");
  if (tools.globals->json) return PrintJson(waiting);
  const int entries = waiting.entries_size();
  Say(Printable(absl::StrCat("There is no visit ", id, " here. ",
                             Count(entries, "entry that names it waits", "entries that name it wait"),
                             " in quarantine and ", entries == 1 ? "does" : "do", " not count:")));
  Table table({{"Entry"}, {"Received"}, {"Why", false, true}, {"Next", false, true}});
  for (const v1::QuarantinedEntry& entry : waiting.entries()) {
    const v1::Judgement& judgement = entry.judgement();
    table.Row({FormatPosition(judgement.position()), ShowTime(entry.received_time_us()),
               WithoutField(judgement.message()), judgement.next()});
  }
  table.Print();
  return absl::OkStatus();
}

absl::Status Why(const std::string& id, const Tools& tools) {
  // An id may belong to several kinds; an entry's is the only one with a form of its own.
  if (const absl::StatusOr<v1::JournalPosition> position = ParsePosition(id); position.ok()) {
    const absl::Status status = WhyEntry(*position, tools);
    if (!absl::IsNotFound(status)) return status;
  }
  for (absl::Status (*why)(const std::string&, const Tools&) : {WhyVisit, WhyAccount, WhyWorkOrder, WhyUnknownVisit}) {
    const absl::Status status = why(id, tools);
    if (!absl::IsNotFound(status)) return status;
  }
  return WithTry(absl::NotFoundError(absl::StrCat("no entry, visit, account or work order has the id \"", id, "\"")),
                 "doorstep visit list, doorstep account list, or doorstep journal show DEVICE");
}

}  // namespace

void RegisterWhy(Command root, const Tools& tools) {
  auto id = std::make_shared<std::string>();
  Command why = root.Leaf("why", "Why an entry, visit or account is as it is",
                          {"doorstep why d7.2.418", "doorstep why V-501", "doorstep why A-17"});
  why.Positional("ID", id.get(), "Of an entry (device.epoch.seq), visit, account or work order");
  why.Does([id, tools] { return Why(*id, tools); });
}

}  // namespace doorstep::cli
