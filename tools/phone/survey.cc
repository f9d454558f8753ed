#include "tools/phone/survey.h"

#include <google/protobuf/text_format.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/phone/errors.h"
#include "tools/phone/survey_text.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

struct Scale {
  uint32_t low;
  uint32_t high;
};
Scale ScaleOf(v1::QuestionKind kind) {
  switch (kind) {
    case v1::QUESTION_KIND_CSAT:
      return {1, 5};
    case v1::QUESTION_KIND_CES:
      return {1, 7};
    case v1::QUESTION_KIND_NPS:
      return {0, 10};
    default:
      return {0, 1};
  }
}

// The text in `language`, else the first one.
std::string In(const v1::LocalizedText& text, absl::string_view language) {
  for (const auto& translation : text.translations()) {
    if (translation.language() == language) return translation.text();
  }
  return text.translations_size() > 0 ? text.translations(0).text() : std::string();
}

std::vector<std::string> Languages(const v1::Survey& survey) {
  std::vector<std::string> languages;
  for (const auto& translation : survey.language_names().translations()) languages.push_back(translation.language());
  return languages;
}

v1::Feedback EmptyFeedback(const v1::Survey& survey) {
  v1::Feedback feedback;
  feedback.set_survey_id(survey.id());
  feedback.set_survey_version(survey.version());
  feedback.set_origin(v1::FEEDBACK_ORIGIN_ASKED);
  feedback.set_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_OPEN);
  feedback.set_technician_present(true);
  return feedback;
}

absl::Status Interrupted() {
  return WithTry(absl::CancelledError("the customer did not finish; nothing was recorded"),
                 "feedback again, or feedback-declined REASON");
}

// By number or by code; every language is greeted in itself.
absl::StatusOr<std::string> PickLanguage(const v1::Survey& survey, absl::string_view preselected, const Asker& ask) {
  const std::vector<std::string> languages = Languages(survey);
  std::string prompt = "\n";
  size_t preferred = 0;
  for (size_t i = 0; i < languages.size(); ++i) {
    absl::StrAppend(&prompt, In(survey.language_prompt(), languages[i]), "\n");
    if (languages[i] == preselected) preferred = i;
  }
  for (size_t i = 0; i < languages.size(); ++i) {
    absl::StrAppend(&prompt, "  ", i + 1, "  ", In(survey.language_names(), languages[i]), "\n");
  }
  absl::StrAppend(&prompt, "[", preferred + 1, "] ");
  while (true) {
    const std::optional<std::string> typed = ask(prompt);
    if (!typed.has_value()) return Interrupted();
    const absl::string_view answer = absl::StripAsciiWhitespace(*typed);
    if (answer.empty()) return languages[preferred];
    uint32_t number = 0;
    if (absl::SimpleAtoi(answer, &number) && number >= 1 && number <= languages.size()) return languages[number - 1];
    for (const std::string& language : languages) {
      if (answer == language) return language;
    }
  }
}

}  // namespace

const v1::Survey& ShippedSurvey() {
  static const v1::Survey* const survey = [] {
    auto* parsed = new v1::Survey();
    // The text is part of this program; a test reads it too.
    google::protobuf::TextFormat::ParseFromString(kSurveyText, parsed);
    return parsed;
  }();
  return *survey;
}

absl::StatusOr<v1::Feedback> Interview(const v1::Survey& survey, absl::string_view preselected, const Asker& ask,
                                       const std::function<int64_t()>& now_us) {
  absl::StatusOr<std::string> language = PickLanguage(survey, preselected, ask);
  if (!language.ok()) return language.status();
  v1::Feedback feedback = EmptyFeedback(survey);
  feedback.set_language(*language);
  const int64_t began_us = now_us();
  for (const v1::Survey::Question& question : survey.questions()) {
    const bool in_words = question.kind() == v1::QUESTION_KIND_TEXT;
    const Scale scale = ScaleOf(question.kind());
    std::string prompt = absl::StrCat("\n", In(question.text(), *language), "\n");
    if (in_words) {
      absl::StrAppend(&prompt, In(survey.text_prompt(), *language));
    } else {
      absl::StrAppend(&prompt, "  ", scale.low, " = ", In(question.low(), *language), "  ...  ", scale.high, " = ",
                      In(question.high(), *language), "\n");
      absl::StrAppend(&prompt,
                      absl::StrReplaceAll(In(survey.number_prompt(), *language),
                                          {{"{low}", absl::StrCat(scale.low)}, {"{high}", absl::StrCat(scale.high)}}));
    }
    absl::StrAppend(&prompt, "\n> ");
    while (true) {
      const std::optional<std::string> typed = ask(prompt);
      if (!typed.has_value()) return Interrupted();
      const absl::string_view answer = absl::StripAsciiWhitespace(*typed);
      if (answer.empty()) break;
      uint32_t value = 0;
      if (!in_words && (!absl::SimpleAtoi(answer, &value) || value < scale.low || value > scale.high)) continue;
      v1::Answer* given = feedback.add_answers();
      given->set_kind(question.kind());
      if (in_words) {
        given->set_text(std::string(answer));
      } else {
        given->set_value(value);
      }
      break;
    }
  }
  feedback.set_duration_s(static_cast<uint32_t>((now_us() - began_us) / 1000000));
  return feedback;
}

std::string Thanks(const v1::Survey& survey, absl::string_view language) { return In(survey.thanks(), language); }

absl::StatusOr<v1::Feedback> ParseFeedback(const Arguments& words) {
  const v1::Survey& survey = ShippedSurvey();
  const std::vector<std::string> languages = Languages(survey);
  v1::Feedback feedback = EmptyFeedback(survey);
  for (const std::string& language : languages) {
    if (words[0] == language) feedback.set_language(language);
  }
  if (feedback.language().empty()) {
    return UsageError(absl::StrCat("feedback: there are no questions in \"", Quotable(words[0]), "\""),
                      absl::StrCat("one of: ", absl::StrJoin(languages, ", ")));
  }
  if (words.Has("self-started")) feedback.set_origin(v1::FEEDBACK_ORIGIN_SELF_STARTED);
  if (words.Has("alone")) feedback.set_technician_present(false);
  for (size_t i = 1; i < words.size(); ++i) {
    const std::vector<std::string> halves = absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    if (halves.size() != 2) {
      return UsageError(absl::StrCat("feedback: \"", Quotable(words[i]), "\" is no answer"),
                        "csat=4 or text=\"two words\"");
    }
    if (halves[0] == "mode") {
      const absl::string_view shorthand = halves[1];
      const bool on_this_device = shorthand == "open" || shorthand == "sealed";
      const absl::StatusOr<v1::FeedbackMode> mode = ParseEnum<v1::FeedbackMode>(
          on_this_device ? absl::StrCat("technician_device_", shorthand) : std::string(shorthand));
      if (!mode.ok()) return mode.status();
      feedback.set_mode(*mode);
      continue;
    }
    const std::string name = halves[0] == "promise" ? "promise_kept" : halves[0];
    const absl::StatusOr<v1::QuestionKind> kind = ParseEnum<v1::QuestionKind>(name);
    if (!kind.ok()) return kind.status();
    v1::Answer* answer = feedback.add_answers();
    answer->set_kind(*kind);
    if (*kind == v1::QUESTION_KIND_TEXT) {
      answer->set_text(halves[1]);
      continue;
    }
    const Scale scale = ScaleOf(*kind);
    const absl::StatusOr<uint32_t> value =
        ParseNumber(halves[0], halves[1], scale.low, scale.high, absl::StrCat(halves[0], "=", scale.high));
    if (!value.ok()) return value.status();
    answer->set_value(*value);
  }
  return feedback;
}

}  // namespace doorstep::phone
