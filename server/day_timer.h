// Tells the writer when a civil day (UTC) has begun: at the start, and whenever the clock has moved into another day.
// Invariant: it only says that time has passed; what follows is decided in the writer (apply/commands/tick.h), so a
// tick that is lost or comes twice does no harm.
#ifndef DOORSTEP_SERVER_DAY_TIMER_H_
#define DOORSTEP_SERVER_DAY_TIMER_H_

#include <cstdint>
#include <functional>
#include <thread>

#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/mutex.h"
#include "server/apply/writer.h"
#include "server/storage/storage.h"

namespace doorstep {

class DayTimer {
 public:
  // `writer` and `clock` must outlive the timer, and the writer must have drained before it goes. Begins before anybody
  // else writes: when `storage` is behind the day, a tick is submitted at once, so that whatever is submitted later
  // finds the day turned. Then goes on on a thread of its own.
  // `on_new_day` runs on that thread, once at the start and then once a day.
  DayTimer(Storage* storage, Writer* writer, Clock* clock, LogSink log, std::function<void()> on_new_day = {});
  ~DayTimer();
  // Ends the thread; nothing more is submitted by it. Repeating is safe.
  void Stop();

  // Submits a tick when the day is another than at the last one that the writer took. Thread-safe.
  void Check();

 private:
  int32_t Today() const;
  void Loop();

  Writer* const writer_;
  Clock* const clock_;
  const LogSink log_;
  const std::function<void()> on_new_day_;

  Mutex mutex_;
  CondVar stopping_;
  int32_t ticked_day_ ABSL_GUARDED_BY(mutex_) = -1;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_DAY_TIMER_H_
