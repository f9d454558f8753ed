#include "server/feeds/account_brief.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "client_core/base/limits.h"
#include "client_core/rules/clock_correction.h"

namespace doorstep {
namespace {

using Line = v1::AccountBrief::Line;
constexpr size_t kLineBytesMax = 512;
// An account with many sites has something to say of its visits too.
constexpr int kSitesMax = 3;
constexpr size_t kRepeatsMax = 3;

// Cut at the beginning of a character.
std::string Cut(std::string text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

class Brief {
 public:
  explicit Brief(const BriefRecords& records) {
    brief_.set_account_id(records.account_id);
    brief_.set_account_name(Cut(records.account_name, limits::kNameBytesMax));
  }

  void Add(Line::Topic topic, std::string text, absl::string_view source_id) {
    if (text.empty() || full_) return;
    Line* line = brief_.add_lines();
    line->set_topic(topic);
    line->set_text(Cut(std::move(text), kLineBytesMax));
    line->set_source_id(std::string(source_id));
    if (brief_.ByteSizeLong() <= limits::kBriefBytesMax) return;
    brief_.mutable_lines()->RemoveLast();
    full_ = true;
  }

  v1::AccountBrief Take() { return std::move(brief_); }

 private:
  v1::AccountBrief brief_;
  bool full_ = false;
};

// What `text` says of the first few sites for which it says anything.
void AddSites(const std::vector<v1::Site>& sites, Line::Topic topic, const std::string& (v1::Site::*text)() const,
              Brief* brief) {
  int told = 0;
  for (const v1::Site& site : sites) {
    if ((site.*text)().empty()) continue;
    if (told++ == kSitesMax) return;
    brief->Add(topic, (site.*text)(), site.id());
  }
}

std::string RepeatWords(const v1::Observation& repeat) {
  const std::string what = repeat.asset_id().empty() ? "The same fault" : absl::StrCat("Asset ", repeat.asset_id());
  return absl::StrCat(what, " needed another visit after ", repeat.value(), " days (visit ", repeat.source_id(), ", ",
                      DayText(repeat.effective_day()), ")");
}

}  // namespace

std::string DayText(int32_t day) { return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + day); }

std::string OutcomeWords(v1::OutcomeCode outcome) {
  if (outcome == v1::OUTCOME_CODE_UNSPECIFIED) return "";
  absl::string_view name = v1::OutcomeCode_Name(outcome);
  name.remove_prefix(sizeof("OUTCOME_CODE_") - 1);
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

v1::AccountBrief BuildBrief(const BriefRecords& records) {
  Brief brief(records);
  AddSites(records.sites, Line::TOPIC_HAZARD, &v1::Site::hazards, &brief);
  for (const v1::Commitment& promise : records.open_promises) {
    std::string words = absl::StrCat("Promised: ", promise.text());
    if (promise.due_time_us() != 0) {
      absl::StrAppend(&words, " (due ", DayText(CivilDay(promise.due_time_us(), promise.utc_offset_s())), ")");
    }
    brief.Add(Line::TOPIC_PROMISE, std::move(words), promise.id());
  }
  std::vector<v1::Observation> repeats = records.repeats;
  std::sort(repeats.begin(), repeats.end(), [](const v1::Observation& a, const v1::Observation& b) {
    if (a.effective_day() != b.effective_day()) return a.effective_day() > b.effective_day();
    return a.source_id() < b.source_id();
  });
  if (repeats.size() > kRepeatsMax) repeats.resize(kRepeatsMax);
  for (const v1::Observation& repeat : repeats) brief.Add(Line::TOPIC_REPEAT, RepeatWords(repeat), repeat.source_id());
  for (const BriefVisit& visit : records.last_visits) {
    std::string words = absl::StrCat(DayText(visit.ended_day), ": ", OutcomeWords(visit.outcome));
    if (!visit.fault.empty()) absl::StrAppend(&words, " (", visit.fault, ")");
    brief.Add(Line::TOPIC_LAST_VISIT, std::move(words), visit.visit_id);
  }
  AddSites(records.sites, Line::TOPIC_ACCESS, &v1::Site::access_notes, &brief);
  return brief.Take();
}

}  // namespace doorstep
