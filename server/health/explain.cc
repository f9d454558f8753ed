#include "server/health/explain.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

#include "absl/numeric/int128.h"
#include "server/health/apportion.h"
#include "server/health/buckets.h"
#include "server/health/integer_math.h"
#include "server/health/words.h"

namespace doorstep::health {
namespace {

using absl::int128;

// An observation that counts on the day, and how much.
struct Counted {
  const v1::Observation* observation;
  Worth worth;
  int128 weight;  // Omega, in millionths times Q30.
};

// The order in which equal remainders are served. Total, so that the order of arrival cannot show through;
// what is equal in all of this is the same observation twice.
auto Key(const v1::Observation& o) {
  return std::make_tuple(absl::string_view(o.source_id()), static_cast<int>(o.signal()), o.effective_day(),
                         absl::string_view(o.related_id()), o.value(), static_cast<int>(o.aging()), o.has_closed_day(),
                         o.closed_day(), static_cast<int>(o.feedback_mode()), static_cast<int>(o.commitment_size()),
                         absl::string_view(o.asset_id()));
}

// D on `day`; 0 when the observation does not count.
int64_t DecayOf(const v1::Observation& observation, int32_t day, const DecayTable& table) {
  if (day < observation.effective_day()) return 0;
  if (observation.aging() == v1::AGING_FADES) return table.At(int64_t{day} - observation.effective_day());
  if (!observation.has_closed_day() || day < observation.closed_day()) return DecayTable::kOne;
  return observation.aging() == v1::AGING_HELD ? table.At(int64_t{day} - observation.closed_day()) : 0;
}

v1::Contribution Describe(const v1::Observation& observation, int64_t points, int32_t day) {
  v1::Contribution contribution;
  contribution.set_source_id(observation.source_id());
  contribution.set_related_id(observation.related_id());
  contribution.set_signal(observation.signal());
  contribution.set_dimension(observation.dimension());
  contribution.set_effective_day(observation.effective_day());
  contribution.set_points_thousandths(static_cast<int32_t>(points));
  contribution.set_text(ObservationText(observation, day));
  return contribution;
}

// An observation and the thousandths of a point it moved the score by.
struct Effect {
  const v1::Observation* observation;
  int64_t points;
};

// Appends the effects of one dimension, which add up to `total`.
void Contribute(const std::vector<Counted>& counted, int64_t total, const v1::HealthModel::DimensionModel& figures,
                std::vector<Effect>* effects) {
  int128 weight = int128{figures.prior_weight_millionths()} * DecayTable::kOne;
  for (const Counted& one : counted) weight += one.weight;
  std::vector<Part> parts(counted.size());
  for (size_t i = 0; i < counted.size(); ++i) {
    const int64_t excess = counted[i].worth.quality_millionths - figures.prior_millionths();
    parts[i].billionths =
        static_cast<int64_t>(FloorDivide(counted[i].weight * excess * figures.share_millionths() * 100, weight));
  }
  Apportion(total, absl::MakeSpan(parts));
  for (size_t i = 0; i < counted.size(); ++i) {
    effects->push_back({counted[i].observation, parts[i].share});
  }
}

}  // namespace

absl::StatusOr<Explanation> Explain(absl::Span<const v1::Observation> observations, const Caps& caps, int32_t day,
                                    const Model& model) {
  std::vector<const v1::Observation*> ordered;
  ordered.reserve(observations.size());
  for (const v1::Observation& observation : observations) ordered.push_back(&observation);
  std::sort(ordered.begin(), ordered.end(),
            [](const v1::Observation* a, const v1::Observation* b) { return Key(*a) < Key(*b); });

  std::vector<BucketRow> rows;
  std::array<std::vector<Counted>, kDimensions> counted;
  for (const v1::Observation* observation : ordered) {
    const absl::StatusOr<Worth> worth = Weigh(*observation, model);
    if (!worth.ok()) return worth.status();
    if (absl::Status status = Spread(*observation, 1, model, &rows); !status.ok()) return status;
    const int index = observation->dimension() - 1;
    const int128 weight = int128{worth->weight_millionths} * DecayOf(*observation, day, model.decay(index));
    if (weight > 0) counted[static_cast<size_t>(index)].push_back({observation, *worth, weight});
  }
  Combine(&rows);
  absl::StatusOr<v1::AccountHealth> health = Score(rows, caps, day, model);
  if (!health.ok()) return health.status();

  Explanation explanation;
  explanation.health = *std::move(health);
  std::vector<Effect> effects;
  for (int i = 0; i < kDimensions; ++i) {
    Contribute(counted[static_cast<size_t>(i)], explanation.health.dimensions(i).contribution_thousandths(),
               model.dimension(i), &effects);
  }
  std::sort(effects.begin(), effects.end(), [](const Effect& a, const Effect& b) {
    const int64_t size_a = std::abs(a.points);
    const int64_t size_b = std::abs(b.points);
    return size_a != size_b ? size_a > size_b : Key(*a.observation) < Key(*b.observation);
  });
  explanation.contributions.reserve(effects.size());
  for (const Effect& effect : effects) {
    explanation.contributions.push_back(Describe(*effect.observation, effect.points, day));
  }
  return explanation;
}

}  // namespace doorstep::health
