#include "server/health/model.h"

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/health/canonical.h"

namespace doorstep::health {
namespace {

absl::Status InRange(absl::string_view field, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("HealthModel.", field, " is ", value, "; it must be ", low, " to ", high));
}

absl::Status Complete(absl::string_view field, int size, int want) {
  if (size == want) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("HealthModel.", field, " has ", size, " rows; it must have ", want));
}

// Row `index` of a table must be the enum's value index + 1, so that a look-up is an index.
absl::Status InOrder(absl::string_view field, int index, int value) {
  if (value == index + 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("HealthModel.", field, "[", index, "] is about ", value,
                                                 "; rows must be in the order of the enum, this one about ",
                                                 index + 1));
}

absl::Status CheckDimensions(const v1::HealthModel& model) {
  absl::Status status = Complete("dimensions", model.dimensions_size(), kDimensions);
  int64_t shares = 0;
  for (int i = 0; i < model.dimensions_size() && status.ok(); ++i) {
    const auto& row = model.dimensions(i);
    const std::string at = absl::StrCat("dimensions[", i, "].");
    shares += row.share_millionths();
    status.Update(InOrder("dimensions", i, row.dimension()));
    status.Update(InRange(absl::StrCat(at, "share_millionths"), row.share_millionths(), 0, kMillion));
    status.Update(InRange(absl::StrCat(at, "half_life_days"), row.half_life_days(), 1, 3650));
    status.Update(InRange(absl::StrCat(at, "prior_millionths"), row.prior_millionths(), 0, kMillion));
    status.Update(
        InRange(absl::StrCat(at, "prior_weight_millionths"), row.prior_weight_millionths(), 1, 1000 * kMillion));
  }
  if (status.ok() && shares != kMillion) {
    return absl::InvalidArgumentError(absl::StrCat("HealthModel.dimensions: share_millionths add up to ", shares,
                                                   "; they must add up to ", kMillion));
  }
  return status;
}

absl::Status CheckSignals(const v1::HealthModel& model) {
  absl::Status status = Complete("signals", model.signals_size(), v1::Signal_MAX);
  for (int i = 0; i < model.signals_size() && status.ok(); ++i) {
    const auto& row = model.signals(i);
    const std::string at = absl::StrCat("signals[", i, "].");
    status.Update(InOrder("signals", i, row.signal()));
    status.Update(InRange(absl::StrCat(at, "weight_millionths"), row.weight_millionths(), 0, 10 * kMillion));
    status.Update(InRange(absl::StrCat(at, "quality_millionths"), row.quality_millionths(), 0, kMillion));
    if (row.scale_low() != 0 || row.scale_high() != 0) {
      status.Update(InRange(absl::StrCat(at, "scale_low"), row.scale_low(), 0, kMillion));
      status.Update(InRange(absl::StrCat(at, "scale_high"), row.scale_high(), int64_t{row.scale_low()} + 1, kMillion));
    }
  }
  return status;
}

absl::Status CheckFactors(const v1::HealthModel& model) {
  absl::Status status = Complete("feedback_modes", model.feedback_modes_size(), v1::FeedbackMode_MAX);
  for (int i = 0; i < model.feedback_modes_size() && status.ok(); ++i) {
    const auto& row = model.feedback_modes(i);
    const std::string at = absl::StrCat("feedback_modes[", i, "].");
    status.Update(InOrder("feedback_modes", i, row.mode()));
    status.Update(InRange(absl::StrCat(at, "weight_millionths"), row.weight_millionths(), 0, kMillion));
    status.Update(InRange(absl::StrCat(at, "excess_millionths"), row.excess_millionths(), 0, kMillion));
  }
  status.Update(Complete("commitment_sizes", model.commitment_sizes_size(), v1::CommitmentSize_MAX));
  for (int i = 0; i < model.commitment_sizes_size() && status.ok(); ++i) {
    const auto& row = model.commitment_sizes(i);
    status.Update(InOrder("commitment_sizes", i, row.size()));
    status.Update(InRange(absl::StrCat("commitment_sizes[", i, "].weight_millionths"), row.weight_millionths(), 0,
                          10 * kMillion));
  }
  return status;
}

absl::Status Check(const v1::HealthModel& model) {
  absl::Status status = CheckDimensions(model);
  status.Update(CheckSignals(model));
  status.Update(CheckFactors(model));
  status.Update(InRange("red_line_thousandths", model.red_line_thousandths(), 0, 100000));
  status.Update(InRange("known_share_millionths", model.known_share_millionths(), 0, kMillion));
  status.Update(InRange("interval_thousandths", model.interval_thousandths(), 0, 10000));
  return status;
}

// The order and width of these fields are the model's address: never change them, raise the tag's number
// instead.
std::string IdOf(const v1::HealthModel& model) {
  CanonicalEncoder encoder("doorstep.health_model.1");
  encoder.PutInt32(model.dimensions_size());
  for (const auto& row : model.dimensions()) {
    encoder.PutInt32(row.dimension());
    encoder.PutInt32(row.share_millionths());
    encoder.PutInt32(row.half_life_days());
    encoder.PutInt32(row.prior_millionths());
    encoder.PutInt32(row.prior_weight_millionths());
    encoder.PutBool(row.measured());
  }
  encoder.PutInt32(model.signals_size());
  for (const auto& row : model.signals()) {
    encoder.PutInt32(row.signal());
    encoder.PutInt32(row.weight_millionths());
    encoder.PutInt32(row.quality_millionths());
    encoder.PutInt32(row.scale_low());
    encoder.PutInt32(row.scale_high());
  }
  encoder.PutInt32(model.feedback_modes_size());
  for (const auto& row : model.feedback_modes()) {
    encoder.PutInt32(row.mode());
    encoder.PutInt32(row.weight_millionths());
    encoder.PutInt32(row.excess_millionths());
  }
  encoder.PutInt32(model.commitment_sizes_size());
  for (const auto& row : model.commitment_sizes()) {
    encoder.PutInt32(row.size());
    encoder.PutInt32(row.weight_millionths());
  }
  encoder.PutInt32(model.red_line_thousandths());
  encoder.PutInt32(model.known_share_millionths());
  encoder.PutInt32(model.interval_thousandths());
  return encoder.Digest();
}

}  // namespace

v1::Dimension DimensionOf(v1::Signal signal) {
  switch (signal) {
    case v1::SIGNAL_OUTCOME_RESOLVED:
    case v1::SIGNAL_OUTCOME_PARTIAL:
    case v1::SIGNAL_OUTCOME_NOT_RESOLVED:
    case v1::SIGNAL_FIX_HELD:
    case v1::SIGNAL_REPEAT_VISIT:
    case v1::SIGNAL_REPEAT_VISIT_AGAIN:
      return v1::DIMENSION_RELIABILITY;
    case v1::SIGNAL_ARRIVAL_IN_WINDOW:
    case v1::SIGNAL_ARRIVAL_EARLY:
    case v1::SIGNAL_ARRIVAL_LATE:
    case v1::SIGNAL_ARRIVAL_MISSED:
    case v1::SIGNAL_RESCHEDULED_BY_US:
    case v1::SIGNAL_HAD_TO_REPEAT:
    case v1::SIGNAL_EXTRA_CONTACT:
    case v1::SIGNAL_CES:
      return v1::DIMENSION_EFFORT;
    case v1::SIGNAL_CSAT:
    case v1::SIGNAL_NPS:
    case v1::SIGNAL_COMPLAINT:
    case v1::SIGNAL_PRAISE:
      return v1::DIMENSION_SENTIMENT;
    case v1::SIGNAL_PROMISE_KEPT:
    case v1::SIGNAL_PROMISE_LATE:
    case v1::SIGNAL_PROMISE_BROKEN:
    case v1::SIGNAL_PROMISE_OVERDUE:
      return v1::DIMENSION_PROMISES;
    case v1::SIGNAL_USE_OBSERVED:
    case v1::SIGNAL_METER_AGAINST_PLAN:
    case v1::SIGNAL_TELEMETRY_WEEK:
    case v1::SIGNAL_TRAINING_DONE:
      return v1::DIMENSION_ADOPTION;
    case v1::SIGNAL_PREVENTIVE_ACCEPTED:
    case v1::SIGNAL_PREVENTIVE_REFUSED:
    case v1::SIGNAL_INVITATION_ANSWERED:
    case v1::SIGNAL_INVITATION_UNANSWERED:
    case v1::SIGNAL_CONTACT_OVERDUE:
      return v1::DIMENSION_ENGAGEMENT;
    case v1::SIGNAL_CONTRACT_DISPUTED:
    case v1::SIGNAL_SCOPE_CUT:
    case v1::SIGNAL_SCOPE_ADDED:
      return v1::DIMENSION_COMMERCIAL;
    default:
      return v1::DIMENSION_UNSPECIFIED;
  }
}

absl::StatusOr<Model> Model::Create(v1::HealthModel figures) {
  if (absl::Status status = Check(figures); !status.ok()) return status;
  std::string id = IdOf(figures);
  if (!figures.id().empty() && figures.id() != id) {
    return absl::InvalidArgumentError("HealthModel.id is not the address of the figures beside it");
  }
  Model model;
  model.proto_ = std::move(figures);
  model.proto_.set_id(std::move(id));
  for (int i = 0; i < kDimensions; ++i) {
    auto& table = model.decays_[static_cast<size_t>(i)];
    for (int j = 0; j < i && table == nullptr; ++j) {
      if (model.dimension(j).half_life_days() == model.dimension(i).half_life_days()) {
        table = model.decays_[static_cast<size_t>(j)];
      }
    }
    if (table == nullptr) table = std::make_shared<const DecayTable>(model.dimension(i).half_life_days());
  }
  return model;
}

const Model& Model::Default() {
  static const Model* const kModel = [] {
    absl::StatusOr<Model> model = Create(DefaultFigures());
    if (!model.ok()) std::abort();  // The shipped figures are part of the program.
    return new Model(*std::move(model));
  }();
  return *kModel;
}

const v1::HealthModel::SignalModel* Model::signal(v1::Signal signal) const {
  return signal >= 1 && signal <= proto_.signals_size() ? &proto_.signals(signal - 1) : nullptr;
}

const v1::HealthModel::FeedbackModeModel* Model::feedback_mode(v1::FeedbackMode mode) const {
  return mode >= 1 && mode <= proto_.feedback_modes_size() ? &proto_.feedback_modes(mode - 1) : nullptr;
}

const v1::HealthModel::CommitmentSizeModel* Model::commitment_size(v1::CommitmentSize size) const {
  return size >= 1 && size <= proto_.commitment_sizes_size() ? &proto_.commitment_sizes(size - 1) : nullptr;
}

}  // namespace doorstep::health
