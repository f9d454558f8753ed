// Reliability: what the visits to one asset about one fault say.
#include <algorithm>
#include <tuple>
#include <utility>

#include "server/health/derive.h"

namespace doorstep::health {
namespace {

// What an outcome means for the fault.
enum class Effect {
  kUnknown,  // Not reported yet.
  kFixed,
  kPartly,
  kNotFixed,
  kNoFault,   // Nothing was broken, or no longer.
  kNotTried,  // The visit did not come to work at all, through no fault of the company's.
};

Effect EffectOf(v1::OutcomeCode outcome) {
  switch (outcome) {
    case v1::OUTCOME_CODE_RESOLVED:
      return Effect::kFixed;
    case v1::OUTCOME_CODE_TEMPORARY_FIX:
    case v1::OUTCOME_CODE_PARTIALLY_DONE:
      return Effect::kPartly;
    case v1::OUTCOME_CODE_NOT_RESOLVED:
    case v1::OUTCOME_CODE_WRONG_SKILL:
    case v1::OUTCOME_CODE_PARTS_MISSING:
      return Effect::kNotFixed;
    case v1::OUTCOME_CODE_NO_FAULT_FOUND:
    case v1::OUTCOME_CODE_NOT_NEEDED:
      return Effect::kNoFault;
    case v1::OUTCOME_CODE_NO_ACCESS:
    case v1::OUTCOME_CODE_CUSTOMER_REFUSED:
    case v1::OUTCOME_CODE_UNSAFE:
      return Effect::kNotTried;
    default:
      return Effect::kUnknown;
  }
}

bool IsAttempt(const ChainVisit& visit) {
  return visit.corrective && visit.outcome != v1::OUTCOME_CODE_NOT_NEEDED &&
         EffectOf(visit.outcome) != Effect::kNotTried;
}

// An attempt without an outcome yet has not ended; it is measured from its beginning.
int32_t EndedDay(const ChainVisit& visit) {
  return visit.outcome == v1::OUTCOME_CODE_UNSPECIFIED ? visit.began_day : std::max(visit.began_day, visit.ended_day);
}

std::vector<const ChainVisit*> InOrder(const VisitChain& chain) {
  std::vector<const ChainVisit*> visits;
  for (const ChainVisit& visit : chain.visits) visits.push_back(&visit);
  std::sort(visits.begin(), visits.end(), [](const ChainVisit* a, const ChainVisit* b) {
    return std::tie(a->began_us, a->visit_id) < std::tie(b->began_us, b->visit_id);
  });
  return visits;
}

// The days from the end of `before` to the beginning of `visit`; 0 when they overlap.
int32_t DaysBetween(const ChainVisit& before, const ChainVisit& visit) {
  return std::max(0, visit.began_day - EndedDay(before));
}

std::vector<ChainStep> Trace(const std::vector<const ChainVisit*>& visits) {
  std::vector<ChainStep> steps(visits.size());
  std::vector<size_t> open;  // Steps whose fault nobody has closed yet.
  std::optional<size_t> last_attempt;
  for (size_t i = 0; i < visits.size(); ++i) {
    const ChainVisit& visit = *visits[i];
    ChainStep& step = steps[i];
    step.visit_id = visit.visit_id;
    const Effect effect = EffectOf(visit.outcome);
    step.fixed = effect == Effect::kFixed;
    if (!visit.corrective) continue;

    step.attempted = IsAttempt(visit);
    if (step.attempted) {
      step.attempt = 1;
      if (last_attempt.has_value()) {
        ChainStep& before = steps[*last_attempt];
        const int32_t days = DaysBetween(*visits[*last_attempt], visit);
        const bool repeats = days <= kRepeatWindowDays;
        if (repeats) {
          step.repeat = before.repeat + 1;
          step.repeated_visit_id = before.visit_id;
          step.days_between = days;
          before.unrepeated = false;
        }
        if (repeats || !open.empty()) step.attempt = before.attempt + 1;
      }
      step.unrepeated = step.fixed;
      last_attempt = i;
    }
    if (effect == Effect::kFixed || effect == Effect::kNoFault) {
      for (size_t j : open) steps[j].closed_day = std::max(EndedDay(*visits[j]), EndedDay(visit));
      open.clear();
    } else if (effect == Effect::kPartly || effect == Effect::kNotFixed) {
      step.left_open = true;
      open.push_back(i);
    }
  }
  return steps;
}

v1::Observation Observe(v1::Signal signal, const VisitChain& chain, const ChainVisit& visit, int32_t day,
                        int64_t value) {
  v1::Observation observation;
  observation.set_dimension(v1::DIMENSION_RELIABILITY);
  observation.set_signal(signal);
  observation.set_effective_day(day);
  observation.set_value(value);
  observation.set_aging(v1::AGING_FADES);
  observation.set_source_id(visit.visit_id);
  observation.set_asset_id(chain.asset_id);
  return observation;
}

v1::Signal OutcomeSignal(Effect effect) {
  switch (effect) {
    case Effect::kFixed:
      return v1::SIGNAL_OUTCOME_RESOLVED;
    case Effect::kPartly:
      return v1::SIGNAL_OUTCOME_PARTIAL;
    case Effect::kNotFixed:
      return v1::SIGNAL_OUTCOME_NOT_RESOLVED;
    default:
      return v1::SIGNAL_UNSPECIFIED;
  }
}

}  // namespace

std::vector<ChainStep> TraceChain(const VisitChain& chain) { return Trace(InOrder(chain)); }

std::vector<v1::Observation> DeriveVisitChain(const VisitChain& chain) {
  const std::vector<const ChainVisit*> visits = InOrder(chain);
  const std::vector<ChainStep> steps = Trace(visits);
  std::vector<v1::Observation> observations;
  for (size_t i = 0; i < visits.size(); ++i) {
    const ChainVisit& visit = *visits[i];
    const ChainStep& step = steps[i];
    if (step.repeat > 0) {
      const v1::Signal signal = step.repeat == 1 ? v1::SIGNAL_REPEAT_VISIT : v1::SIGNAL_REPEAT_VISIT_AGAIN;
      observations.push_back(Observe(signal, chain, visit, visit.began_day, step.days_between));
      observations.back().set_related_id(step.repeated_visit_id);
    }
    if (const v1::Signal signal = OutcomeSignal(EffectOf(visit.outcome)); signal != v1::SIGNAL_UNSPECIFIED) {
      observations.push_back(Observe(signal, chain, visit, EndedDay(visit), std::max(1, step.attempt)));
      if (step.left_open) {
        observations.back().set_aging(v1::AGING_HELD);
        if (step.closed_day.has_value()) observations.back().set_closed_day(*step.closed_day);
      }
    }
    if (step.unrepeated) {
      observations.push_back(
          Observe(v1::SIGNAL_FIX_HELD, chain, visit, EndedDay(visit) + kRepeatWindowDays, kRepeatWindowDays));
    }
  }
  return observations;
}

}  // namespace doorstep::health
