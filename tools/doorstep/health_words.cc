#include "tools/doorstep/health_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

std::vector<Table::Column> ReasonColumns() {
  return {{"Points", true}, {"Because", false, true}, {"Dimension"}, {"Since"}, {"Source", false, true}};
}

void AddReason(const v1::Contribution& contribution, Table* table) {
  table->Row({SignedPoints(contribution.points_thousandths()), contribution.text(), Words(contribution.dimension()),
              ShowDay(contribution.effective_day()),
              contribution.related_id().empty() || contribution.related_id() == contribution.source_id()
                  ? contribution.source_id()
                  : absl::StrCat(contribution.source_id(), " and ", contribution.related_id())},
             contribution.points_thousandths() < 0 ? Colour::kBad : Colour::kPlain);
}

}  // namespace

Colour BandColour(v1::Band band) {
  switch (band) {
    case v1::BAND_GREEN:
      return Colour::kGood;
    case v1::BAND_AMBER:
      return Colour::kWarning;
    case v1::BAND_RED:
      return Colour::kBad;
    default:
      return Colour::kFaint;
  }
}

std::string BandText(v1::Band band) { return Coloured(absl::AsciiStrToUpper(Words(band)), BandColour(band)); }

std::string HealthSentence(const v1::AccountHealth& health) {
  return absl::StrCat("Health ", ExactPoints(health.score_thousandths()), " (80 % interval ",
                      ExactPoints(health.low_thousandths()), " to ", ExactPoints(health.high_thousandths()), ") on ",
                      ShowDay(health.as_of_day()), ": ", BandText(health.band()),
                      health.band_reason().empty() ? "" : ", because ", Printable(health.band_reason()), ".");
}

void PrintDimensions(const v1::AccountHealth& health) {
  Table table({{"Dimension", false, true},
               {"Quality", true},
               {"80 % interval", true},
               {"Evidence", true},
               {"Observations", true},
               {"Points", true}});
  for (const v1::DimensionHealth& dimension : health.dimensions()) {
    const std::string name = Words(dimension.dimension());
    table.Row({dimension.measured() ? name : absl::StrCat(name, " (not measured)"),
               Percent(dimension.quality_millionths()),
               absl::StrCat(Percent(dimension.low_millionths()), " to ", Percent(dimension.high_millionths())),
               DecimalText(dimension.evidence_millionths() / 10000, 2), Grouped(dimension.observations()),
               SignedPoints(dimension.contribution_thousandths())});
  }
  table.Print();
}

void PrintReasons(const Contributions& contributions, int most) {
  std::vector<const v1::Contribution*> largest;
  for (const v1::Contribution& contribution : contributions) largest.push_back(&contribution);
  std::stable_sort(largest.begin(), largest.end(), [](const v1::Contribution* a, const v1::Contribution* b) {
    return std::abs(a->points_thousandths()) > std::abs(b->points_thousandths());
  });
  if (static_cast<int>(largest.size()) > most) largest.resize(static_cast<size_t>(most));
  Table table(ReasonColumns());
  for (const v1::Contribution* contribution : largest) AddReason(*contribution, &table);
  if (!table.empty()) table.Print();
}

absl::Status PrintSum(const v1::AccountHealth& health, const Contributions& contributions) {
  Table table(ReasonColumns());
  int64_t sum = health.prior_score_thousandths();
  table.Row({ExactPoints(sum), "an account that nobody knows anything about", "", "", ""}, Colour::kFaint);
  for (const v1::Contribution& contribution : contributions) {
    sum += contribution.points_thousandths();
    AddReason(contribution, &table);
  }
  table.Row({ExactPoints(sum), "the sum: the score", "", "", ""});
  table.Print();
  if (sum == health.score_thousandths()) return absl::OkStatus();
  return WithTry(absl::InternalError(absl::StrCat("the reasons add up to ", ExactPoints(sum), ", the score is ",
                                                  ExactPoints(health.score_thousandths()))),
                 "doorstep server rebuild, and report what it says: this must not happen");
}

}  // namespace doorstep::cli
