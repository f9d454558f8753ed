// Records made on the doorstep, and changes to what was recorded before.
#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"
#include "tools/phone/fact.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

absl::Status OpenOnSite(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  v1::WorkOrderKind kind = v1::WORK_ORDER_KIND_CORRECTIVE;
  if (words.Has("kind")) {
    const absl::StatusOr<v1::WorkOrderKind> parsed = ParseEnum<v1::WorkOrderKind>(words.Option("kind"));
    if (!parsed.ok()) return parsed.status();
    kind = *parsed;
  }
  entry->set_visit_id(words.Has("id") ? words.Option("id") : NewId(context.now_us));
  v1::VisitOpenedOnSite* opened = entry->mutable_visit_opened_on_site();
  opened->set_account_id(words[0]);
  const bool same_place = context.visit.account_id() == words[0];
  opened->set_site_id(words.Has("site") ? words.Option("site") : same_place ? context.visit.site_id() : "");
  if (words.Has("asset")) opened->add_asset_ids(words.Option("asset"));
  opened->set_kind(kind);
  opened->set_reason(words.Text(1));
  return absl::OkStatus();
}

absl::Status RegisterAsset(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  v1::Asset* asset = entry->mutable_asset_registered()->mutable_asset();
  asset->set_id(words.Has("id") ? words.Option("id") : NewId(context.now_us));
  asset->set_account_id(words.Has("account") ? words.Option("account") : context.visit.account_id());
  asset->set_site_id(words.Has("site") ? words.Option("site") : context.visit.site_id());
  asset->set_serial(words[0]);
  asset->set_model(words.Text(1));
  asset->set_status(v1::ASSET_STATUS_OPERATIONAL);
  if (asset->account_id().empty()) {
    return UsageError("register-asset: whose is it?", "open a visit first, or --account ID");
  }
  return absl::OkStatus();
}

// "correct d7.2.418 part used VS-200 2": the fact as it should have been.
absl::Status Correct(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<v1::JournalPosition> target = ReadTarget(words[0], context);
  if (!target.ok()) return target.status();
  // Quotes keep the fact's own options apart from those of `correct`.
  absl::StatusOr<std::vector<std::string>> line = SplitLine(words.Text(1));
  if (!line.ok()) return line.status();
  const Fact* fact = line->empty() ? nullptr : FindFact(line->front());
  if (fact == nullptr) {
    return UsageError(absl::StrCat("correct: \"", Quotable(words[1]), "\" is no fact"),
                      "correct POSITION part used VS-200 2");
  }
  line->erase(line->begin());
  const absl::StatusOr<v1::LogEntry> replacement = BuildFact(*fact, *line, context);
  if (!replacement.ok()) return replacement.status();
  *entry->mutable_correction()->mutable_target() = *target;
  *entry->mutable_correction()->mutable_replacement() = *replacement;
  entry->mutable_correction()->set_reason(words.Option("reason"));
  return absl::OkStatus();
}

absl::Status Retract(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<v1::JournalPosition> target = ReadTarget(words[0], context);
  if (!target.ok()) return target.status();
  *entry->mutable_retraction()->mutable_target() = *target;
  entry->mutable_retraction()->set_reason(words.Text(1));
  return absl::OkStatus();
}

}  // namespace

const std::vector<Fact>& RecordFacts() {
  static const auto* const facts = new std::vector<Fact>{
      {"open-on-site", "open-on-site ACCOUNT REASON [--asset ID] [--site ID] [--kind corrective]",
       "another visit, because you are here anyway", "asset= site= kind= id=", 2, &OpenOnSite},
      {"register-asset", "register-asset SERIAL [MODEL] [--account ID] [--site ID]", "an asset nobody knew of",
       "account= site= id=", 1, &RegisterAsset},
      {"correct", "correct POSITION \"FACT ...\" [--reason TEXT]",
       "what an entry should have said; quote a FACT with options", "reason=", 2, &Correct},
      {"retract", "retract POSITION [REASON]", "an entry that should not be there", "", 1, &Retract},
  };
  return *facts;
}

}  // namespace doorstep::phone
