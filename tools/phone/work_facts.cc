// The work: notes, readings, parts, time, forms, the state of things, and the outcome.
#include <array>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/phone/errors.h"
#include "tools/phone/fact.h"
#include "tools/phone/picture.h"
#include "tools/phone/sha256.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// The asset that was named, else the visit's first.
std::string AssetOf(const Arguments& words, const FactContext& context) {
  if (words.Has("asset")) return words.Option("asset");
  return context.visit.asset_ids_size() > 0 ? context.visit.asset_ids(0) : std::string();
}

absl::Status ReadAssetStatus(const Arguments& words, v1::AssetStatus* status) {
  *status = v1::ASSET_STATUS_UNSPECIFIED;
  if (!words.Has("status")) return absl::OkStatus();
  const absl::StatusOr<v1::AssetStatus> parsed = ParseEnum<v1::AssetStatus>(words.Option("status"));
  if (!parsed.ok()) return parsed.status();
  *status = *parsed;
  return absl::OkStatus();
}

absl::Status Note(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_note()->set_text(words.Text(0));
  entry->mutable_note()->set_language(words.Option("language"));
  return absl::OkStatus();
}

absl::Status Reading(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<v1::Decimal> value = ParseDecimal("reading: value", words[1]);
  if (!value.ok()) return value.status();
  v1::ReadingTaken* reading = entry->mutable_reading_taken();
  reading->set_asset_id(AssetOf(words, context));
  reading->set_quantity(words[0]);
  *reading->mutable_value() = *value;
  reading->set_unit(words[2]);
  return absl::OkStatus();
}

absl::Status Part(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  v1::PartMovement* part = nullptr;
  if (words[0] == "used") part = entry->mutable_part_used();
  if (words[0] == "returned") part = entry->mutable_part_returned();
  if (words[0] == "requested") part = entry->mutable_part_requested();
  if (part == nullptr) {
    return UsageError(absl::StrCat("part: \"", Quotable(words[0]), "\" is not used, returned or requested"),
                      "part used VS-200 1");
  }
  const absl::StatusOr<int64_t> quantity = ParseMilli(words[2]);
  if (!quantity.ok()) return quantity.status();
  part->set_part_number(words[1]);
  part->set_quantity_milli(*quantity);
  part->set_serial(words.Option("serial"));
  part->set_asset_id(AssetOf(words, context));
  return absl::OkStatus();
}

absl::Status Time(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  const absl::StatusOr<uint32_t> minutes = ParseNumber("time: minutes", words[0], 1, 1440, "time 90 repair");
  if (!minutes.ok()) return minutes.status();
  entry->mutable_time_spent()->set_minutes(*minutes);
  entry->mutable_time_spent()->set_activity(words.Text(1));
  return absl::OkStatus();
}

// "pressure-test@2 before=3.1 after=3.0"
absl::Status Form(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  v1::FormSubmitted* form = entry->mutable_form_submitted();
  const std::vector<std::string> id = absl::StrSplit(words[0], absl::MaxSplits('@', 1));
  form->set_form_id(id[0]);
  form->set_form_version(1);
  if (id.size() == 2) {
    const absl::StatusOr<uint32_t> version =
        ParseNumber("version", id[1], 1, 1000000, absl::StrCat("form ", Quotable(id[0]), "@2 NAME=VALUE"));
    if (!version.ok()) return version.status();
    form->set_form_version(*version);
  }
  for (size_t i = 1; i < words.size(); ++i) {
    const std::vector<std::string> halves = absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    if (halves.size() != 2 || halves[0].empty()) {
      return UsageError(absl::StrCat("form: \"", Quotable(words[i]), "\" is no answer"),
                        "NAME=VALUE, or \"NAME=two words\"");
    }
    v1::FormSubmitted::Field* field = form->add_fields();
    field->set_name(halves[0]);
    field->set_value(halves[1]);
  }
  return absl::OkStatus();
}

absl::Status Observe(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  v1::AssetObserved* observed = entry->mutable_asset_observed();
  v1::AssetStatus asset_status;
  absl::Status status = ReadAssetStatus(words, &asset_status);
  if (!status.ok()) return status;
  observed->set_asset_id(AssetOf(words, context));
  observed->set_status(asset_status);
  observed->set_condition(words.Text(0));
  observed->set_use_share_millionths(-1);
  if (words.Has("use")) {
    const absl::StatusOr<uint32_t> percent = ParseNumber("use", words.Option("use"), 0, 100, "--use 70");
    if (!percent.ok()) return percent.status();
    observed->set_use_share_millionths(static_cast<int32_t>(*percent) * 10000);
  }
  observed->set_unused_feature(words.Option("unused"));
  return absl::OkStatus();
}

absl::Status Replace(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  v1::AssetReplaced* replaced = entry->mutable_asset_replaced();
  replaced->set_asset_id(AssetOf(words, context));
  replaced->set_new_serial(words[0]);
  replaced->set_new_model(words.Text(1));
  return absl::OkStatus();
}

// The hash and the size of a file.
absl::Status ReadFile(const std::string& path, std::string* sha256, uint64_t* size) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return WithTry(absl::NotFoundError(absl::StrCat(path, ": cannot be read")), "a file of this machine");
  Sha256 hash;
  *size = 0;
  std::array<char, 16384> block;
  do {
    file.read(block.data(), block.size());
    hash.Update(absl::string_view(block.data(), static_cast<size_t>(file.gcount())));
    *size += static_cast<uint64_t>(file.gcount());
  } while (file);
  *sha256 = hash.Finish();
  return absl::OkStatus();
}

absl::Status Attachment(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  v1::AttachmentAdded* attachment = entry->mutable_attachment_added();
  uint64_t size = 0;
  absl::Status status = ReadFile(words[0], attachment->mutable_sha256(), &size);
  if (!status.ok()) return status;
  attachment->set_size_bytes(size);
  attachment->set_content_type(words.Has("type") ? words.Option("type") : "application/octet-stream");
  attachment->set_title(words.Text(1));
  if (!words.Has("preview")) return absl::OkStatus();
  status = ReadFile(words.Option("preview"), attachment->mutable_preview_sha256(), &size);
  attachment->set_preview_size_bytes(size);
  return status;
}

absl::Status Photo(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  if (words.Has("type") && !absl::StartsWith(words.Option("type"), "image/")) {
    return UsageError(absl::StrCat("photo: --type must begin with image/, is ", words.Option("type")),
                      absl::StrCat("attachment ", words[0], " --type ", words.Option("type")));
  }
  absl::Status status = Attachment(words, context, entry);
  if (!status.ok() || words.Has("type")) return status;
  std::string first(512, '\0');
  std::ifstream file(words[0], std::ios::binary);
  file.read(first.data(), static_cast<std::streamsize>(first.size()));
  first.resize(static_cast<size_t>(file.gcount()));
  const std::string type = PictureType(first);
  // That it is empty is said where it is kept.
  const bool may_be = first.empty() || !type.empty() || (HasPictureName(words[0]) && !IsDocument(first));
  if (!may_be) {
    return UsageError(absl::StrCat("photo: ", words[0], " is no picture that is known here"),
                      absl::StrCat("attachment ", words[0], "; or photo ", words[0], " --type image/..."));
  }
  entry->mutable_attachment_added()->set_content_type(type.empty() ? "image/jpeg" : type);
  return absl::OkStatus();
}

absl::Status Outcome(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<v1::OutcomeCode> code = ParseEnum<v1::OutcomeCode>(words[0]);
  if (!code.ok()) return code.status();
  v1::OutcomeReported* reported = entry->mutable_outcome_reported();
  reported->set_finished(!words.Has("interim"));
  v1::Outcome* outcome = reported->mutable_outcome();
  outcome->set_code(*code);
  if (words.Has("symptom")) outcome->mutable_symptom()->set_code(words.Option("symptom"));
  if (words.Has("fault")) outcome->mutable_fault()->set_code(words.Option("fault"));
  if (words.Has("cause")) outcome->mutable_cause()->set_code(words.Option("cause"));
  if (words.Has("remedy")) outcome->mutable_remedy()->set_code(words.Option("remedy"));
  outcome->set_asset_id(AssetOf(words, context));
  v1::AssetStatus asset_status;
  absl::Status status = ReadAssetStatus(words, &asset_status);
  if (!status.ok()) return status;
  outcome->set_asset_status_after(asset_status);
  if (words.Has("down")) {
    const absl::StatusOr<uint32_t> minutes = ParseNumber("down", words.Option("down"), 0, 10000000, "--down 30");
    if (!minutes.ok()) return minutes.status();
    outcome->set_down_time_min(*minutes);
  }
  outcome->set_customer_confirms(words.Has("confirmed"));
  outcome->set_follow_up_wanted(words.Has("follow-up"));
  outcome->set_summary(words.Text(1));
  return absl::OkStatus();
}

}  // namespace

const std::vector<Fact>& WorkFacts() {
  static const auto* const facts = new std::vector<Fact>{
      {"note", "note TEXT [--language zh]", "anything worth knowing", "language=", 1, &Note},
      {"reading", "reading QUANTITY VALUE UNIT [--asset ID]", "what a meter says", "asset=", 3, &Reading, 3},
      {"part", "part used|returned|requested NUMBER QUANTITY [--serial S] [--asset ID]",
       "parts of the van or the shelf", "serial= asset=", 3, &Part, 3},
      {"time", "time MINUTES [ACTIVITY]", "working time", "", 1, &Time},
      {"form", "form ID[@VERSION] NAME=VALUE ...", "a filled form", "", 1, &Form},
      {"observe",
       "observe TEXT [--status operational|degraded|down|retired] [--use PERCENT] [--unused FEATURE] [--asset ID]",
       "the state of an asset and how it is used", "status= use= unused= asset=", 1, &Observe},
      {"replace", "replace SERIAL [MODEL] [--asset ID]", "another asset stands in its place", "asset=", 1, &Replace},
      {"photo", "photo FILE [TITLE] [--preview FILE] [--type image/jpeg]",
       "a photo: kept here until the office has it, the preview first", "type= preview=", 1, &Photo},
      {"attachment", "attachment FILE [TITLE] [--preview FILE] [--type application/pdf]",
       "a document, or anything else in a file", "type= preview=", 1, &Attachment},
      {"outcome",
       "outcome CODE [TEXT] [--fault F] [--cause C] [--remedy R] [--symptom S] [--asset ID] [--status S] [--down "
       "MINUTES] "
       "[--confirmed] [--follow-up] [--interim]",
       "what came of it; you are finished unless --interim. By its --fault code the office sees a fault come back",
       "fault= cause= remedy= symptom= asset= status= down= confirmed follow-up interim", 1, &Outcome},
  };
  return *facts;
}

}  // namespace doorstep::phone
