#include "server/health/buckets.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace doorstep::health {
namespace {

absl::Status Refuse(const v1::Observation& observation, absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("Observation.", field, " of source \"", observation.source_id(), "\" ", why));
}

absl::Status CheckClosing(const v1::Observation& observation) {
  switch (observation.aging()) {
    case v1::AGING_FADES:
      if (!observation.has_closed_day()) return absl::OkStatus();
      return Refuse(observation, "closed_day", "is set, but what fades is never closed");
    case v1::AGING_HELD:
    case v1::AGING_HELD_THEN_REPLACED:
      if (!observation.has_closed_day() || observation.closed_day() >= observation.effective_day()) {
        return absl::OkStatus();
      }
      return Refuse(observation, "closed_day",
                    absl::StrCat("is ", observation.closed_day(), "; it must not be before the effective day ",
                                 observation.effective_day()));
    default:
      return Refuse(observation, "aging", absl::StrCat("is ", observation.aging(), ", which is unknown"));
  }
}

}  // namespace

bool IsEmpty(const BucketRow& row) { return row.observations == 0 && row.weight == 0 && row.weighted_quality == 0; }

absl::StatusOr<Worth> Weigh(const v1::Observation& observation, const Model& model) {
  const v1::HealthModel::SignalModel* const signal = model.signal(observation.signal());
  if (signal == nullptr) {
    return Refuse(observation, "signal", absl::StrCat("is ", observation.signal(), ", which is unknown"));
  }
  const v1::Dimension dimension = DimensionOf(observation.signal());
  if (observation.dimension() != dimension) {
    return Refuse(observation, "dimension",
                  absl::StrCat("is ", observation.dimension(), "; its signal belongs to ", dimension));
  }
  if (absl::Status status = CheckClosing(observation); !status.ok()) return status;

  Worth worth{signal->weight_millionths(), signal->quality_millionths()};
  if (signal->scale_high() != 0) {
    const int64_t low = signal->scale_low();
    const int64_t high = signal->scale_high();
    if (observation.value() < low || observation.value() > high) {
      return Refuse(observation, "value", absl::StrCat("is ", observation.value(), "; it must be ", low, " to ", high));
    }
    worth.quality_millionths = (observation.value() - low) * kMillion / (high - low);
  }
  // A complaint is a complaint, whoever wrote it down.
  if (observation.feedback_mode() != v1::FEEDBACK_MODE_UNSPECIFIED && observation.signal() != v1::SIGNAL_COMPLAINT) {
    const auto* const mode = model.feedback_mode(observation.feedback_mode());
    if (mode == nullptr) return Refuse(observation, "feedback_mode", "is unknown");
    const int64_t prior = model.dimension(dimension - 1).prior_millionths();
    worth.weight_millionths = worth.weight_millionths * mode->weight_millionths() / kMillion;
    if (worth.quality_millionths > prior) {
      worth.quality_millionths = prior + (worth.quality_millionths - prior) * mode->excess_millionths() / kMillion;
    }
  }
  if (observation.commitment_size() != v1::COMMITMENT_SIZE_UNSPECIFIED) {
    const auto* const size = model.commitment_size(observation.commitment_size());
    if (size == nullptr) return Refuse(observation, "commitment_size", "is unknown");
    worth.weight_millionths = worth.weight_millionths * size->weight_millionths() / kMillion;
  }
  return worth;
}

absl::Status Spread(const v1::Observation& observation, int sign, const Model& model, std::vector<BucketRow>* rows) {
  const absl::StatusOr<Worth> worth = Weigh(observation, model);
  if (!worth.ok()) return worth.status();
  const auto add = [&](bool held, int32_t day, int direction) {
    BucketRow& row = rows->emplace_back();
    row.dimension = observation.dimension();
    row.held = held;
    row.day = day;
    row.observations = direction;
    row.weight = direction * worth->weight_millionths;
    row.weighted_quality = direction * worth->weight_millionths * worth->quality_millionths;
  };
  const bool held = observation.aging() != v1::AGING_FADES;
  add(held, observation.effective_day(), sign);
  if (observation.has_closed_day()) {
    add(true, observation.closed_day(), -sign);
    if (observation.aging() == v1::AGING_HELD) add(false, observation.closed_day(), sign);
  }
  return absl::OkStatus();
}

void Combine(std::vector<BucketRow>* rows) {
  std::sort(rows->begin(), rows->end(), KeyLess);
  size_t kept = 0;
  for (size_t i = 0; i < rows->size();) {
    BucketRow sum = (*rows)[i];
    for (++i; i < rows->size() && !KeyLess(sum, (*rows)[i]); ++i) {
      sum.observations += (*rows)[i].observations;
      sum.weight += (*rows)[i].weight;
      sum.weighted_quality += (*rows)[i].weighted_quality;
    }
    if (!IsEmpty(sum)) (*rows)[kept++] = sum;
  }
  rows->resize(kept);
}

}  // namespace doorstep::health
