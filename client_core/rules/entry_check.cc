#include "client_core/rules/entry_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

using Fact = v1::LogEntry;

// Where a value stands, as "part" and ".of it": put together only when there is something to say about it.
struct Field {
  Field(const char* name) : base(name) {}  // NOLINT: a check reads as a list of names.
  Field(absl::string_view base, absl::string_view part) : base(base), part(part) {}
  absl::string_view base;
  absl::string_view part;
};

absl::Status Bad(Field field, absl::string_view bound, absl::string_view value) {
  return absl::InvalidArgumentError(absl::StrCat(field.base, field.part, ": ", value, " is outside ", bound));
}

// Collects the first breach, so that a check reads as a list of fields.
class Checker {
 public:
  Checker& Text(Field field, absl::string_view text, size_t max, size_t min = 0) {
    if (status_.ok() && (text.size() < min || text.size() > max)) {
      status_ = Bad(field, absl::StrCat(min, " to ", max, " bytes"), absl::StrCat(text.size(), " bytes"));
    }
    return *this;
  }
  Checker& Number(Field field, int64_t value, int64_t min, int64_t max) {
    if (status_.ok() && (value < min || value > max)) {
      status_ = Bad(field, absl::StrCat(min, " to ", max), absl::StrCat(value));
    }
    return *this;
  }
  Checker& Id(Field field, absl::string_view id) { return Text(field, id, limits::kIdBytesMax, 1); }
  Checker& OptionalId(Field field, absl::string_view id) { return Text(field, id, limits::kIdBytesMax); }
  Checker& Code(absl::string_view field, const v1::CodeRef& code) {
    Text({field, ".code"}, code.code(), limits::kCodeBytesMax);
    return Text({field, ".label"}, code.label(), limits::kLabelBytesMax);
  }
  Checker& Position(absl::string_view field, const v1::GeoFix& fix) {
    Number({field, ".latitude_e7"}, fix.latitude_e7(), -900000000, 900000000);
    return Number({field, ".longitude_e7"}, fix.longitude_e7(), -1800000000, 1800000000);
  }
  Checker& Entry(absl::string_view field, const v1::JournalPosition& position) {
    Text({field, ".device"}, position.device(), limits::kDeviceBytesMax, 1);
    if (status_.ok() && position.epoch() == 0) status_ = Bad({field, ".epoch"}, "1 and up", "0");
    if (status_.ok() && position.seq() == 0) status_ = Bad({field, ".seq"}, "1 and up", "0");
    return *this;
  }
  // A time that a person named: 1970 to 2100, or absent where `optional`.
  Checker& Time(Field field, int64_t time_us) {
    return Number(field, time_us, limits::kTimeMicrosMin, limits::kTimeMicrosMax);
  }
  Checker& Also(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
    return *this;
  }
  absl::Status Done() { return std::move(status_); }

 private:
  absl::Status status_;
};

// Of one question; the scales of feedback.proto.
int64_t ScaleMax(v1::QuestionKind kind) {
  switch (kind) {
    case v1::QUESTION_KIND_CSAT:
      return 5;
    case v1::QUESTION_KIND_CES:
      return 7;
    case v1::QUESTION_KIND_NPS:
      return 10;
    case v1::QUESTION_KIND_RESOLVED:
    case v1::QUESTION_KIND_PROMISE_KEPT:
      return 1;
    default:
      return 0;
  }
}

absl::Status CheckFeedback(const v1::Feedback& feedback) {
  Checker check;
  check.Text("feedback.survey_id", feedback.survey_id(), limits::kIdBytesMax)
      .Text("feedback.language", feedback.language(), limits::kLanguageBytesMax)
      .Number("feedback.mode", feedback.mode(), v1::FEEDBACK_MODE_CUSTOMER_DEVICE_LATER,
              v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN)
      .Number("feedback.answers", feedback.answers_size(), 0, limits::kAnswersMax);
  for (const v1::Answer& answer : feedback.answers()) {
    const bool starts_at_one = answer.kind() == v1::QUESTION_KIND_CSAT || answer.kind() == v1::QUESTION_KIND_CES;
    check.Number("feedback.answers.kind", answer.kind(), v1::QUESTION_KIND_CSAT, v1::QUESTION_KIND_TEXT)
        .Number("feedback.answers.value", answer.value(), starts_at_one ? 1 : 0, ScaleMax(answer.kind()))
        .Text("feedback.answers.text", answer.text(), limits::kTextBytesMax);
  }
  return check.Done();
}

absl::Status CheckOutcome(const v1::Outcome& outcome) {
  return Checker()
      .Number("outcome.code", outcome.code(), v1::OUTCOME_CODE_RESOLVED, v1::OUTCOME_CODE_NOT_NEEDED)
      .Code("outcome.symptom", outcome.symptom())
      .Code("outcome.fault", outcome.fault())
      .Code("outcome.cause", outcome.cause())
      .Code("outcome.remedy", outcome.remedy())
      .OptionalId("outcome.asset_id", outcome.asset_id())
      .Text("outcome.summary", outcome.summary(), limits::kTextBytesMax)
      .Done();
}

absl::Status CheckPart(absl::string_view fact, const v1::PartMovement& part) {
  return Checker()
      .Text({fact, ".part_number"}, part.part_number(), limits::kIdBytesMax, 1)
      .Number({fact, ".quantity_milli"}, part.quantity_milli(), 1, limits::kPartQuantityMilliMax)
      .Text({fact, ".serial"}, part.serial(), limits::kIdBytesMax)
      .OptionalId({fact, ".asset_id"}, part.asset_id())
      .Done();
}

absl::Status CheckForm(const v1::FormSubmitted& form) {
  Checker check;
  check.Id("form_submitted.form_id", form.form_id())
      .Number("form_submitted.fields", form.fields_size(), 0, limits::kFormFieldsMax);
  for (const auto& field : form.fields()) {
    check.Text("form_submitted.fields.name", field.name(), limits::kIdBytesMax)
        .Text("form_submitted.fields.value", field.value(), limits::kTextBytesMax);
  }
  return check.Done();
}

absl::Status CheckCommitment(const v1::Commitment& commitment) {
  return Checker()
      .Id("commitment_made.commitment.id", commitment.id())
      .Text("commitment_made.commitment.text", commitment.text(), limits::kReasonBytesMax, 1)
      .Text("commitment_made.commitment.kind", commitment.kind(), limits::kCodeBytesMax)
      .Time("commitment_made.commitment.due_time_us", commitment.due_time_us())
      .Done();
}

absl::Status CheckFact(const v1::LogEntry& entry, bool inside_correction);

absl::Status CheckCorrection(const v1::Correction& correction, bool inside_correction) {
  const Fact::FactCase fact = correction.replacement().fact_case();
  if (inside_correction || fact == Fact::kCorrection || fact == Fact::kRetraction) {
    return absl::InvalidArgumentError("correction.replacement: must be a fact, not a correction or a retraction");
  }
  if (fact == Fact::FACT_NOT_SET) {
    return absl::InvalidArgumentError("correction.replacement: missing; to take an entry back use a retraction");
  }
  return Checker()
      .Entry("correction.target", correction.target())
      .Text("correction.reason", correction.reason(), limits::kReasonBytesMax)
      .Also(CheckFact(correction.replacement(), /*inside_correction=*/true))
      .Done();
}

absl::Status CheckFact(const v1::LogEntry& entry, bool inside_correction) {
  Checker check;
  switch (entry.fact_case()) {
    case Fact::kTravelStarted:
      return check.Position("travel_started.position", entry.travel_started().position()).Done();
    case Fact::kArrived:
      return check.Position("arrived.position", entry.arrived().position()).Done();
    case Fact::kDeparted:
      return check.Position("departed.position", entry.departed().position()).Done();
    case Fact::kSafetyAssessed:
      return check.Text("safety_assessed.hazards", entry.safety_assessed().hazards(), limits::kTextBytesMax).Done();
    case Fact::kPaused:
      return check.Text("paused.reason", entry.paused().reason(), limits::kReasonBytesMax).Done();
    case Fact::kRejected:
      return check.Text("rejected.reason", entry.rejected().reason(), limits::kReasonBytesMax).Done();
    case Fact::kHandedOver:
      return check.OptionalId("handed_over.technician_id", entry.handed_over().technician_id())
          .Text("handed_over.note", entry.handed_over().note(), limits::kTextBytesMax)
          .Done();
    case Fact::kNoAccess:
      return check.Text("no_access.reason", entry.no_access().reason(), limits::kReasonBytesMax).Done();
    case Fact::kFormSubmitted:
      return CheckForm(entry.form_submitted());
    case Fact::kReadingTaken:
      return check.OptionalId("reading_taken.asset_id", entry.reading_taken().asset_id())
          .Text("reading_taken.quantity", entry.reading_taken().quantity(), limits::kCodeBytesMax, 1)
          .Number("reading_taken.value.scale", entry.reading_taken().value().scale(), 0, 9)
          .Text("reading_taken.unit", entry.reading_taken().unit(), 32)
          .Done();
    case Fact::kPartUsed:
      return CheckPart("part_used", entry.part_used());
    case Fact::kPartReturned:
      return CheckPart("part_returned", entry.part_returned());
    case Fact::kPartRequested:
      return CheckPart("part_requested", entry.part_requested());
    case Fact::kTimeSpent:
      return check.Number("time_spent.minutes", entry.time_spent().minutes(), 1, limits::kTimeSpentMinutesMax)
          .Text("time_spent.activity", entry.time_spent().activity(), limits::kCodeBytesMax)
          .Done();
    case Fact::kNote:
      return check.Text("note.text", entry.note().text(), limits::kNoteBytesMax, 1)
          .Text("note.language", entry.note().language(), limits::kLanguageBytesMax)
          .Done();
    case Fact::kAttachmentAdded:
      return check.Text("attachment_added.sha256", entry.attachment_added().sha256(), 32, 32)
          .Text("attachment_added.content_type", entry.attachment_added().content_type(), limits::kContentTypeBytesMax)
          .Text("attachment_added.title", entry.attachment_added().title(), limits::kShortTextBytesMax)
          .Text("attachment_added.preview_sha256", entry.attachment_added().preview_sha256(),
                limits::kAttachmentHashBytes)
          .Number("attachment_added.preview_size_bytes",
                  static_cast<int64_t>(
                      std::min(entry.attachment_added().preview_size_bytes(), limits::kPreviewBytesMax + 1)),
                  0, limits::kPreviewBytesMax)
          .Done();
    case Fact::kAssetObserved:
      return check.Id("asset_observed.asset_id", entry.asset_observed().asset_id())
          .Text("asset_observed.condition", entry.asset_observed().condition(), limits::kTextBytesMax)
          .Number("asset_observed.use_share_millionths", entry.asset_observed().use_share_millionths(), -1, 1000000)
          .Text("asset_observed.unused_feature", entry.asset_observed().unused_feature(), limits::kShortTextBytesMax)
          .Done();
    case Fact::kAssetReplaced:
      return check.Id("asset_replaced.asset_id", entry.asset_replaced().asset_id())
          .Text("asset_replaced.new_serial", entry.asset_replaced().new_serial(), 128)
          .Text("asset_replaced.new_model", entry.asset_replaced().new_model(), 128)
          .Done();
    case Fact::kOutcomeReported:
      return CheckOutcome(entry.outcome_reported().outcome());
    case Fact::kSignatureCaptured:
      return check.Text("signature_captured.signer", entry.signature_captured().signer(), limits::kNameBytesMax)
          .Text("signature_captured.sha256", entry.signature_captured().sha256(), 32)
          .Done();
    case Fact::kSignatureWaived:
      return check.Text("signature_waived.reason", entry.signature_waived().reason(), limits::kReasonBytesMax).Done();
    case Fact::kFeedbackCaptured:
      return CheckFeedback(entry.feedback_captured().feedback());
    case Fact::kFeedbackDeclined:
      return check.Text("feedback_declined.reason", entry.feedback_declined().reason(), limits::kReasonBytesMax).Done();
    case Fact::kCommitmentMade:
      return CheckCommitment(entry.commitment_made().commitment());
    case Fact::kCommitmentFulfilled:
      return check.Id("commitment_fulfilled.commitment_id", entry.commitment_fulfilled().commitment_id())
          .Number("commitment_fulfilled.state", entry.commitment_fulfilled().state(), v1::COMMITMENT_STATE_KEPT,
                  v1::COMMITMENT_STATE_WAIVED)
          .Done();
    case Fact::kRemedyOffered:
      return check.Text("remedy_offered.text", entry.remedy_offered().text(), limits::kReasonBytesMax, 1).Done();
    case Fact::kFollowUpRequested:
      return check.Text("follow_up_requested.category", entry.follow_up_requested().category(), limits::kCodeBytesMax)
          .Text("follow_up_requested.text", entry.follow_up_requested().text(), limits::kTextBytesMax, 1)
          .Time("follow_up_requested.due_time_us", entry.follow_up_requested().due_time_us())
          .Done();
    case Fact::kInsightReported:
      return check.Text("insight_reported.category", entry.insight_reported().category(), limits::kCodeBytesMax)
          .Text("insight_reported.text", entry.insight_reported().text(), limits::kTextBytesMax, 1)
          .Done();
    case Fact::kBulletinAcknowledged:
      return check.Id("bulletin_acknowledged.bulletin_id", entry.bulletin_acknowledged().bulletin_id()).Done();
    case Fact::kVisitOpenedOnSite:
      return check.Id("visit_opened_on_site.account_id", entry.visit_opened_on_site().account_id())
          .OptionalId("visit_opened_on_site.site_id", entry.visit_opened_on_site().site_id())
          .Number("visit_opened_on_site.asset_ids", entry.visit_opened_on_site().asset_ids_size(), 0,
                  limits::kAssetsMax)
          .Text("visit_opened_on_site.reason", entry.visit_opened_on_site().reason(), limits::kReasonBytesMax)
          .Done();
    case Fact::kAssetRegistered:
      return check.Id("asset_registered.asset.id", entry.asset_registered().asset().id())
          .Id("asset_registered.asset.account_id", entry.asset_registered().asset().account_id())
          .Text("asset_registered.asset.model", entry.asset_registered().asset().model(), 128)
          .Text("asset_registered.asset.serial", entry.asset_registered().asset().serial(), 128)
          .Done();
    case Fact::kCorrection:
      return CheckCorrection(entry.correction(), inside_correction);
    case Fact::kRetraction:
      return check.Entry("retraction.target", entry.retraction().target())
          .Text("retraction.reason", entry.retraction().reason(), limits::kReasonBytesMax)
          .Done();
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::Status CheckEntry(const v1::LogEntry& entry) {
  return Checker()
      .OptionalId("entry.visit_id", entry.visit_id())
      .Text("entry.time.boot_id", entry.time().boot_id(), limits::kBootIdBytesMax)
      .Number("entry.time.utc_offset_s", entry.time().utc_offset_s(), -limits::kUtcOffsetSecondsMax,
              limits::kUtcOffsetSecondsMax)
      .Also(CheckFact(entry, /*inside_correction=*/false))
      .Done();
}

absl::string_view FactName(Fact::FactCase fact) {
  switch (fact) {
    case Fact::kTravelStarted:
      return "travel_started";
    case Fact::kArrived:
      return "arrived";
    case Fact::kSafetyAssessed:
      return "safety_assessed";
    case Fact::kWorkStarted:
      return "work_started";
    case Fact::kPaused:
      return "paused";
    case Fact::kResumed:
      return "resumed";
    case Fact::kWorkEnded:
      return "work_ended";
    case Fact::kDeparted:
      return "departed";
    case Fact::kAccepted:
      return "accepted";
    case Fact::kRejected:
      return "rejected";
    case Fact::kHandedOver:
      return "handed_over";
    case Fact::kNoAccess:
      return "no_access";
    case Fact::kFormSubmitted:
      return "form_submitted";
    case Fact::kReadingTaken:
      return "reading_taken";
    case Fact::kPartUsed:
      return "part_used";
    case Fact::kPartReturned:
      return "part_returned";
    case Fact::kPartRequested:
      return "part_requested";
    case Fact::kTimeSpent:
      return "time_spent";
    case Fact::kNote:
      return "note";
    case Fact::kAttachmentAdded:
      return "attachment_added";
    case Fact::kAssetObserved:
      return "asset_observed";
    case Fact::kAssetReplaced:
      return "asset_replaced";
    case Fact::kOutcomeReported:
      return "outcome_reported";
    case Fact::kSignatureCaptured:
      return "signature_captured";
    case Fact::kSignatureWaived:
      return "signature_waived";
    case Fact::kFeedbackCaptured:
      return "feedback_captured";
    case Fact::kFeedbackDeclined:
      return "feedback_declined";
    case Fact::kCommitmentMade:
      return "commitment_made";
    case Fact::kCommitmentFulfilled:
      return "commitment_fulfilled";
    case Fact::kRemedyOffered:
      return "remedy_offered";
    case Fact::kFollowUpRequested:
      return "follow_up_requested";
    case Fact::kInsightReported:
      return "insight_reported";
    case Fact::kBulletinAcknowledged:
      return "bulletin_acknowledged";
    case Fact::kVisitOpenedOnSite:
      return "visit_opened_on_site";
    case Fact::kAssetRegistered:
      return "asset_registered";
    case Fact::kCorrection:
      return "correction";
    case Fact::kRetraction:
      return "retraction";
    case Fact::FACT_NOT_SET:
      return "unknown";
  }
  return "unknown";
}

bool HasPersonalText(const v1::LogEntry& entry) {
  switch (entry.fact_case()) {
    case Fact::kSafetyAssessed:
    case Fact::kPaused:
    case Fact::kRejected:
    case Fact::kHandedOver:
    case Fact::kNoAccess:
    case Fact::kFormSubmitted:
    case Fact::kNote:
    case Fact::kAttachmentAdded:
    case Fact::kAssetObserved:
    case Fact::kOutcomeReported:
    case Fact::kSignatureCaptured:
    case Fact::kSignatureWaived:
    case Fact::kFeedbackCaptured:
    case Fact::kFeedbackDeclined:
    case Fact::kCommitmentMade:
    case Fact::kRemedyOffered:
    case Fact::kFollowUpRequested:
    case Fact::kInsightReported:
    case Fact::kVisitOpenedOnSite:
    case Fact::kAssetRegistered:
    case Fact::kCorrection:
    case Fact::kRetraction:
      return true;
    default:
      return false;
  }
}

}  // namespace doorstep
