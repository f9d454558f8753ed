// Places between the stops of an entry's way at which a test kills the process, as a power cut or the system would.
// Invariant: without DOORSTEP_KILL_POINTS, which no build that is shipped defines, there is nothing of it.
#ifndef DOORSTEP_CLIENT_CORE_BASE_KILL_POINT_H_
#define DOORSTEP_CLIENT_CORE_BASE_KILL_POINT_H_

#ifdef DOORSTEP_KILL_POINTS

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace doorstep {

// Raises SIGKILL when the environment's DOORSTEP_KILL_AT is "NAME", or "NAME:N" and this is the Nth time. Thread-safe.
// The environment is read each time, so that a test may fork a process that is to die.
inline void KillPoint(const char* name) {
  const char* const wish = std::getenv("DOORSTEP_KILL_AT");
  static std::atomic<int> times{0};
  const size_t length = std::strlen(name);
  if (wish == nullptr || std::strncmp(wish, name, length) != 0) return;
  if (wish[length] != '\0' && wish[length] != ':') return;
  const int nth = wish[length] == ':' ? std::atoi(wish + length + 1) : 1;
  if (++times == nth) raise(SIGKILL);
}

}  // namespace doorstep

#else

namespace doorstep {

inline void KillPoint(const char*) {}

}  // namespace doorstep

#endif

#endif  // DOORSTEP_CLIENT_CORE_BASE_KILL_POINT_H_
