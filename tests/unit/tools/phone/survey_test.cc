// The customer is asked in the customer's language, everything, and recorded only when finished.
#include "tools/phone/survey.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace doorstep::phone {
namespace {

// A customer who types what was prepared and remembers what was asked.
struct Customer {
  std::deque<std::string> typing;
  std::vector<std::string> asked;

  absl::StatusOr<v1::Feedback> Answer(const std::string& preselected) {
    int64_t now_us = 0;
    return Interview(
        ShippedSurvey(), preselected,
        [this](const std::string& prompt) -> std::optional<std::string> {
          asked.push_back(prompt);
          if (typing.empty()) return std::nullopt;
          std::string answer = typing.front();
          typing.pop_front();
          return answer;
        },
        [&now_us] { return now_us += 42000000; });
  }
};

TEST(SurveyTest, EveryTextIsThereInEnglishAndChinese) {
  const v1::Survey& survey = ShippedSurvey();
  std::vector<v1::LocalizedText> texts = {survey.language_names(), survey.language_prompt(), survey.number_prompt(),
                                          survey.text_prompt(), survey.thanks()};
  std::vector<v1::QuestionKind> kinds;
  for (const v1::Survey::Question& question : survey.questions()) {
    texts.push_back(question.text());
    kinds.push_back(question.kind());
    if (question.kind() == v1::QUESTION_KIND_TEXT) continue;
    texts.push_back(question.low());
    texts.push_back(question.high());
  }
  EXPECT_EQ(kinds, (std::vector<v1::QuestionKind>{v1::QUESTION_KIND_CSAT, v1::QUESTION_KIND_CES,
                                                  v1::QUESTION_KIND_RESOLVED, v1::QUESTION_KIND_TEXT}));
  for (const v1::LocalizedText& text : texts) {
    ASSERT_EQ(text.translations_size(), 2) << text.DebugString();
    EXPECT_EQ(text.translations(0).language(), "en");
    EXPECT_EQ(text.translations(1).language(), "zh");
    EXPECT_FALSE(text.translations(0).text().empty());
    EXPECT_FALSE(text.translations(1).text().empty());
  }
}

TEST(SurveyTest, TheCustomerPicksTheLanguageAndIsAskedInIt) {
  Customer customer{{"2", "4", "", "1", "谢谢师傅"}, {}};
  const absl::StatusOr<v1::Feedback> feedback = customer.Answer("en");
  ASSERT_TRUE(feedback.ok()) << feedback.status();
  EXPECT_EQ(feedback->language(), "zh");
  EXPECT_NE(customer.asked[1].find("您对本次上门服务满意吗"), std::string::npos);
  ASSERT_EQ(feedback->answers_size(), 3);  // The question that was skipped has no answer.
  EXPECT_EQ(feedback->answers(0).value(), 4u);
  EXPECT_EQ(feedback->answers(1).kind(), v1::QUESTION_KIND_RESOLVED);
  EXPECT_EQ(feedback->answers(2).text(), "谢谢师傅");
  EXPECT_EQ(feedback->duration_s(), 42u);
}

TEST(SurveyTest, AnAnswerOutsideItsScaleIsAskedAgain) {
  Customer customer{{"", "6", "very", "5", "7", "0", ""}, {}};
  const absl::StatusOr<v1::Feedback> feedback = customer.Answer("zh");
  ASSERT_TRUE(feedback.ok()) << feedback.status();
  EXPECT_EQ(feedback->language(), "zh");
  ASSERT_EQ(feedback->answers_size(), 3);
  EXPECT_EQ(feedback->answers(0).value(), 5u);
}

TEST(SurveyTest, WhoStopsInTheMiddleRecordsNothing) {
  Customer customer{{"1", "5"}, {}};
  EXPECT_EQ(customer.Answer("en").status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace doorstep::phone
