#include "server/health/score.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "server/health/apportion.h"
#include "server/health/bands.h"
#include "server/health/canonical.h"
#include "server/health/integer_math.h"
#include "server/health/words.h"

namespace doorstep::health {
namespace {

using absl::int128;

// Raw weights are millionths times Q30: a weight times its decay, without rounding.
constexpr int64_t kRawPerMillionth = DecayTable::kOne;

// The evidence of one dimension on one day.
struct Evidence {
  int128 weight = 0;            // Raw: Omega.
  int128 weighted_quality = 0;  // Raw times millionths.
  int128 held_weight = 0;       // Raw: the part of `weight` that is still open.
  int64_t observations = 0;
};

struct Folded {
  std::array<Evidence, kDimensions> dimensions;
  std::optional<int32_t> latest_day;
};

// `rows` ascending by key without empty rows and without days after `day`; the caller's own rows when they
// are so already, else `scratch`.
absl::Span<const BucketRow> Canonical(absl::Span<const BucketRow> rows, int32_t day, std::vector<BucketRow>* scratch) {
  bool canonical = true;
  for (size_t i = 0; i < rows.size() && canonical; ++i) {
    canonical = rows[i].day <= day && !IsEmpty(rows[i]) && (i == 0 || KeyLess(rows[i - 1], rows[i]));
  }
  if (canonical) return rows;
  for (const BucketRow& row : rows) {
    if (row.day <= day) scratch->push_back(row);
  }
  Combine(scratch);
  return *scratch;
}

absl::Status Damaged(const BucketRow& row) {
  return absl::DataLossError(absl::StrCat("a health bucket names dimension ", row.dimension, ", which is unknown"));
}

absl::StatusOr<Folded> Fold(absl::Span<const BucketRow> rows, int32_t day, const Model& model) {
  Folded folded;
  for (const BucketRow& row : rows) {
    if (row.day > day) continue;
    const int index = row.dimension - 1;
    if (index < 0 || index >= kDimensions) return Damaged(row);
    Evidence& evidence = folded.dimensions[static_cast<size_t>(index)];
    const int64_t decay = row.held ? DecayTable::kOne : model.decay(index).At(int64_t{day} - row.day);
    evidence.weight += int128{row.weight} * decay;
    evidence.weighted_quality += int128{row.weighted_quality} * decay;
    if (row.held) evidence.held_weight += int128{row.weight} * decay;
    evidence.observations += row.observations;
    if (row.weight > 0) folded.latest_day = std::max(folded.latest_day.value_or(row.day), row.day);
  }
  for (int i = 0; i < kDimensions; ++i) {
    const Evidence& evidence = folded.dimensions[static_cast<size_t>(i)];
    if (evidence.weight < 0 || evidence.held_weight < 0 || evidence.weighted_quality < 0 ||
        evidence.weighted_quality > evidence.weight * kMillion) {
      return absl::DataLossError(absl::StrCat("the health buckets of ", DimensionWord(model.dimension(i).dimension()),
                                              " contradict themselves on day ", day));
    }
  }
  return folded;
}

int128 RawPriorWeight(const v1::HealthModel::DimensionModel& figures) {
  return int128{figures.prior_weight_millionths()} * kRawPerMillionth;
}

// The share of a dimension's quality that is evidence, millionths of millionths.
int64_t EvidenceShare(const Evidence& evidence, const v1::HealthModel::DimensionModel& figures) {
  return static_cast<int64_t>(evidence.weight * kMillion * kMillion / (RawPriorWeight(figures) + evidence.weight));
}

// The evidence share of the whole score, or of its measured dimensions alone; millionths.
int32_t EvidenceShare(const Folded& folded, const Model& model, bool measured_only) {
  int128 known = 0;
  int64_t shares = 0;
  for (int i = 0; i < kDimensions; ++i) {
    const auto& figures = model.dimension(i);
    if (measured_only && !figures.measured()) continue;
    known += int128{figures.share_millionths()} * EvidenceShare(folded.dimensions[static_cast<size_t>(i)], figures);
    shares += figures.share_millionths();
  }
  return shares == 0 ? 0 : static_cast<int32_t>(known / shares / kMillion);
}

// K + Omega + 1 in millionths.
int64_t IntervalWeight(const Evidence& evidence, const v1::HealthModel::DimensionModel& figures) {
  return static_cast<int64_t>((RawPriorWeight(figures) + evidence.weight) / kRawPerMillionth) + kMillion;
}

// Quality, interval and evidence of one dimension; its contribution is apportioned with the others.
void SetDimension(const Evidence& evidence, const v1::HealthModel::DimensionModel& figures, int32_t deviations,
                  v1::DimensionHealth* health) {
  const int128 weight = RawPriorWeight(figures) + evidence.weight;
  const int128 quality = (RawPriorWeight(figures) * figures.prior_millionths() + evidence.weighted_quality) / weight;
  const int64_t p = static_cast<int64_t>(quality);
  // sqrt(p (1 - p) / weight) in millionths of millionths.
  const absl::uint128 variance = absl::uint128(static_cast<uint64_t>(p * (kMillion - p))) * 1000000000000000000u /
                                 static_cast<uint64_t>(IntervalWeight(evidence, figures));
  const int64_t half = static_cast<int64_t>(FloorSquareRoot(variance) * static_cast<uint32_t>(deviations) /
                                            (1000 * static_cast<uint64_t>(kMillion)));
  health->set_dimension(figures.dimension());
  health->set_quality_millionths(static_cast<int32_t>(p));
  health->set_low_millionths(static_cast<int32_t>(std::max<int64_t>(0, p - half)));
  health->set_high_millionths(static_cast<int32_t>(std::min(kMillion, p + half)));
  health->set_evidence_millionths(static_cast<int64_t>(evidence.weight / kRawPerMillionth));
  health->set_observations(evidence.observations);
  health->set_measured(figures.measured());
}

// Score, contributions and interval. A dimension's part is 100 V (S - m Omega) / (K + Omega) in billionths of
// a thousandth of a point, S being the weighted quality: the sum of its observations' contributions.
void SetScore(const Folded& folded, const Model& model, v1::AccountHealth* health) {
  constexpr int64_t kBillion = 1000000000;
  std::array<Part, kDimensions> parts;
  int64_t prior = 0;  // Billionths of a thousandth of a point.
  int64_t moved = 0;
  absl::uint128 variance = 0;  // Of the share of the whole, times 10^24.
  for (int i = 0; i < kDimensions; ++i) {
    const auto& figures = model.dimension(i);
    const Evidence& evidence = folded.dimensions[static_cast<size_t>(i)];
    const int64_t share = figures.share_millionths();
    const int64_t m = figures.prior_millionths();
    Part& part = parts[static_cast<size_t>(i)];
    part.billionths = static_cast<int64_t>(FloorDivide((evidence.weighted_quality - evidence.weight * m) * share * 100,
                                                       RawPriorWeight(figures) + evidence.weight));
    prior += 100 * share * m;
    moved += part.billionths;
    const int64_t p = health->dimensions(i).quality_millionths();
    variance += absl::uint128(static_cast<uint64_t>(share * share)) * static_cast<uint64_t>(p * (kMillion - p)) *
                static_cast<uint64_t>(kMillion) / static_cast<uint64_t>(IntervalWeight(evidence, figures));
  }
  const int64_t score = (prior + moved) / kBillion;
  Apportion(score - prior / kBillion, absl::MakeSpan(parts));
  for (int i = 0; i < kDimensions; ++i) {
    health->mutable_dimensions(i)->set_contribution_thousandths(
        static_cast<int32_t>(parts[static_cast<size_t>(i)].share));
  }
  // 10^5 thousandths are the whole, the root is in 10^-12 of it, the deviations are thousandths.
  const int64_t half = static_cast<int64_t>(FloorSquareRoot(variance) *
                                            static_cast<uint32_t>(model.proto().interval_thousandths()) / 10000000000u);
  health->set_score_thousandths(static_cast<int32_t>(score));
  health->set_low_thousandths(static_cast<int32_t>(std::max<int64_t>(0, score - half)));
  health->set_high_thousandths(static_cast<int32_t>(std::min<int64_t>(100000, score + half)));
  health->set_prior_score_thousandths(static_cast<int32_t>(prior / kBillion));
}

absl::Status SetBand(const Folded& folded, absl::Span<const BucketRow> rows, const Caps& caps, const Model& model,
                     v1::AccountHealth* health) {
  const auto evidence_of = [&](v1::Dimension dimension) -> const Evidence& {
    return folded.dimensions[static_cast<size_t>(dimension - 1)];
  };
  const auto known = [&](v1::Dimension dimension) {
    return !model.dimension(dimension - 1).measured() || evidence_of(dimension).weight > 0;
  };
  Standing standing;
  standing.score = health->score_thousandths();
  standing.low = health->low_thousandths();
  standing.prior_score = health->prior_score_thousandths();
  standing.known_share = health->measured_evidence_share_millionths();
  standing.latest_evidence_day = folded.latest_day;
  // Only who is not known now can be silent, so the day of the latest evidence matters for them alone.
  if (folded.latest_day.has_value() && standing.known_share < model.proto().known_share_millionths()) {
    const absl::StatusOr<Folded> then = Fold(rows, *folded.latest_day, model);
    if (!then.ok()) return then.status();
    standing.known_share_then = EvidenceShare(*then, model, true);
  }
  // Only what is overdue is held among promises.
  standing.promise_overdue = evidence_of(v1::DIMENSION_PROMISES).held_weight > 0;
  standing.satisfaction_known = known(v1::DIMENSION_SENTIMENT);
  standing.adoption_known = known(v1::DIMENSION_ADOPTION);
  Verdict verdict = Judge(standing, caps, model);
  health->set_band(verdict.band);
  health->set_band_reason(std::move(verdict.reason));
  return absl::OkStatus();
}

// The order and width of these fields are what receipts compare: never change them, raise the tag's number.
std::string ReceiptOf(absl::Span<const BucketRow> rows, const Caps& caps, const v1::AccountHealth& health) {
  CanonicalEncoder encoder("doorstep.account_health.1");
  encoder.PutBytes(health.model_id());
  encoder.PutInt32(health.as_of_day());
  encoder.PutBytes(caps.safety_event_id);
  encoder.PutBytes(caps.cancellation_notice_id);
  encoder.PutBytes(caps.repeating_asset_id);
  constexpr size_t kRowBytes = 33;
  encoder.Reserve(1024 + rows.size() * kRowBytes);
  encoder.PutInt64(static_cast<int64_t>(rows.size()));
  for (const BucketRow& row : rows) {
    encoder.PutInt32(row.dimension);
    encoder.PutBool(row.held);
    encoder.PutInt32(row.day);
    encoder.PutInt64(row.observations);
    encoder.PutInt64(row.weight);
    encoder.PutInt64(row.weighted_quality);
  }
  encoder.PutInt32(health.score_thousandths());
  encoder.PutInt32(health.low_thousandths());
  encoder.PutInt32(health.high_thousandths());
  encoder.PutInt32(health.prior_score_thousandths());
  encoder.PutInt32(health.evidence_share_millionths());
  encoder.PutInt32(health.measured_evidence_share_millionths());
  encoder.PutInt32(health.band());
  for (const v1::DimensionHealth& dimension : health.dimensions()) {
    encoder.PutInt32(dimension.quality_millionths());
    encoder.PutInt32(dimension.low_millionths());
    encoder.PutInt32(dimension.high_millionths());
    encoder.PutInt64(dimension.evidence_millionths());
    encoder.PutInt32(dimension.contribution_thousandths());
    encoder.PutInt64(dimension.observations());
  }
  return encoder.Digest();
}

}  // namespace

std::string FindRepeatingAsset(absl::Span<const v1::Observation> observations, int32_t day) {
  std::map<absl::string_view, int> repeats;
  for (const v1::Observation& observation : observations) {
    const bool repeat =
        observation.signal() == v1::SIGNAL_REPEAT_VISIT || observation.signal() == v1::SIGNAL_REPEAT_VISIT_AGAIN;
    const int64_t age = int64_t{day} - observation.effective_day();
    if (repeat && !observation.asset_id().empty() && age >= 0 && age < kCapRepeatDays) {
      ++repeats[observation.asset_id()];
    }
  }
  for (const auto& [asset, count] : repeats) {
    if (count >= kCapRepeats) return std::string(asset);
  }
  return "";
}

absl::StatusOr<v1::AccountHealth> Score(absl::Span<const BucketRow> all_rows, const Caps& caps, int32_t day,
                                        const Model& model) {
  std::vector<BucketRow> scratch;
  const absl::Span<const BucketRow> rows = Canonical(all_rows, day, &scratch);
  const absl::StatusOr<Folded> folded = Fold(rows, day, model);
  if (!folded.ok()) return folded.status();

  v1::AccountHealth health;
  health.set_as_of_day(day);
  health.set_model_id(model.id());
  for (int i = 0; i < kDimensions; ++i) {
    SetDimension(folded->dimensions[static_cast<size_t>(i)], model.dimension(i), model.proto().interval_thousandths(),
                 health.add_dimensions());
  }
  SetScore(*folded, model, &health);
  health.set_evidence_share_millionths(EvidenceShare(*folded, model, false));
  health.set_measured_evidence_share_millionths(EvidenceShare(*folded, model, true));
  if (folded->latest_day.has_value()) health.set_latest_evidence_day(*folded->latest_day);
  if (absl::Status status = SetBand(*folded, rows, caps, model, &health); !status.ok()) return status;
  health.set_receipt(ReceiptOf(rows, caps, health));
  return health;
}

}  // namespace doorstep::health
