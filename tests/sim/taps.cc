#include "tests/sim/taps.h"

#include "absl/strings/str_cat.h"
#include "tests/support/field_phone.h"

namespace doorstep::sim {

// Mostly small, and at times a few pieces long; some have been added before, by this phone or by another.
Attachment Taps::SomeAttachment() {
  Draws& draws = world_->aside();
  Attachment what;
  what.signature = draws.Chance(150);
  what.entry_first = draws.Chance(150);
  if (!photos_.empty() && draws.Chance(150)) {
    what.photo = draws.One(photos_);
    return what;
  }
  const int64_t length = draws.Draw(100);
  const int64_t most = length < 70 ? 2000 : length < 95 ? 60'000 : 600'000;
  what.photo = {static_cast<uint64_t>(draws.Draw(INT64_MAX)), static_cast<size_t>(draws.Between(1, most))};
  photos_.push_back(what.photo);
  if (!what.signature && draws.Chance(300)) {
    what.preview = Photo{static_cast<uint64_t>(draws.Draw(INT64_MAX)), static_cast<size_t>(draws.Between(1, 3000))};
  }
  return what;
}

v1::LogEntry Taps::Deciding(const v1::JournalPosition& target) {
  if (world_->Chance(400)) return testing::Retract(target);
  v1::LogEntry entry;
  *entry.mutable_correction()->mutable_target() = target;
  *entry.mutable_correction()->mutable_replacement() =
      world_->Chance(500) ? testing::Arrived() : testing::PartUsed("valve", world_->Between(1, 5) * 1000);
  return entry;
}

v1::LogEntry Taps::SomeFact() {
  switch (world_->Draw(9)) {
    case 0:
      return testing::Arrived();
    case 1:
      return testing::WorkStarted();
    case 2:
      return testing::PartUsed("valve", world_->Between(1, 5) * 1000);
    case 3: {
      v1::LogEntry entry;
      entry.mutable_travel_started();
      return entry;
    }
    case 4:
      return testing::Outcome(world_->Chance(700) ? v1::OUTCOME_CODE_RESOLVED : v1::OUTCOME_CODE_NOT_RESOLVED);
    case 5:
      return testing::Csat(static_cast<uint32_t>(world_->Between(1, 5)));
    case 6: {
      v1::LogEntry entry;
      entry.mutable_feedback_declined()->set_reason("in a hurry");
      return entry;
    }
    default:
      return testing::Note(absl::StrCat("seen at ", world_->now_us()));
  }
}

}  // namespace doorstep::sim
