#include "tools/doorstep/entry_words.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client_core/base/ids.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr int64_t kSecondUs = 1000000;
constexpr int64_t kMinuteUs = int64_t{60} * 1000000;

// Those of the parts that are not empty.
std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!part.empty()) absl::StrAppend(&out, out.empty() ? "" : "; ", part);
  }
  return out;
}

std::string If(bool condition, const std::string& text) { return condition ? text : ""; }

std::string Named(const char* name, const std::string& value) {
  return value.empty() ? "" : absl::StrCat(name, " ", value);
}

std::string CodeWords(const v1::CodeRef& code) {
  return code.label().empty() ? code.code() : absl::StrCat(code.code(), " (", code.label(), ")");
}

std::string MilliWords(int64_t milli) { return milli % 1000 == 0 ? absl::StrCat(milli / 1000) : DecimalText(milli, 3); }

std::string PartWords(const v1::PartMovement& part) {
  return Join({absl::StrCat(MilliWords(part.quantity_milli()), " x ", part.part_number()),
               Named("serial", part.serial()), Named("asset", part.asset_id())});
}

std::string PlaceWords(const v1::GeoFix& place) {
  if (place.latitude_e7() == 0 && place.longitude_e7() == 0) return "";
  return absl::StrCat("at ", DecimalText(place.latitude_e7(), 7), " ", DecimalText(place.longitude_e7(), 7));
}

std::string AnswerWords(const v1::Answer& answer) {
  switch (answer.kind()) {
    case v1::QUESTION_KIND_CSAT:
      return absl::StrCat("satisfied ", answer.value(), " of 5");
    case v1::QUESTION_KIND_CES:
      return absl::StrCat("easy ", answer.value(), " of 7");
    case v1::QUESTION_KIND_NPS:
      return absl::StrCat("would recommend ", answer.value(), " of 10");
    case v1::QUESTION_KIND_RESOLVED:
      return answer.value() != 0 ? "it is fixed" : "it is not fixed";
    case v1::QUESTION_KIND_PROMISE_KEPT:
      return answer.value() != 0 ? "the promise was kept" : "the promise was not kept";
    case v1::QUESTION_KIND_TEXT:
      return absl::StrCat("\"", answer.text(), "\"");
    default:
      return absl::StrCat("answer ", answer.value());
  }
}

std::string FeedbackWords(const v1::Feedback& feedback) {
  std::vector<std::string> parts;
  for (const v1::Answer& answer : feedback.answers()) parts.push_back(AnswerWords(answer));
  parts.push_back(Named("in", feedback.language()));
  parts.push_back(Words(feedback.mode()));
  if (feedback.origin() == v1::FEEDBACK_ORIGIN_SELF_STARTED) parts.push_back("started by the customer");
  return Join(parts);
}

std::string FormWords(const v1::FormSubmitted& form) {
  std::vector<std::string> parts = {absl::StrCat(form.form_id(), " version ", form.form_version())};
  for (const auto& field : form.fields()) parts.push_back(absl::StrCat(field.name(), " = ", field.value()));
  return Join(parts);
}

std::string ObservedWords(const v1::AssetObserved& observed) {
  return Join({Named("asset", observed.asset_id()), Words(observed.status()), observed.condition(),
               If(observed.use_share_millionths() > 0,
                  absl::StrCat("used to ", Percent(observed.use_share_millionths()), " of the plan")),
               Named("does not use", observed.unused_feature())});
}

std::string CommitmentWords(const v1::Commitment& commitment, const absl::TimeZone& zone) {
  return Join({commitment.text(), If(commitment.due_time_us() != 0, "due " + ShowTime(commitment.due_time_us(), zone)),
               Named("promise", commitment.id())});
}

}  // namespace

std::string FactKind(const v1::LogEntry& entry) {
  const auto* field =
      entry.GetReflection()->GetOneofFieldDescriptor(entry, v1::LogEntry::descriptor()->FindOneofByName("fact"));
  if (field == nullptr) return "unknown kind";
  return absl::StrReplaceAll(field->name(), {{"_", " "}});
}

std::string FactContent(const v1::LogEntry& entry, const absl::TimeZone& zone) {
  switch (entry.fact_case()) {
    case v1::LogEntry::kTravelStarted:
      return PlaceWords(entry.travel_started().position());
    case v1::LogEntry::kArrived:
      return PlaceWords(entry.arrived().position());
    case v1::LogEntry::kDeparted:
      return PlaceWords(entry.departed().position());
    case v1::LogEntry::kSafetyAssessed:
      return Join({entry.safety_assessed().safe() ? "safe" : "not safe", entry.safety_assessed().hazards()});
    case v1::LogEntry::kPaused:
      return entry.paused().reason();
    case v1::LogEntry::kRejected:
      return entry.rejected().reason();
    case v1::LogEntry::kHandedOver:
      return Join({Named("to", entry.handed_over().technician_id()), entry.handed_over().note()});
    case v1::LogEntry::kNoAccess:
      return entry.no_access().reason();
    case v1::LogEntry::kFormSubmitted:
      return FormWords(entry.form_submitted());
    case v1::LogEntry::kReadingTaken: {
      const v1::ReadingTaken& reading = entry.reading_taken();
      return Join({absl::StrCat(reading.quantity(), " ",
                                DecimalText(reading.value().mantissa(), reading.value().scale()), " ", reading.unit()),
                   Named("asset", reading.asset_id())});
    }
    case v1::LogEntry::kPartUsed:
      return PartWords(entry.part_used());
    case v1::LogEntry::kPartReturned:
      return PartWords(entry.part_returned());
    case v1::LogEntry::kPartRequested:
      return PartWords(entry.part_requested());
    case v1::LogEntry::kTimeSpent:
      return Join({ShowDuration(entry.time_spent().minutes() * kMinuteUs), entry.time_spent().activity()});
    case v1::LogEntry::kNote:
      return entry.note().text();
    case v1::LogEntry::kAttachmentAdded:
      return Join({entry.attachment_added().title(), entry.attachment_added().content_type(),
                   absl::StrCat(Grouped(entry.attachment_added().size_bytes()), " bytes")});
    case v1::LogEntry::kAssetObserved:
      return ObservedWords(entry.asset_observed());
    case v1::LogEntry::kAssetReplaced:
      return Join({Named("asset", entry.asset_replaced().asset_id()),
                   Named("new serial", entry.asset_replaced().new_serial()),
                   Named("new model", entry.asset_replaced().new_model())});
    case v1::LogEntry::kOutcomeReported:
      return Join({OutcomeWords(entry.outcome_reported().outcome()),
                   If(!entry.outcome_reported().finished(), "not finished yet")});
    case v1::LogEntry::kSignatureCaptured:
      return Named("by", entry.signature_captured().signer());
    case v1::LogEntry::kSignatureWaived:
      return entry.signature_waived().reason();
    case v1::LogEntry::kFeedbackCaptured:
      return FeedbackWords(entry.feedback_captured().feedback());
    case v1::LogEntry::kFeedbackDeclined:
      return entry.feedback_declined().reason();
    case v1::LogEntry::kCommitmentMade:
      return CommitmentWords(entry.commitment_made().commitment(), zone);
    case v1::LogEntry::kCommitmentFulfilled:
      return Join({Named("promise", entry.commitment_fulfilled().commitment_id()),
                   Words(entry.commitment_fulfilled().state())});
    case v1::LogEntry::kRemedyOffered:
      return entry.remedy_offered().text();
    case v1::LogEntry::kFollowUpRequested:
      return Join({entry.follow_up_requested().category(), entry.follow_up_requested().text()});
    case v1::LogEntry::kInsightReported:
      return Join({entry.insight_reported().category(), entry.insight_reported().text()});
    case v1::LogEntry::kBulletinAcknowledged:
      return entry.bulletin_acknowledged().bulletin_id();
    case v1::LogEntry::kVisitOpenedOnSite:
      return Join({Words(entry.visit_opened_on_site().kind()),
                   Named("account", entry.visit_opened_on_site().account_id()), entry.visit_opened_on_site().reason()});
    case v1::LogEntry::kAssetRegistered:
      return Join({Named("asset", entry.asset_registered().asset().id()), entry.asset_registered().asset().model(),
                   Named("serial", entry.asset_registered().asset().serial())});
    case v1::LogEntry::kCorrection:
      return Join({absl::StrCat(FormatPosition(entry.correction().target()), " becomes ",
                                EntryWords(entry.correction().replacement(), zone)),
                   entry.correction().reason()});
    case v1::LogEntry::kRetraction:
      return Join({FormatPosition(entry.retraction().target()), entry.retraction().reason()});
    default:
      return "";
  }
}

std::string EntryWords(const v1::LogEntry& entry, const absl::TimeZone& zone) {
  const std::string content = FactContent(entry, zone);
  return content.empty() ? FactKind(entry) : absl::StrCat(FactKind(entry), ": ", content);
}

std::string OutcomeWords(const v1::Outcome& outcome) {
  return Join(
      {Words(outcome.code()), Named("symptom", CodeWords(outcome.symptom())),
       Named("fault", CodeWords(outcome.fault())), Named("cause", CodeWords(outcome.cause())),
       Named("remedy", CodeWords(outcome.remedy())), Named("asset", outcome.asset_id()),
       Named("afterwards", Words(outcome.asset_status_after())),
       If(outcome.down_time_min() > 0, absl::StrCat("down for ", ShowDuration(outcome.down_time_min() * kMinuteUs))),
       If(outcome.customer_confirms(), "the customer confirms"),
       If(outcome.follow_up_wanted(), "a follow-up is wanted"), outcome.summary()});
}

std::string ClockWords(const v1::CorrectedTime& time, int64_t phone_time_us) {
  std::string words = absl::StrCat(Words(time.quality()), ", known to within ", ShowDuration(time.uncertainty_us()));
  if (phone_time_us <= 0) return words;
  const int64_t behind_us = time.time_us() - phone_time_us;
  if (std::abs(behind_us) > std::max(time.uncertainty_us(), kSecondUs)) {
    absl::StrAppend(&words, "; the phone's own was ", ShowDuration(std::abs(behind_us)),
                    behind_us > 0 ? " behind" : " ahead");
  }
  return words;
}

std::string JudgementWords(const v1::Judgement& judgement) {
  const bool counted = judgement.verdict() == v1::VERDICT_UNSPECIFIED || judgement.verdict() == v1::VERDICT_COUNTED;
  // What corrects or retracts it, or that it is damaged.
  if (counted) return judgement.message().empty() ? "counted" : judgement.message();
  const std::string reason = Words(judgement.reason());
  return absl::StrCat(Words(judgement.verdict()), reason.empty() ? "" : absl::StrCat(" (", reason, ")"),
                      judgement.message().empty() ? "" : ": ", WithoutField(judgement.message()));
}

std::string AttentionWords(v1::AttentionFlag flag) {
  switch (flag) {
    case v1::ATTENTION_FLAG_REASSIGNED_WORKED:
      return "a technician worked although the visit had been reassigned";
    case v1::ATTENTION_FLAG_OUTCOME_DISAGREES:
      return "two technicians reported different outcomes";
    case v1::ATTENTION_FLAG_AFTER_CANCEL:
      return "work was done on a visit that the office cancelled";
    case v1::ATTENTION_FLAG_AMENDED:
      return "facts came after the visit was closed";
    case v1::ATTENTION_FLAG_STEPS_IMPLIED:
      return "a step was left out on the phone and counts as implied";
    case v1::ATTENTION_FLAG_ALL_REJECTED:
      return "everybody who was assigned has rejected it";
    case v1::ATTENTION_FLAG_NOT_ASSIGNED:
      return "somebody worked who was never assigned";
    case v1::ATTENTION_FLAG_OPENED_ON_SITE:
      return "a technician opened it on site";
    case v1::ATTENTION_FLAG_NOT_FIXED:
      return "it was not fixed";
    case v1::ATTENTION_FLAG_NO_ACCESS:
      return "nobody let the technician in";
    case v1::ATTENTION_FLAG_RESCHEDULE_VOID:
      return "the office moved it after a technician had started: it stays where it was planned";
    case v1::ATTENTION_FLAG_UNEXPECTED_FEEDBACK:
      return "the customer answered although it was cancelled or given to somebody else: tell the success owner";
    default:
      return Words(flag);
  }
}

}  // namespace doorstep::cli
