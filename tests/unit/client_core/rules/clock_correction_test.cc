#include "client_core/rules/clock_correction.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kDay = 86400 * kSecond;
constexpr int64_t kServerNow = 20000 * kDay;

v1::ClockSample Sample(const char* boot, int64_t wall_us, int64_t monotonic_us, int64_t server_us) {
  v1::ClockSample sample;
  sample.set_boot_id(boot);
  sample.set_wall_time_us(wall_us);
  sample.set_monotonic_us(monotonic_us);
  sample.set_server_time_us(server_us);
  sample.set_uncertainty_us(server_us == 0 ? 0 : 50000);
  return sample;
}

v1::FieldTime At(const char* boot, int64_t wall_us, int64_t monotonic_us) {
  v1::FieldTime time;
  time.set_boot_id(boot);
  time.set_wall_time_us(wall_us);
  time.set_monotonic_us(monotonic_us);
  time.set_utc_offset_s(3600);
  return time;
}

TEST(ClockCorrectionTest, GradesWhatItKnows) {
  // The phone's wall clock is an hour fast throughout.
  constexpr int64_t kFast = 3600 * kSecond;
  v1::FrameHeader exchanged;
  *exchanged.add_clock() = Sample("b2", kServerNow + kFast, 500 * kSecond, 0);
  *exchanged.add_clock() = Sample("b2", kServerNow - 100 * kSecond + kFast, 400 * kSecond, kServerNow - 100 * kSecond);
  v1::FrameHeader never;
  *never.add_clock() = Sample("b2", kServerNow + kFast, 500 * kSecond, 0);
  v1::FrameHeader bracketed;
  *bracketed.add_clock() = Sample("b3", kServerNow + kFast, 5 * kSecond, kServerNow);
  *bracketed.add_clock() = Sample("b1", kServerNow - kDay + kFast, 9 * kSecond, kServerNow - kDay);

  v1::FrameHeader unanswered;
  *unanswered.add_clock() = Sample("b3", kServerNow + kFast, 5 * kSecond, 0);
  *unanswered.add_clock() = Sample("b1", kServerNow - kDay + kFast, 9 * kSecond, kServerNow - kDay);

  const struct {
    const char* name;
    v1::FrameHeader header;
    v1::FieldTime time;
    v1::ClockQuality quality;
    int64_t time_us;
  } kCases[] = {
      {"an exchange of the same boot", exchanged, At("b2", 0, 200 * kSecond), v1::CLOCK_QUALITY_TRUSTED,
       kServerNow - 300 * kSecond},
      {"only the frame itself is of this boot", never, At("b2", 0, 200 * kSecond), v1::CLOCK_QUALITY_TRUSTED,
       kServerNow - 300 * kSecond},
      {"between boots that had exchanges", bracketed, At("b2", kServerNow - kDay / 2 + kFast, 0),
       v1::CLOCK_QUALITY_ESTIMATED, kServerNow - kDay / 2},
      {"between an exchange and the frame itself, which had none", unanswered,
       At("b2", kServerNow - kDay / 2 + kFast, 0), v1::CLOCK_QUALITY_ESTIMATED, kServerNow - kDay / 2},
      {"rebooted offline, nothing before", bracketed, At("b2", kServerNow - 2 * kDay, 0), v1::CLOCK_QUALITY_SUSPECT,
       kServerNow - 2 * kDay},
      {"a clock that an empty battery set back to 1970", bracketed, At("b2", 60 * kSecond, 0),
       v1::CLOCK_QUALITY_SUSPECT, kServerNow - kDay},
      {"the future is not believed", never, At("b9", kServerNow + 900 * kDay, 0), v1::CLOCK_QUALITY_SUSPECT,
       kServerNow},
      {"nor is what lies before 1970", never, At("b9", INT64_MIN, INT64_MIN), v1::CLOCK_QUALITY_SUSPECT, 0},
      {"hostile clocks saturate", exchanged, At("b2", 0, INT64_MIN), v1::CLOCK_QUALITY_TRUSTED, 0},
  };
  for (const auto& c : kCases) {
    const v1::CorrectedTime corrected = CorrectTime(c.time, c.header, kServerNow);
    EXPECT_EQ(corrected.quality(), c.quality) << c.name;
    EXPECT_EQ(corrected.time_us(), c.time_us) << c.name;
    EXPECT_EQ(corrected.utc_offset_s(), 3600) << c.name;
  }
}

TEST(ClockCorrectionTest, ShiftingEveryPhoneClockChangesNoTime) {
  for (const int64_t shift : {-400 * kDay, -kSecond, kSecond, 400 * kDay}) {
    v1::FrameHeader header;
    *header.add_clock() = Sample("b2", kServerNow + shift, 500 * kSecond, kServerNow);
    EXPECT_EQ(CorrectTime(At("b2", kServerNow + shift, 200 * kSecond), header, kServerNow).time_us(),
              kServerNow - 300 * kSecond);
  }
}

TEST(CivilDayTest, IsTheDayAtTheCustomers) {
  EXPECT_EQ(CivilDay(0, 0), 0);
  EXPECT_EQ(CivilDay(-1, 0), -1);
  EXPECT_EQ(CivilDay(kDay - 1, 0), 0);
  EXPECT_EQ(CivilDay(kDay - 1, 3600), 1);
  EXPECT_EQ(CivilDay(0, -3600), -1);
}

}  // namespace
}  // namespace doorstep
