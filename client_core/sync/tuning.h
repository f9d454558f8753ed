// Every figure of the sync engine, with its reason. Bounds of the product stand in base/limits.h; these are choices.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_TUNING_H_
#define DOORSTEP_CLIENT_CORE_SYNC_TUNING_H_

#include <cstdint>

namespace doorstep::tuning {

inline constexpr int64_t kSecondUs = 1000000;

// The first retry after 1 s: a lost packet or a restarting server is usually gone by then. Never rarer than every
// 5 min: a technician who walks out of a basement should not wait longer, and 12 wakes an hour do not drain a battery.
inline constexpr int64_t kBackoffBaseUs = 1 * kSecondUs;
inline constexpr int64_t kBackoffCapUs = 300 * kSecondUs;

// What a call may take. A Hello is a few hundred bytes; a full frame or page over a 2G link (about 100 kbit/s) needs
// a minute.
inline constexpr uint32_t kHelloDeadlineMs = 15000;
inline constexpr uint32_t kPushDeadlineMs = 60000;
inline constexpr uint32_t kPullDeadlineMs = 60000;
// A piece of an attachment is smaller than a frame may be, and is halved after a failure down to this: over a link that
// breaks every few seconds something still gets through.
inline constexpr uint32_t kPieceDeadlineMs = 60000;
inline constexpr uint64_t kPieceBytesMin = 16 * 1024;
// A transport that forgets a call is not waited for: this much after the call's own deadline it counts as failed.
inline constexpr int64_t kDeadlineGraceUs = 5 * kSecondUs;

// How often an idle phone says Hello: it learns whether a feed has moved, and the office learns that nothing is waiting
// here. Hints come on top. In the background four wakes an hour stay below the budget of six.
inline constexpr int64_t kPollForegroundUs = 60 * kSecondUs;
inline constexpr int64_t kPollBackgroundUs = 900 * kSecondUs;
// With a stream of hints open, what a poll still has to say is only that nothing waits here.
inline constexpr int64_t kPollWatchedUs = 300 * kSecondUs;

// How long one stream of hints is asked for. Shorter than the age at which a server closes connections, so that the end
// comes at a moment when nothing else is under way.
inline constexpr uint32_t kWatchDeadlineMs = 30 * 60 * 1000;
// A stream that has lasted for so long was a good one.
inline constexpr int64_t kWatchLastedUs = 60 * kSecondUs;
// After so much silence a stream counts as lost: without the server's word, and at most whatever its word.
inline constexpr int64_t kWatchSilenceDefaultUs = 180 * kSecondUs;
inline constexpr int64_t kWatchSilenceMaxUs = 1800 * kSecondUs;

// The longest wait that a server may ask for. Beyond it the phone asks again: a garbled figure must not silence it.
inline constexpr int64_t kGrantWaitMaxUs = 3600 * kSecondUs;

// So many failures of a frame that only the frame explains, before it is halved (several entries) or its entry is sent
// opaque (one). Three: a server that was just restarted twice is not yet a bad entry, and opaque is for good.
inline constexpr uint32_t kPushStrikesMax = 3;
// So many times in a row a frame may be lost with its answer, while the server is there all the time, before that
// counts as a strike: a link that loses half of all requests does it once in a thousand million frames.
inline constexpr uint32_t kPushLostMax = 30;

// sync_once gives up after so many failures in a row. Three kinds of calls fail side by side: this is about ten seconds
// without a server, enough for it to restart.
inline constexpr uint32_t kBudgetFailuresMax = 12;

// No work is begun with less of a byte budget left than one small page and its frame.
inline constexpr uint64_t kBudgetBytesMin = 8192;

}  // namespace doorstep::tuning

#endif  // DOORSTEP_CLIENT_CORE_SYNC_TUNING_H_
