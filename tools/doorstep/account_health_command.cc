// doorstep account health: the score, what it is made of, and why.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "doorstep/v1/health_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/health_words.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr int kReasonsShown = 3;

struct Args {
  std::string account;
  std::string as_of;
  std::string as_known_at;
  bool explain = false;
};

absl::StatusOr<v1::ExplainAccountHealthRequest> Question(const Args& args) {
  v1::ExplainAccountHealthRequest request;
  request.set_account_id(args.account);
  if (!args.as_of.empty()) {
    const absl::StatusOr<int32_t> day = ParseDay(args.as_of);
    if (!day.ok()) return UsageError(absl::StrCat("--as-of ", day.status().message()), "--as-of 2026-11-22");
    if (*day < limits::kHealthDayMin || *day > limits::kHealthDayMax) {
      return UsageError(absl::StrCat("--as-of must be ", ShowDay(limits::kHealthDayMin), " to ",
                                     ShowDay(limits::kHealthDayMax), ", is ", args.as_of),
                        "--as-of 2026-11-22");
    }
    request.set_as_of_day(*day);
  }
  if (!args.as_known_at.empty()) {
    const absl::StatusOr<WrittenTime> written = ParseWrittenTime(args.as_known_at);
    const absl::StatusOr<ResolvedTime> time =
        written.ok() ? Resolve(*written, absl::LocalTimeZone()) : absl::StatusOr<ResolvedTime>(written.status());
    if (!time.ok()) {
      return UsageError(absl::StrCat("--as-known-at ", time.status().message()), "--as-known-at 2026-11-22T18:00");
    }
    request.set_as_known_at_time_us(time->time_us);
  }
  return request;
}

absl::Status Health(const Args& args, const Tools& tools) {
  ASSIGN_OR_RETURN(v1::ExplainAccountHealthRequest question, Question(args));
  v1::ExplainAccountHealthResponse answer;
  RETURN_IF_ERROR(tools.connection->Call(&question, &answer));
  const v1::AccountHealth& health = answer.health();
  if (tools.globals->json) {
    if (args.explain) return PrintJson(answer);
    v1::GetAccountHealthResponse without_reasons;
    *without_reasons.mutable_health() = health;
    return PrintJson(without_reasons);
  }
  Say(HealthSentence(health));
  Say(absl::StrCat("Evidence: ", Percent(health.evidence_share_millionths()),
                   " of this score is the customer's own evidence, the rest is what is assumed of anybody (",
                   Percent(health.measured_evidence_share_millionths()), " of what this company measures)."));
  if (health.as_known_at_time_us() != 0) {
    Say(absl::StrCat("As it was known at ", ShowTime(health.as_known_at_time_us()), "."));
  }
  Say();
  PrintDimensions(health);
  Say();
  if (!args.explain) {
    if (answer.contributions().empty()) {
      Say("Nothing is known yet that counts.");
      return absl::OkStatus();
    }
    Say("The largest reasons (--explain has all, doorstep why shows a source):");
    PrintReasons(answer.contributions(), kReasonsShown);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(PrintSum(health, answer.contributions()));
  Say();
  Say(absl::StrCat("Receipt ", absl::BytesToHexString(health.receipt())));
  Say(absl::StrCat("Model   ", absl::BytesToHexString(health.model_id())));
  return absl::OkStatus();
}

}  // namespace

void RegisterAccountHealth(Command account, const Tools& tools) {
  auto args = std::make_shared<Args>();
  Command health = account.Leaf("health", "How a customer is doing, and why",
                                {"doorstep account health A-17", "doorstep account health A-17 --explain",
                                 "doorstep account health A-17 --as-of 2026-10-31 --as-known-at 2026-11-01T08:00"});
  health.Positional("ACCOUNT", &args->account, "The account's id");
  health.Flag("explain", &args->explain, "Every reason, with its source; they add up to the score");
  health.Option("as-of", "DAY", &args->as_of, "The day to speak about; not set: today");
  health.Option("as-known-at", "TIME", &args->as_known_at, "Only what had been received by then");
  health.Does([args, tools] { return Health(*args, tools); });
}

}  // namespace doorstep::cli
