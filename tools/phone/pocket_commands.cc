// What happens to a phone between two visits: it changes hands, is made ready for a day without a network, and is put
// away.
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

template <typename Technicians>
void ShowTechnicians(const Technicians& technicians, Answer* answer) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::PhoneTechnician& one : technicians) {
    rows.push_back({one.id(), one.name(), one.signed_in() ? "signed in" : "signed out",
                    one.allowed() ? "" : "not let by the office",
                    one.entries_saved_here() == 0
                        ? ""
                        : absl::StrCat(Count(one.entries_saved_here(), "entry", "entries"), " only here")});
  }
  answer->Table({"TECHNICIAN", "NAME", "", "", ""}, rows);
}

absl::StatusOr<Answer> SignIn(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::SignInResult> result = phone.core->SignIn(words[0]);
  if (absl::IsPermissionDenied(result.status())) {
    return WithTry(result.status(), "sync, then signin again; the office lets them with `doorstep device allow`");
  }
  if (absl::IsFailedPrecondition(result.status())) return WithTry(result.status(), "enrol CODE");
  if (!result.ok()) return result.status();
  phone.author.clear();  // Who signed in last.
  phone.visit.Clear();
  Answer answer;
  answer.Line(absl::StrCat(words[0], " is signed in, and what you record is by ", words[0],
                           result->fetched() ? "" : "; `sync` fetches the visits"));
  ShowTechnicians(result->technicians(), &answer);
  return answer.Field("answer", JsonOf(*result));
}

absl::StatusOr<Answer> SignOut(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::SignOutResult> result = phone.core->SignOut(words[0]);
  if (absl::IsNotFound(result.status())) return WithTry(result.status(), "status, which lists who is signed in");
  if (!result.ok()) return result.status();
  phone.author.clear();
  phone.visit.Clear();
  Answer answer;
  answer.Line(absl::StrCat(words[0], " is signed out; ", Count(result->visits_removed(), "visit is", "visits are"),
                           " no longer on this phone"));
  if (result->entries_saved_here() > 0) {
    answer.Line(absl::StrCat(Count(result->entries_saved_here(), "entry", "entries"), " of ", words[0],
                             " is only here: kept, and sent with the next sync"));
  }
  ShowTechnicians(result->technicians(), &answer);
  return answer.Field("answer", JsonOf(*result));
}

void ShowReadiness(const v1::Readiness& readiness, Answer* answer) {
  const size_t visits = static_cast<size_t>(readiness.visits_size());
  answer->Line(absl::StrCat(readiness.ready() ? "ready for " : "not ready for ", readiness.day(), ": ",
                            Count(visits, "visit", "visits"), readiness.ready() ? " planned" : " known here"));
  for (const v1::VisitReadiness& visit : readiness.visits()) {
    const v1::LocalVisit& local = visit.visit();
    answer->Line(absl::StrCat("  ", WindowText(local.visit().planned()), "  ", local.visit().id(), "  ",
                              local.account_name(), visit.ready() ? "" : "  incomplete"));
    for (const v1::ReadinessItem& item : visit.items()) {
      if (!item.here()) answer->Line(absl::StrCat("    missing: ", item.why()));
    }
  }
  for (const std::string& missing : readiness.missing()) answer->Line(absl::StrCat("  missing: ", missing));
  answer->Line(ProofText(readiness.proof_time_us(), readiness.proof_age_us()));
  if (!readiness.sync_error().empty()) answer->Line(absl::StrCat("the sync did not begin: ", readiness.sync_error()));
  if (readiness.has_sync() && !readiness.sync().complete()) {
    answer->Line(absl::StrCat("the sync stopped: ", readiness.sync().stopped_because()));
  }
}

absl::StatusOr<Answer> Ready(Phone& phone, const Arguments& words) {
  v1::ReadinessRequest request;
  request.set_day(words[0]);
  if (words.Has("for")) request.set_technician_id(words.Option("for"));
  if (words.Has("sync")) {
    if (!phone.online)
      return WithTry(absl::UnavailableError("ready --sync: this phone is offline"), "online, or ready");
    request.mutable_sync();
  }
  const absl::StatusOr<v1::Readiness> readiness = phone.core->PrepareOffline(request);
  if (absl::IsInvalidArgument(readiness.status())) return WithTry(readiness.status(), "ready tomorrow");
  if (absl::IsFailedPrecondition(readiness.status())) return WithTry(readiness.status(), "enrol CODE");
  if (!readiness.ok()) return readiness.status();
  Answer answer;
  ShowReadiness(*readiness, &answer);
  return answer.Field("answer", JsonOf(*readiness));
}

absl::StatusOr<Answer> Quiesce(Phone& phone, const Arguments& words) {
  uint32_t milliseconds = 5000;
  if (words.Has("ms")) {
    const absl::StatusOr<uint32_t> given = ParseNumber("ms", words.Option("ms"), 0, 60000, "quiesce --ms 5000");
    if (!given.ok()) return given.status();
    milliseconds = *given;
  }
  const absl::StatusOr<v1::QuiesceResult> result = phone.core->Quiesce(milliseconds);
  if (!result.ok()) return result.status();
  Answer answer;
  answer.Line(absl::StrCat("asleep until the next command; ", Count(result->entries_recorded(), "entry", "entries"),
                           " durable, ", result->entries_saved_here(), " of them only here"));
  for (const std::string& call : result->calls_given_up()) answer.Line(absl::StrCat("given up for now: ", call));
  answer.Line(result->checkpointed() ? "the files have nothing to recover"
                                     : absl::StrCat("not checkpointed: ", result->not_checkpointed_because()));
  return answer.Field("answer", JsonOf(*result));
}

}  // namespace

const std::vector<Command>& PocketCommands() {
  static const auto* const commands = new std::vector<Command>{
      {"signin", "signin TECHNICIAN", "somebody whom the office lets use this phone takes it", "", 1, &SignIn},
      {"signout", "signout TECHNICIAN", "their visits leave this phone; what they recorded stays and is sent", "", 1,
       &SignOut},
      {"ready", "ready [tomorrow | today | DAY] [--for TECHNICIAN] [--sync]",
       "is everything here for a day without a network?", "for= sync", 0, &Ready},
      {"quiesce", "quiesce [--ms N]", "as an app does before it is suspended; the next command wakes it", "ms=", 0,
       &Quiesce, 0},
  };
  return *commands;
}

}  // namespace doorstep::phone
