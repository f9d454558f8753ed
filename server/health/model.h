// A HealthModel that was checked, addressed by its content, and made ready for scoring.
// Invariant: id() is the SHA-256 of everything else in proto(), so equal ids score equally.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/decay.h"

namespace doorstep::health {

inline constexpr int kDimensions = 7;
inline constexpr int64_t kMillion = 1000000;

// The dimension a signal speaks about; it is part of the signal's meaning, not of a model. UNSPECIFIED for a
// signal this program does not know.
v1::Dimension DimensionOf(v1::Signal signal);

// The figures that Doorstep ships, without an id.
v1::HealthModel DefaultFigures();

// Immutable, so any thread may use it.
class Model {
 public:
  // INVALID_ARGUMENT names the field and its bound. An id in `figures` must be the right one or empty; it is
  // empty in a draft and set in proto() of the result.
  static absl::StatusOr<Model> Create(v1::HealthModel figures);

  // The model of DefaultFigures(), made on the first call.
  static const Model& Default();

  const v1::HealthModel& proto() const { return proto_; }
  // 32 bytes.
  const std::string& id() const { return proto_.id(); }

  // `index` counts the dimensions from 0, in the order of the enum.
  const v1::HealthModel::DimensionModel& dimension(int index) const { return proto_.dimensions(index); }
  const DecayTable& decay(int index) const { return *decays_[static_cast<size_t>(index)]; }

  // Null for a signal, mode or size this program does not know, UNSPECIFIED among them.
  const v1::HealthModel::SignalModel* signal(v1::Signal signal) const;
  const v1::HealthModel::FeedbackModeModel* feedback_mode(v1::FeedbackMode mode) const;
  const v1::HealthModel::CommitmentSizeModel* commitment_size(v1::CommitmentSize size) const;

 private:
  Model() = default;

  v1::HealthModel proto_;
  // Dimensions with one half-life share one table.
  std::array<std::shared_ptr<const DecayTable>, kDimensions> decays_;
};

}  // namespace doorstep::health
