#include "tools/phone/command.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// What people type for what is called otherwise here.
constexpr std::pair<const char*, const char*> kOtherWords[] = {
    {"list", "visits"},  {"ls", "visits"},      {"work", "start"},   {"begin", "start"}, {"stop", "end"},
    {"done", "outcome"}, {"finish", "outcome"}, {"leave", "depart"}, {"exit", "quit"},
};
constexpr size_t kPrefixBytes = 3;

absl::Status NoCommand(absl::string_view typed) {
  std::string meant = "help";
  for (const std::string& name : CommandNames()) {
    if (typed.size() >= kPrefixBytes && absl::StartsWith(name, typed.substr(0, kPrefixBytes))) meant = name;
  }
  for (const auto& [other, name] : kOtherWords) {
    if (typed == other) meant = name;
  }
  return WithTry(absl::NotFoundError(absl::StrCat("\"", Quotable(typed), "\" is no command")), meant);
}

const Command* FindCommand(absl::string_view name) {
  for (const std::vector<Command>* part :
       {&LifeCommands(), &PocketCommands(), &ReadingCommands(), &AttachmentCommands()}) {
    for (const Command& command : *part) {
      if (name == command.name) return &command;
    }
  }
  return nullptr;
}

absl::Status NeedsVisit(absl::string_view name) {
  return WithTry(absl::FailedPreconditionError(absl::StrCat(name, ": no visit is open")), "visits, then open VISIT");
}

// A correction or retraction belongs to the visit of the entry that it names.
absl::Status TakeVisitOfTarget(Phone& phone, v1::LogEntry* entry) {
  const bool correction = entry->has_correction();
  if (!correction && !entry->has_retraction()) return absl::OkStatus();
  const v1::JournalPosition& target = correction ? entry->correction().target() : entry->retraction().target();
  const absl::StatusOr<v1::EntryStatus> status = phone.core->EntryStatusOf(target);
  if (!status.ok()) return status.status();
  entry->set_visit_id(status->visit_id());
  if (correction) entry->mutable_correction()->mutable_replacement()->set_visit_id(status->visit_id());
  return absl::OkStatus();
}

void Print(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

absl::StatusOr<Answer> RecordFact(Phone& phone, const Fact& fact, const std::vector<std::string>& words) {
  v1::AppendRequest request;
  request.set_author(phone.author);
  if (words.empty() && absl::string_view(fact.name) == "feedback") {
    if (!phone.ask) return UsageError("feedback: nobody is there to ask", fact.usage);
    if (phone.visit.id().empty()) return NeedsVisit(fact.name);
    absl::StatusOr<v1::Feedback> feedback =
        Interview(ShippedSurvey(), phone.language, phone.ask, [&phone] { return phone.NowMicros(); });
    if (!feedback.ok()) return feedback.status();
    request.mutable_entry()->set_visit_id(phone.visit.id());
    *request.mutable_entry()->mutable_feedback_captured()->mutable_feedback() = *std::move(feedback);
  } else {
    absl::StatusOr<v1::LogEntry> entry = BuildFact(fact, words, phone.Context());
    if (!entry.ok()) return entry.status();
    *request.mutable_entry() = *std::move(entry);
  }
  // A correction's replacement names what it put in place of something that is here already.
  if (request.entry().has_attachment_added()) {
    if (phone.visit.id().empty()) return NeedsVisit(fact.name);
    absl::Status kept = KeepAttachment(phone, fact, words, request.entry().attachment_added());
    if (!kept.ok()) return kept;
  }
  absl::Status status = TakeVisitOfTarget(phone, request.mutable_entry());
  if (!status.ok()) return status;
  if (request.entry().visit_id().empty()) return NeedsVisit(fact.name);

  const absl::StatusOr<v1::AppendResponse> appended = phone.core->Append(request);
  if (absl::IsFailedPrecondition(appended.status())) {
    const bool nobody = absl::StrContains(appended.status().message(), "nobody is signed in");
    return WithTry(appended.status(), nobody ? "signin TECHNICIAN" : "enrol CODE");
  }
  if (!appended.ok()) return appended.status();
  phone.last = appended->position();
  status = phone.tally.Add(appended->position(), request.entry());
  if (!status.ok()) return status;

  Answer answer;
  answer.Line(absl::StrCat("saved here: ", PositionText(appended->position()), "  ", fact.name));
  answer.Field("position", JsonOf(PositionText(appended->position())));
  answer.Field("visit_id", JsonOf(request.entry().visit_id()));
  answer.Field("answer", JsonOf(*appended));
  for (const std::string& warning : appended->warnings()) answer.Line(absl::StrCat("  note: ", warning));
  if (request.entry().has_feedback_captured() && phone.ask) {
    answer.Line(Thanks(ShippedSurvey(), request.entry().feedback_captured().feedback().language()));
  }
  if (request.entry().has_commitment_made()) {
    const std::string& id = request.entry().commitment_made().commitment().id();
    answer.Line(absl::StrCat("  promise ", id)).Field("commitment_id", JsonOf(id));
  }
  if (request.entry().has_asset_registered()) {
    const std::string& id = request.entry().asset_registered().asset().id();
    answer.Line(absl::StrCat("  asset ", id)).Field("asset_id", JsonOf(id));
  }
  if (request.entry().has_visit_opened_on_site()) {
    phone.visit.Clear();
    phone.visit.set_id(request.entry().visit_id());
    phone.visit.set_account_id(request.entry().visit_opened_on_site().account_id());
    *phone.visit.mutable_asset_ids() = request.entry().visit_opened_on_site().asset_ids();
    answer.Line(absl::StrCat("  visit ", phone.visit.id(), " is open"));
  }
  return answer;
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const std::vector<Command>* part :
       {&LifeCommands(), &PocketCommands(), &ReadingCommands(), &AttachmentCommands()}) {
    for (const Command& command : *part) names.push_back(command.name);
  }
  for (const Fact* fact : AllFacts()) names.push_back(fact->name);
  return names;
}

absl::StatusOr<Answer> Help(absl::string_view name) {
  Answer answer;
  if (!name.empty()) {
    const Command* command = FindCommand(name);
    const Fact* fact = FindFact(name);
    if (command == nullptr && fact == nullptr) return NoCommand(name);
    answer.Line(command != nullptr ? command->usage : fact->usage);
    answer.Line(absl::StrCat("  ", command != nullptr ? command->summary : fact->summary));
    return answer;
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::vector<Command>* part :
       {&LifeCommands(), &PocketCommands(), &ReadingCommands(), &AttachmentCommands()}) {
    for (const Command& command : *part) rows.push_back({command.name, command.summary});
  }
  answer.Table({"THE PHONE", ""}, rows);
  rows.clear();
  for (const Fact* fact : AllFacts()) rows.push_back({fact->name, fact->summary});
  answer.Line("").Table({"WHAT HAPPENED", ""}, rows);
  answer.Line("").Line("help COMMAND shows the words it takes. Tab completes.");
  return answer;
}

absl::StatusOr<Answer> RunLine(Phone& phone, absl::string_view line, std::string* command) {
  command->clear();
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty() || text[0] == '#') return Answer();
  absl::StatusOr<std::vector<std::string>> words = SplitLine(text);
  if (!words.ok()) return words.status();
  *command = words->front();
  words->erase(words->begin());
  if (const Fact* fact = FindFact(*command); fact != nullptr) return RecordFact(phone, *fact, *words);
  const Command* known = FindCommand(*command);
  if (known == nullptr) return NoCommand(*command);
  const absl::StatusOr<Arguments> arguments = Arguments::Parse(*words, known->options, known->usage);
  if (!arguments.ok()) return arguments.status();
  absl::Status fits =
      arguments->CheckSize(known->name, known->words_min, std::max(known->words_min, known->words_max), known->usage);
  if (!fits.ok()) return fits;
  return known->run(phone, *arguments);
}

absl::Status RunAndPrint(Phone& phone, absl::string_view line) {
  std::string command;
  const absl::StatusOr<Answer> answer = RunLine(phone, line, &command);
  if (!answer.ok()) {
    if (phone.json) {
      Print(absl::StrCat(Answer::Json(command, answer.status()), "\n"));
    } else {
      PrintError(answer.status());
    }
    return answer.status();
  }
  if (command.empty()) return absl::OkStatus();
  Print(phone.json ? absl::StrCat(answer->Json(command), "\n") : answer->text());
  return absl::OkStatus();
}

}  // namespace doorstep::phone
