// The figures that Doorstep ships.
//
// Where they come from: J.D. Power's in-home service study (n = 3,744) found satisfaction of 871 of 1,000
// when the technician came on time, 819 when early and 683 when late; on that scale, late 0 and on time 1,
// early is .72. It also found 112 points more when the fault was fixed at the first visit, the largest single
// effect, hence the share and the repeat weights of reliability. The rest are starting points for a company
// to calibrate: whoever changes one gets another model id, and a series of its own.
#include "server/health/model.h"

namespace doorstep::health {
namespace {

struct DimensionFigures {
  v1::Dimension dimension;
  int32_t share;
  int32_t half_life_days;
  int32_t prior;
  int32_t prior_weight;
  bool measured;
};

constexpr DimensionFigures kDimensionFigures[] = {
    {v1::DIMENSION_RELIABILITY, 300000, 120, 800000, 3000000, true},
    {v1::DIMENSION_EFFORT, 150000, 90, 750000, 3000000, true},
    {v1::DIMENSION_SENTIMENT, 150000, 90, 780000, 4000000, true},
    {v1::DIMENSION_PROMISES, 150000, 180, 850000, 2000000, true},
    {v1::DIMENSION_ADOPTION, 100000, 120, 650000, 2000000, false},
    {v1::DIMENSION_ENGAGEMENT, 100000, 120, 600000, 2000000, false},
    {v1::DIMENSION_COMMERCIAL, 50000, 180, 900000, 2000000, false},
};

struct SignalFigures {
  v1::Signal signal;
  int32_t weight;
  int32_t quality;
  int32_t scale_low = 0;
  int32_t scale_high = 0;
};

constexpr SignalFigures kSignalFigures[] = {
    {v1::SIGNAL_OUTCOME_RESOLVED, 1000000, 1000000},
    {v1::SIGNAL_OUTCOME_PARTIAL, 1000000, 500000},
    {v1::SIGNAL_OUTCOME_NOT_RESOLVED, 1000000, 0},
    {v1::SIGNAL_FIX_HELD, 1000000, 1000000},
    {v1::SIGNAL_REPEAT_VISIT, 1500000, 0},
    {v1::SIGNAL_REPEAT_VISIT_AGAIN, 2000000, 0},
    {v1::SIGNAL_ARRIVAL_IN_WINDOW, 1000000, 1000000},
    {v1::SIGNAL_ARRIVAL_EARLY, 1000000, 720000},
    {v1::SIGNAL_ARRIVAL_LATE, 1000000, 0},
    {v1::SIGNAL_ARRIVAL_MISSED, 1500000, 0},
    {v1::SIGNAL_RESCHEDULED_BY_US, 500000, 0},
    {v1::SIGNAL_HAD_TO_REPEAT, 500000, 0},
    {v1::SIGNAL_EXTRA_CONTACT, 500000, 0},
    {v1::SIGNAL_CES, 1000000, 0, 1, 7},
    {v1::SIGNAL_CSAT, 1000000, 0, 1, 5},
    {v1::SIGNAL_NPS, 700000, 0, 0, 10},
    {v1::SIGNAL_COMPLAINT, 700000, 0},
    {v1::SIGNAL_PRAISE, 700000, 1000000},
    {v1::SIGNAL_PROMISE_KEPT, 1000000, 1000000},
    {v1::SIGNAL_PROMISE_LATE, 1000000, 400000},
    {v1::SIGNAL_PROMISE_BROKEN, 1000000, 0},
    {v1::SIGNAL_PROMISE_OVERDUE, 1000000, 0},
    {v1::SIGNAL_USE_OBSERVED, 500000, 0, 0, 1000000},
    {v1::SIGNAL_METER_AGAINST_PLAN, 1000000, 0, 0, 1000000},
    {v1::SIGNAL_TELEMETRY_WEEK, 300000, 0, 0, 1000000},
    {v1::SIGNAL_TRAINING_DONE, 700000, 0, 0, 1000000},
    {v1::SIGNAL_PREVENTIVE_ACCEPTED, 700000, 1000000},
    {v1::SIGNAL_PREVENTIVE_REFUSED, 700000, 0},
    {v1::SIGNAL_INVITATION_ANSWERED, 300000, 1000000},
    {v1::SIGNAL_INVITATION_UNANSWERED, 300000, 250000},
    {v1::SIGNAL_CONTACT_OVERDUE, 700000, 0},
    {v1::SIGNAL_CONTRACT_DISPUTED, 1000000, 0},
    {v1::SIGNAL_SCOPE_CUT, 1000000, 0},
    {v1::SIGNAL_SCOPE_ADDED, 1000000, 1000000},
};

struct ModeFigures {
  v1::FeedbackMode mode;
  int32_t weight;
  int32_t excess;
};

constexpr ModeFigures kModeFigures[] = {
    {v1::FEEDBACK_MODE_CUSTOMER_DEVICE_LATER, 1000000, 1000000},
    {v1::FEEDBACK_MODE_CUSTOMER_DEVICE_ON_SITE, 900000, 900000},
    {v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED, 800000, 800000},
    {v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_OPEN, 500000, 500000},
    {v1::FEEDBACK_MODE_PHONE_BY_OFFICE, 800000, 900000},
    {v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN, 200000, 300000},
};

struct SizeFigures {
  v1::CommitmentSize size;
  int32_t weight;
};

constexpr SizeFigures kSizeFigures[] = {
    {v1::COMMITMENT_SIZE_SMALL, 500000},
    {v1::COMMITMENT_SIZE_NORMAL, 1000000},
    {v1::COMMITMENT_SIZE_LARGE, 2000000},
};

}  // namespace

v1::HealthModel DefaultFigures() {
  v1::HealthModel model;
  for (const DimensionFigures& figures : kDimensionFigures) {
    auto* dimension = model.add_dimensions();
    dimension->set_dimension(figures.dimension);
    dimension->set_share_millionths(figures.share);
    dimension->set_half_life_days(figures.half_life_days);
    dimension->set_prior_millionths(figures.prior);
    dimension->set_prior_weight_millionths(figures.prior_weight);
    dimension->set_measured(figures.measured);
  }
  for (const SignalFigures& figures : kSignalFigures) {
    auto* signal = model.add_signals();
    signal->set_signal(figures.signal);
    signal->set_weight_millionths(figures.weight);
    signal->set_quality_millionths(figures.quality);
    signal->set_scale_low(figures.scale_low);
    signal->set_scale_high(figures.scale_high);
  }
  for (const ModeFigures& figures : kModeFigures) {
    auto* mode = model.add_feedback_modes();
    mode->set_mode(figures.mode);
    mode->set_weight_millionths(figures.weight);
    mode->set_excess_millionths(figures.excess);
  }
  for (const SizeFigures& figures : kSizeFigures) {
    auto* size = model.add_commitment_sizes();
    size->set_size(figures.size);
    size->set_weight_millionths(figures.weight);
  }
  model.set_red_line_thousandths(60000);
  model.set_known_share_millionths(200000);
  model.set_interval_thousandths(1282);
  return model;
}

}  // namespace doorstep::health
