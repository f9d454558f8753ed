// What one run of this program knows between two commands.
#ifndef DOORSTEP_TOOLS_PHONE_PHONE_H_
#define DOORSTEP_TOOLS_PHONE_PHONE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "doorstep/v1/types.pb.h"
#include "tools/phone/core.h"
#include "tools/phone/fact.h"
#include "tools/phone/phone_clock.h"
#include "tools/phone/survey.h"
#include "tools/phone/tally.h"

namespace doorstep::phone {

struct Phone {
  PhoneClock* clock = nullptr;  // Outlives the phone.
  std::unique_ptr<Core> core;
  Tally tally;
  // Offline the core is not asked to sync, as on a phone without a network; recording goes on.
  bool online = true;
  // The core syncs by itself while this is on and the phone is online.
  bool watching = false;
  bool quit = false;
  bool json = false;
  // Who records. Empty: the first technician enrolled.
  std::string author;
  // The language offered first to a customer.
  std::string language = "en";
  // Asks a person at the terminal. Empty in scripts.
  Asker ask;
  // The open visit; its id alone when the phone does not have it.
  v1::Visit visit;
  v1::JournalPosition last;

  int64_t NowMicros() const { return clock->Now().wall_time_us; }
  FactContext Context() const { return {visit, NowMicros(), last}; }
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_PHONE_H_
