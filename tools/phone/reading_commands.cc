// What is on the phone: its state, its visits, its entries, and why.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// The office says of an entry which of its fields is wrong, and a technician knows that a visit is.
constexpr char kVisitField[] = "visit_id: ";

constexpr char kNotKnown[] =
    "the office does not know this phone any more and may have lost what it had: enrol again, in place, with a new "
    "code "
    "from the office; nothing recorded here is lost, and all of it is sent then";

absl::StatusOr<v1::QueueListResponse> WholeQueue(Phone& phone, bool all) {
  v1::QueueListRequest request;
  request.set_limit(1000);
  request.set_all(all);
  v1::QueueListResponse whole;
  bool more = true;
  while (more) {
    const absl::StatusOr<v1::QueueListResponse> page = phone.core->QueueList(request);
    if (!page.ok()) return page.status();
    whole.mutable_entries()->MergeFrom(page->entries());
    more = page->more() && page->entries_size() > 0;
    if (more) *request.mutable_after() = page->entries(page->entries_size() - 1).position();
  }
  return whole;
}

// A judgement may also tell of one that counts what a person had to decide about it.
bool IsSuperseded(const v1::EntryStatus& entry) {
  const absl::string_view message = entry.judgement().message();
  return entry.stage() == v1::ENTRY_STAGE_COUNTED &&
         (absl::StartsWith(message, "corrected by ") || absl::StartsWith(message, "retracted by "));
}

absl::StatusOr<Answer> Status(Phone& phone, const Arguments&) {
  const absl::StatusOr<v1::PhoneStatus> status = phone.core->Status();
  if (!status.ok()) return status.status();
  Answer answer;
  answer.Field("online", phone.online ? "true" : "false").Field("answer", JsonOf(*status));
  if (!status->enrolled()) return answer.Line("this phone is not enrolled; try: enrol CODE");
  answer.Line(absl::StrCat(status->device(), " (journal ", status->epoch(), ") for ",
                           status->technician_ids().empty() ? "nobody; try: signin TECHNICIAN"
                                                            : absl::StrJoin(status->technician_ids(), ", "),
                           ", ", phone.online ? "online" : "offline"));
  for (const v1::PhoneTechnician& one : status->technicians()) {
    if (one.signed_in() && one.allowed()) continue;
    answer.Line(absl::StrCat(
        "  ", one.id(),
        one.signed_in() ? " is signed in, and the office lets them no longer"
        : one.allowed() ? " may sign in"
                        : " is not let by the office",
        one.entries_saved_here() == 0
            ? ""
            : absl::StrCat("; ", Count(one.entries_saved_here(), "entry", "entries"), " of theirs only here")));
  }
  answer.Line(absl::StrCat(
      Count(status->entries_recorded(), "entry", "entries"), " recorded: ", status->entries_saved_here(),
      " saved here, ", status->entries_safe(), " safe at the office, ", status->entries_counted(), " counted, ",
      status->entries_needing_attention(), " needing attention",
      status->entries_repaired() == 0 ? "" : absl::StrCat(", ", status->entries_repaired(), " repaired"),
      status->entries_dismissed() == 0 ? ""
                                       : absl::StrCat(", ", status->entries_dismissed(), " kept that do not count")));
  if (status->entries_counted() > 0) {
    const absl::StatusOr<v1::QueueListResponse> all = WholeQueue(phone, /*all=*/true);
    if (!all.ok()) return all.status();
    const auto superseded = std::count_if(all->entries().begin(), all->entries().end(), IsSuperseded);
    if (superseded > 0) {
      answer.Line(absl::StrCat("  ", superseded, " of those counted ", superseded == 1 ? "was" : "were",
                               " corrected or retracted since; `queue --all` says by which entry"));
    }
  }
  if (status->not_known_by_office()) answer.Line(kNotKnown);
  if (status->queued_bytes() > 0) {
    answer.Line(absl::StrCat(Count(status->queued_bytes(), "byte", "bytes"), " wait; the oldest since ",
                             TimeText(status->oldest_queued_time_us()), ", ", AgeText(status->oldest_queued_age_us())));
  }
  if (status->attachments_queued() > 0) {
    answer.Line(absl::StrCat(Count(status->attachments_queued(), "photo", "photos"), " (",
                             Count(status->attachments_queued_bytes(), "byte", "bytes"), ") not at the office yet",
                             status->attachments_waiting() == 0 ? ""
                                                                : absl::StrCat("; ", status->attachments_waiting(),
                                                                               " for a network that is not metered")));
  }
  if (status->attachments_damaged() > 0) {
    answer.Line(absl::StrCat(Count(status->attachments_damaged(), "photo", "photos"),
                             " damaged here or never added, and not at the office; `photos` says which"));
  }
  answer.Line(absl::StrCat("the office answered last at ", TimeText(status->last_contact_time_us()),
                           status->feeds_at_head() ? "; everything had been fetched" : "; more is to be fetched"));
  answer.Line(ProofText(status->proof_time_us(), status->proof_age_us()));
  answer.Line(absl::StrCat(Count(status->visits(), "visit", "visits"), " on this phone; ",
                           phone.watching
                               ? absl::StrCat("syncing by itself: ", status->engine_state(),
                                              status->told_at_once() ? ", and told at once of what changes" : "")
                               : "`sync` or `watch` fetches more"));
  if (status->push_token_set()) {
    answer.Line(status->push_token_told() ? "the office can wake this phone"
                                          : "the office does not know yet by what to wake this phone");
  }
  if (status->lane() != v1::LANE_ACTIVE && status->lane() != v1::LANE_UNSPECIFIED) {
    answer.Line(absl::StrCat("the office has made this phone ", Words(status->lane())));
  }
  if (!status->disk_full().empty()) answer.Line(status->disk_full());
  if (!status->last_error().empty()) answer.Line(absl::StrCat("last error: ", status->last_error()));
  for (const std::string& repair : status->repairs()) answer.Line(absl::StrCat("repaired: ", repair));
  return answer;
}

absl::StatusOr<Answer> Visits(Phone& phone, const Arguments&) {
  const absl::StatusOr<v1::VisitsListResponse> list = phone.core->VisitsList(v1::VisitsListRequest());
  if (!list.ok()) return list.status();
  Answer answer;
  answer.Field("answer", JsonOf(*list));
  if (list->visits().empty()) return answer.Line("no visits on this phone; `sync` fetches what the office has sent");
  std::vector<std::vector<std::string>> rows;
  for (const v1::LocalVisit& local : list->visits()) {
    rows.push_back({WindowText(local.visit().planned()), local.visit().id(), Words(local.visit().state()),
                    local.account_name(), local.site_address(),
                    local.own_entries() == 0 ? "" : absl::StrCat(local.own_entries(), " not yet at the office")});
  }
  return answer.Table({"WHEN", "VISIT", "STATE", "CUSTOMER", "WHERE", "YOUR ENTRIES"}, rows);
}

void DescribeVisit(const v1::LocalVisit& local, Answer* answer) {
  const v1::Visit& visit = local.visit();
  answer->Line(
      absl::StrCat(visit.id(), "  ", local.account_name(), "  ", Words(visit.kind()), ", ", Words(visit.state())));
  answer->Line(absl::StrCat("  planned ", WindowText(visit.planned()), ", promised ", WindowText(visit.promised())));
  if (!local.site_address().empty()) answer->Line(absl::StrCat("  at ", local.site_address()));
  if (!local.site_hazards().empty()) answer->Line(absl::StrCat("  hazard: ", local.site_hazards()));
  if (!local.site_access_notes().empty()) answer->Line(absl::StrCat("  access: ", local.site_access_notes()));
  if (!visit.asset_ids().empty()) answer->Line(absl::StrCat("  assets ", absl::StrJoin(visit.asset_ids(), ", ")));
  if (!visit.instructions().empty()) answer->Line(absl::StrCat("  instructions: ", visit.instructions()));
  if (local.attachments() > 0) {
    answer->Line(absl::StrCat("  ", local.attachments_safe(), " of ", Count(local.attachments(), "photo", "photos"),
                              " safe at the office"));
  }
  if (visit.has_outcome()) answer->Line(absl::StrCat("  outcome: ", Words(visit.outcome().code())));
  if (local.own_entries() > 0) {
    answer->Line(absl::StrCat("  ", Count(local.own_entries(), "entry", "entries"), " of yours not yet counted in it"));
  }
}

absl::StatusOr<Answer> Open(Phone& phone, const Arguments& words) {
  Answer answer;
  const absl::StatusOr<v1::LocalVisit> local = phone.core->VisitGet(words[0]);
  if (!local.ok() && words.Has("anyway")) {
    phone.visit.Clear();
    phone.visit.set_id(words[0]);
    return answer.Line(absl::StrCat(words[0], " is open; this phone has only its id"));
  }
  if (!local.ok())
    return WithTry(local.status(), absl::StrCat("explain ", words[0], ", or open ", words[0], " --anyway"));
  phone.visit = local->visit();
  DescribeVisit(*local, &answer);
  answer.Field("answer", JsonOf(*local));
  const absl::StatusOr<v1::AccountBrief> brief = phone.core->BriefGet(phone.visit.account_id());
  if (!brief.ok()) return answer;
  for (const v1::AccountBrief::Line& line : brief->lines()) {
    if (line.source_id() == phone.visit.site_id()) continue;  // Told above.
    answer.Line(absl::StrCat("  ", Words(line.topic()), ": ", line.text(), "  (", line.source_id(), ")"));
  }
  return answer.Field("brief", JsonOf(*brief));
}

// Where it stands; of what is counted, whether a later entry of this phone corrects or takes it back.
std::string StateWords(const v1::EntryStatus& entry) {
  return IsSuperseded(entry) ? entry.judgement().message() : StageWords(entry.stage());
}

absl::StatusOr<Answer> Queue(Phone& phone, const Arguments& words) {
  const bool all = words.Has("all");
  const absl::StatusOr<v1::QueueListResponse> listed = WholeQueue(phone, all);
  if (!listed.ok()) return listed.status();
  const v1::QueueListResponse& whole = *listed;
  Answer answer;
  answer.Field("answer", JsonOf(whole));
  const absl::StatusOr<v1::PhoneStatus> status = phone.core->Status();
  if (!status.ok()) return status.status();
  if (status->not_known_by_office()) answer.Line(kNotKnown);
  if (whole.entries().empty()) {
    if (all) return answer.Line("nothing was recorded yet");
    return answer.Line(status->not_known_by_office() ? "nothing waited before: every entry had been counted"
                                                     : "nothing waits: every entry has been counted");
  }
  // Whose they are: of several who use this phone, and of who has signed out. Their visits may be gone with them.
  std::map<std::string, std::string> names;
  for (const v1::PhoneTechnician& one : status->technicians()) names[one.id()] = one.name();
  std::vector<std::vector<std::string>> rows;
  for (const v1::EntryStatus& entry : whole.entries()) {
    const std::string& name = names[entry.author()];
    rows.push_back({PositionText(entry.position()), TimeText(entry.wall_time_us()), entry.visit_id(), entry.fact(),
                    name.empty() ? entry.author() : name, StateWords(entry)});
  }
  return answer.Table({"ENTRY", "WHEN", "VISIT", "WHAT", "BY", "STATE"}, rows);
}

void DescribeEntry(const v1::EntryStatus& entry, Answer* answer) {
  answer->Line(absl::StrCat(PositionText(entry.position()), "  ", entry.fact(), "  ", entry.visit_id(), "  by ",
                            entry.author(), " at ", TimeText(entry.wall_time_us())));
  answer->Line(absl::StrCat("  ", StateWords(entry)));
  if (!IsSuperseded(entry) && !entry.judgement().message().empty())
    answer->Line(absl::StrCat("  ", absl::StripPrefix(entry.judgement().message(), kVisitField)));
  if (!entry.judgement().next().empty()) answer->Line(absl::StrCat("  next: ", entry.judgement().next()));
  if (entry.has_moved_to()) answer->Line(absl::StrCat("  goes on as ", PositionText(entry.moved_to())));
}

absl::StatusOr<Answer> Entry(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::JournalPosition> position = ReadTarget(words[0], phone.Context());
  if (!position.ok()) return position.status();
  const absl::StatusOr<v1::EntryStatus> entry = phone.core->EntryStatusOf(*position);
  if (!entry.ok()) return entry.status();
  Answer answer;
  DescribeEntry(*entry, &answer);
  const absl::StatusOr<v1::PhoneStatus> status = phone.core->Status();
  if (!status.ok()) return status.status();
  if (status->not_known_by_office()) answer.Line(absl::StrCat("  ", kNotKnown));
  return answer.Field("answer", JsonOf(*entry));
}

absl::StatusOr<Answer> Explain(Phone& phone, const Arguments& words) {
  v1::ExplainRequest request;
  // What reads as a position is one, unless the phone has a visit of that name.
  const absl::StatusOr<v1::JournalPosition> position = ReadTarget(words[0], phone.Context());
  if (!position.ok() && words[0] == "last") return position.status();
  if (position.ok() && !phone.core->VisitGet(words[0]).ok()) {
    *request.mutable_entry() = *position;
  } else {
    request.set_visit_id(words[0]);
  }
  const absl::StatusOr<v1::Explanation> explanation = phone.core->Explain(request);
  if (!explanation.ok()) return explanation.status();
  Answer answer;
  for (const std::string& line : explanation->lines()) answer.Line(absl::StripPrefix(line, kVisitField));
  return answer.Field("answer", JsonOf(*explanation));
}

}  // namespace

const std::vector<Command>& ReadingCommands() {
  static const auto* const commands = new std::vector<Command>{
      {"status", "status", "what is recorded, what has arrived, what waits", "", 0, &Status, 0},
      {"visits", "visits", "the visits on this phone", "", 0, &Visits, 0},
      {"open", "open VISIT [--anyway]", "show a visit and its brief; what you record belongs to it", "anyway", 1,
       &Open},
      {"queue", "queue [--all]", "entries that are not counted yet", "all", 0, &Queue, 0},
      {"entry", "entry POSITION", "what became of an entry; `last` is the newest", "", 1, &Entry},
      {"explain", "explain POSITION|VISIT", "why it is as it is", "", 1, &Explain},
  };
  return *commands;
}

}  // namespace doorstep::phone
