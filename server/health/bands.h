// The verdict: which band an account is in, and why.
// Invariant: the rules are tried in one order (RED, SILENT, UNKNOWN, GREEN, AMBER) and the first that fits is
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "doorstep/v1/health.pb.h"
#include "server/health/model.h"
#include "server/health/score.h"

namespace doorstep::health {

// What the verdict rests on, beside the caps and the model.
struct Standing {
  // Thousandths of a point.
  int32_t score = 0;
  int32_t low = 0;
  int32_t prior_score = 0;
  // The measured share of evidence now, and as it was on the latest day that brought any; millionths. The second
  // matters only when the first is below the model's known share.
  int32_t known_share = 0;
  std::optional<int32_t> latest_evidence_day;
  int32_t known_share_then = 0;
  // A promise is past its due day and not settled.
  bool promise_overdue = false;
  // There is evidence of it, or the company does not measure it.
  bool satisfaction_known = false;
  bool adoption_known = false;
};

struct Verdict {
  v1::Band band = v1::BAND_UNSPECIFIED;
  // One sentence without its full stop.
  std::string reason;
};

Verdict Judge(const Standing& standing, const Caps& caps, const Model& model);

}  // namespace doorstep::health
