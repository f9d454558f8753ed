// What the services are made of. Everything is borrowed and outlives them.
#ifndef DOORSTEP_SERVER_SERVICES_PARTS_H_
#define DOORSTEP_SERVER_SERVICES_PARTS_H_

#include <cstdint>

#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/random.h"

namespace doorstep {

class AttachmentIntake;
class Authenticator;
class SigningKeys;
class Storage;
class WakeHub;
class WatchHub;
class Writer;

struct ServerParts {
  Storage& storage;
  Writer& writer;
  Authenticator& authenticator;
  SigningKeys& signing_keys;
  Clock& clock;
  Random& random;
  LogSink log;
  const char* version;
  int64_t started_us;
  // Null: nobody can watch.
  WatchHub* watch = nullptr;
  // Null: calls about attachments answer UNIMPLEMENTED.
  AttachmentIntake* attachments = nullptr;
  // Null: nobody is woken.
  WakeHub* wakes = nullptr;

  int64_t NowUs() const { return clock.Now().wall_time_us; }
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_PARTS_H_
