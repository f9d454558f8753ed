#include "client_core/rules/clock_correction.h"
#include "client_core/base/planted_bug.h"

#include <algorithm>

namespace doorstep {
namespace {

// The error of a time tied only to the instant of receipt: how long the frame may have been on its way.
constexpr int64_t kReceiptUncertaintyUs = int64_t{30} * 1000000;
// The error of the phone's own word.
constexpr int64_t kSuspectUncertaintyUs = int64_t{24} * 3600 * 1000000;
// No phone keeps an entry for so long between two exchanges and has a right clock all the time.
constexpr int64_t kSetBackUs = int64_t{31} * 24 * 3600 * 1000000;

// Phones may say anything: differences of hostile clocks saturate instead of overflowing.
int64_t Minus(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < b ? INT64_MIN : INT64_MAX;
}

int64_t Plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t Distance(int64_t a, int64_t b) { return a < b ? Minus(b, a) : Minus(a, b); }

// The sample of this boot nearest to `monotonic_us`, exchanges with the server before others.
const v1::ClockSample* NearestOfBoot(const v1::FieldTime& time, const v1::FrameHeader& header) {
  const v1::ClockSample* best = nullptr;
  auto distance = [&](const v1::ClockSample& s) { return Distance(s.monotonic_us(), time.monotonic_us()); };
  for (const v1::ClockSample& sample : header.clock()) {
    if (sample.boot_id() != time.boot_id()) continue;
    if (sample.server_time_us() == 0) continue;
    if (best == nullptr || distance(sample) < distance(*best)) best = &sample;
  }
  return best;
}

// The wall time, unless it lies so long before anything the phone heard of the server that its clock must have been set
// back, as an empty battery does: then the earliest exchange that came along, which the phone chose to stand before the
// entry.
int64_t Plausible(int64_t wall_us, const v1::FrameHeader& header) {
  int64_t earliest_us = 0;
  for (const v1::ClockSample& sample : header.clock()) {
    const int64_t server_us = sample.server_time_us();
    if (server_us > 0 && (earliest_us == 0 || server_us < earliest_us)) earliest_us = server_us;
  }
  return wall_us < Minus(earliest_us, kSetBackUs) ? earliest_us : wall_us;
}

int64_t Clamp(int64_t time_us, int64_t received_us) { return std::clamp<int64_t>(time_us, 0, received_us); }

// For the offset of a wall clock against the server's: known at one moment of another boot.
struct WallOffset {
  int64_t wall_us = 0;
  int64_t offset_us = 0;
};

}  // namespace

v1::CorrectedTime CorrectTime(const v1::FieldTime& time, const v1::FrameHeader& header, int64_t received_us) {
  v1::CorrectedTime corrected;
  corrected.set_utc_offset_s(time.utc_offset_s());
  if (Planted("phone_clock_trusted")) {
    corrected.set_time_us(time.wall_time_us());
    corrected.set_quality(v1::CLOCK_QUALITY_TRUSTED);
    return corrected;
  }

  if (const v1::ClockSample* sample = NearestOfBoot(time, header); sample != nullptr) {
    corrected.set_time_us(
        Clamp(Plus(sample->server_time_us(), Minus(time.monotonic_us(), sample->monotonic_us())), received_us));
    corrected.set_uncertainty_us(sample->uncertainty_us());
    corrected.set_quality(v1::CLOCK_QUALITY_TRUSTED);
    return corrected;
  }

  // The frame's own first sample is the moment it was made, which is at most its way before it was received.
  if (header.clock_size() > 0 && header.clock(0).boot_id() == time.boot_id()) {
    corrected.set_time_us(
        Clamp(Minus(received_us, Minus(header.clock(0).monotonic_us(), time.monotonic_us())), received_us));
    corrected.set_uncertainty_us(kReceiptUncertaintyUs);
    corrected.set_quality(v1::CLOCK_QUALITY_TRUSTED);
    return corrected;
  }

  // Another boot: the wall clock's offset before and after, from exchanges of other boots.
  const int64_t wall_us = time.wall_time_us();
  bool has_before = false;
  bool has_after = false;
  WallOffset before;
  WallOffset after;
  for (int i = 0; i < header.clock_size(); ++i) {
    const v1::ClockSample& sample = header.clock(i);
    // The first one is the moment the frame was made: it ties to the receipt when it has had no exchange.
    const int64_t server_us = sample.server_time_us() == 0 && i == 0 ? received_us : sample.server_time_us();
    if (server_us == 0) continue;
    const WallOffset known{sample.wall_time_us(), Minus(server_us, sample.wall_time_us())};
    if (known.wall_us <= wall_us && (!has_before || known.wall_us > before.wall_us)) {
      before = known;
      has_before = true;
    }
    if (known.wall_us > wall_us && (!has_after || known.wall_us < after.wall_us)) {
      after = known;
      has_after = true;
    }
  }
  if (has_before && has_after) {
    // Between the two offsets; half their difference is the error.
    const int64_t middle = before.offset_us / 2 + after.offset_us / 2;
    corrected.set_time_us(Clamp(Plus(wall_us, middle), received_us));
    corrected.set_uncertainty_us(Distance(after.offset_us, before.offset_us) / 2 + kReceiptUncertaintyUs);
    corrected.set_quality(v1::CLOCK_QUALITY_ESTIMATED);
    return corrected;
  }
  corrected.set_time_us(Clamp(Plausible(wall_us, header), received_us));
  corrected.set_uncertainty_us(kSuspectUncertaintyUs);
  corrected.set_quality(v1::CLOCK_QUALITY_SUSPECT);
  return corrected;
}

int32_t CivilDay(int64_t time_us, int32_t utc_offset_s) {
  constexpr int64_t kDayUs = int64_t{86400} * 1000000;
  const int64_t local_us = time_us + int64_t{utc_offset_s} * 1000000;
  return static_cast<int32_t>(local_us >= 0 ? local_us / kDayUs : -((-local_us + kDayUs - 1) / kDayUs));
}

}  // namespace doorstep
