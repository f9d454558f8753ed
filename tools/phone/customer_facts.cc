// What concerns the customer: signature, feedback, promises, remedies, and what should reach other departments.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/phone/errors.h"
#include "tools/phone/fact.h"
#include "tools/phone/survey.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// "call back due +2d": the words before `due`, and the time after it; 0 when no time is named.
struct TextAndDue {
  std::string text;
  int64_t due_us = 0;
};
absl::StatusOr<TextAndDue> SplitDue(const Arguments& words, size_t first, int64_t now_us) {
  TextAndDue result;
  const size_t size = words.size();
  size_t end = size;
  if (size >= first + 3 && words[size - 2] == "due") {
    const absl::StatusOr<int64_t> due_us = ParseDue(words[size - 1], now_us);
    if (!due_us.ok()) return due_us.status();
    result.due_us = *due_us;
    end = size - 2;
  }
  for (size_t i = first; i < end; ++i) absl::StrAppend(&result.text, i == first ? "" : " ", words[i]);
  return result;
}

absl::Status Signature(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_signature_captured()->set_signer(words.Text(0));
  return absl::OkStatus();
}
absl::Status Waive(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_signature_waived()->set_reason(words.Text(0));
  return absl::OkStatus();
}

absl::Status FeedbackFact(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  absl::StatusOr<v1::Feedback> feedback = ParseFeedback(words);
  if (!feedback.ok()) return feedback.status();
  *entry->mutable_feedback_captured()->mutable_feedback() = *std::move(feedback);
  return absl::OkStatus();
}
absl::Status FeedbackDeclined(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_feedback_declined()->set_reason(words.Text(0));
  return absl::OkStatus();
}

absl::Status Promise(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<TextAndDue> said = SplitDue(words, 0, context.now_us);
  if (!said.ok()) return said.status();
  if (said->due_us == 0) return UsageError("promise: until when?", "promise bring the missing part due +2d");
  v1::Commitment* commitment = entry->mutable_commitment_made()->mutable_commitment();
  commitment->set_id(words.Has("id") ? words.Option("id") : NewId(context.now_us));
  commitment->set_made_by(v1::COMMITMENT_MAKER_TECHNICIAN);
  commitment->set_text(said->text);
  commitment->set_kind(words.Option("kind"));
  commitment->set_size(v1::COMMITMENT_SIZE_NORMAL);
  if (words.Has("size")) {
    const absl::StatusOr<v1::CommitmentSize> size = ParseEnum<v1::CommitmentSize>(words.Option("size"));
    if (!size.ok()) return size.status();
    commitment->set_size(*size);
  }
  commitment->set_due_time_us(said->due_us);
  return absl::OkStatus();
}

absl::Status PromiseKept(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  v1::CommitmentFulfilled* fulfilled = entry->mutable_commitment_fulfilled();
  fulfilled->set_commitment_id(words[0]);
  fulfilled->set_state(words.Has("broken")   ? v1::COMMITMENT_STATE_BROKEN
                       : words.Has("waived") ? v1::COMMITMENT_STATE_WAIVED
                                             : v1::COMMITMENT_STATE_KEPT);
  return absl::OkStatus();
}

// "25.00 EUR" as "--value 25.00EUR".
absl::Status ReadMoney(absl::string_view text, v1::Money* money) {
  const size_t letters = text.size() < 4 ? 0 : text.size() - 3;
  const absl::StatusOr<v1::Decimal> amount = ParseDecimal("value", text.substr(0, letters));
  constexpr int64_t kMantissaMax = 99999999999999;  // Times a hundred it is a number still.
  if (!amount.ok() || amount->scale() > 2 || std::abs(amount->mantissa()) > kMantissaMax) {
    return UsageError(absl::StrCat("value: \"", Quotable(text),
                                   "\" is no amount of at most 14 digits, at most two of them after a point, with the "
                                   "currency's three letters behind it"),
                      "--value 25.00EUR");
  }
  int64_t minor = amount->mantissa();
  for (uint32_t scale = amount->scale(); scale < 2; ++scale) minor *= 10;
  money->set_minor_units(minor);
  money->set_currency(std::string(text.substr(letters)));
  return absl::OkStatus();
}

absl::Status Remedy(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_remedy_offered()->set_text(words.Text(0));
  if (!words.Has("value")) return absl::OkStatus();
  return ReadMoney(words.Option("value"), entry->mutable_remedy_offered()->mutable_value());
}

absl::Status FollowUp(const Arguments& words, const FactContext& context, v1::LogEntry* entry) {
  const absl::StatusOr<TextAndDue> said = SplitDue(words, 1, context.now_us);
  if (!said.ok()) return said.status();
  v1::FollowUpRequested* follow_up = entry->mutable_follow_up_requested();
  follow_up->set_category(words[0]);
  follow_up->set_text(said->text);
  follow_up->set_due_time_us(said->due_us);
  return absl::OkStatus();
}

absl::Status Insight(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_insight_reported()->set_category(words[0]);
  entry->mutable_insight_reported()->set_text(words.Text(1));
  return absl::OkStatus();
}

absl::Status Bulletin(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_bulletin_acknowledged()->set_bulletin_id(words[0]);
  return absl::OkStatus();
}

}  // namespace

const std::vector<Fact>& CustomerFacts() {
  static const auto* const facts = new std::vector<Fact>{
      {"signature", "signature NAME", "who signed", "", 1, &Signature},
      {"waive", "waive REASON", "why nobody signed", "", 1, &Waive},
      {"feedback",
       "feedback [LANGUAGE [csat=1..5] [ces=1..7] [nps=0..10] [resolved=0|1] [promise=0|1] [text=WORDS] [mode=open]]",
       "the customer answers, in the language the customer picks", "self-started alone", 2, &FeedbackFact},
      {"feedback-declined", "feedback-declined REASON", "the customer would rather not", "", 1, &FeedbackDeclined},
      {"promise", "promise TEXT due +2d [--size small|normal|large] [--kind K] [--id ID]",
       "what you promised and until when", "size= kind= id=", 3, &Promise},
      {"promise-kept", "promise-kept ID [--broken | --waived]", "what became of a promise", "broken waived", 1,
       &PromiseKept, 1},
      {"remedy", "remedy TEXT [--value 25.00EUR]", "what you offered to make up for it", "value=", 1, &Remedy},
      {"follow-up", "follow-up CATEGORY TEXT [due +2d]", "a customer's problem for the office", "", 2, &FollowUp},
      {"insight", "insight CATEGORY TEXT", "what you noticed and others should know", "", 2, &Insight},
      {"bulletin", "bulletin ID", "you have read it", "", 1, &Bulletin, 1},
  };
  return *facts;
}

}  // namespace doorstep::phone
