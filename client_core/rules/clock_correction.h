// What a phone's clocks are worth: a pure function of the frame and the instant it was received, made when the frame
// is admitted and never again.
#ifndef DOORSTEP_CLIENT_CORE_RULES_CLOCK_CORRECTION_H_
#define DOORSTEP_CLIENT_CORE_RULES_CLOCK_CORRECTION_H_

#include <cstdint>

#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep {

// The corrected time of a fact recorded at `time` and carried by a frame with `header`, received at `received_us`.
//   TRUSTED    a sample of the same boot: its server time plus the monotonic distance. The frame's own first sample
//              ties to `received_us` when it has had no exchange with the server.
//   ESTIMATED  another boot, and samples of boots on both sides bracket the wall time; the frame's own first sample
//              counts as one, as above.
//   SUSPECT    else: the wall time, moved into [1970, received_us] when it lies outside; more than 31 days before any
//              exchange that came along, the earliest of those.
// Never later than `received_us`: what was received has happened.
v1::CorrectedTime CorrectTime(const v1::FieldTime& time, const v1::FrameHeader& header, int64_t received_us);

// Days since 1970 of a corrected time in its own offset. Floors.
int32_t CivilDay(int64_t time_us, int32_t utc_offset_s);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_CLOCK_CORRECTION_H_
