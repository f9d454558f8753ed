// The time, the chance and the record of one simulated world. Everything that happens in it happens in an event of the
// heap, so one seed is one story, the same each time it is told.
#ifndef DOORSTEP_TESTS_SIM_WORLD_H_
#define DOORSTEP_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "client_core/base/sha256.h"
#include "tests/sim/draws.h"

namespace doorstep::sim {

inline constexpr int64_t kMillisecond = 1000;
inline constexpr int64_t kSecond = 1000 * kMillisecond;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;
// Monday 2026-11-23, 00:00 UTC.
inline constexpr int64_t kMonday = int64_t{20780} * kDay;

// What was broken, or happened that is not of every day, each kind by itself. Names as they are printed.
enum class FaultKind {
  kRequestLost,
  kAnswerLost,
  kRequestRepeated,
  kAnswerLate,
  kNetworkGone,
  kOneWay,
  kServerKilled,
  kServerPowerCut,
  kPhoneKilled,
  kPhonePowerCut,
  kPhoneRebooted,
  kPhoneRestored,
  kPhoneCloned,
  kPhoneDestroyed,
  kDiskFull,
  kClockJumped,
  kClockSkewed,
  kServerRestored,
  kServerSetBack,
  kServerFull,
  kSmallPages,
  kLeftAlone,
  // What begins here draws from a stream of its own: a world that has none of it is told as if there were no such
  // thing.
  kSuspended,
  kTechnicianChanged,
  kAttachment,
  kOfficeDecided,
  kJournalDamaged,
  kAnswerOvertaken,  // Nobody draws it: it comes of delays.
};
inline constexpr FaultKind kFirstAside = FaultKind::kSuspended;
inline constexpr int kFaultKinds = static_cast<int>(FaultKind::kAnswerOvertaken) + 1;
const char* FaultName(FaultKind kind);

class World {
 public:
  // `tell`: every event is also printed.
  World(uint64_t seed, bool tell);

  int64_t now_us() const { return now_us_; }
  // As in Draws.
  int64_t Draw(int64_t bound) { return draws_.Draw(bound); }
  int64_t Between(int64_t low, int64_t high) { return draws_.Between(low, high); }
  bool Chance(int64_t permille) { return draws_.Chance(permille); }
  Random& random() { return draws_.random(); }
  // For the kinds from kFirstAside on, and all that comes of them.
  Draws& aside() { return aside_; }
  // What chance has told so far, in a number: two tellings with the same drew as often.
  int64_t course() const { return Draws(draws_).Draw(INT64_MAX) ^ Draws(aside_).Draw(INT64_MAX); }

  void After(int64_t delay_us, std::function<void()> event);
  // Runs what is due until then. Stops early at the first violation.
  void RunUntil(int64_t instant_us);

  // Which faults this seed has, and how strong.
  // But none of `without`.
  void DrawFaults(int64_t beginning_us, const std::set<FaultKind>& without);
  bool Has(FaultKind kind) const { return permille_[static_cast<int>(kind)] > 0; }
  // Whether the fault strikes now; counted when it does.
  bool Strikes(FaultKind kind);
  void Count(FaultKind kind) { ++counts_[static_cast<int>(kind)]; }
  // No fault strikes any more.
  void Heal();
  bool healing() const { return healing_; }
  std::string DrawnFaults() const;
  const std::vector<uint64_t>& counts() const { return counts_; }

  // Part of the trace: what two runs of one seed must have in common.
  void Note(absl::string_view who, absl::string_view what);
  std::string TraceHash();

  // `kind` is "lost", "doubled", "stuck" or "wrong". The first one is kept.
  void Violate(absl::string_view kind, std::string what);
  bool violated() const { return !violation_.empty(); }
  const std::string& violation_kind() const { return violation_kind_; }
  const std::string& violation() const { return violation_; }

 private:
  struct Due {
    int64_t instant_us;
    uint64_t number;
    std::function<void()> event;
    bool operator>(const Due& other) const {
      return instant_us != other.instant_us ? instant_us > other.instant_us : number > other.number;
    }
  };

  Draws draws_;
  Draws aside_;
  const bool tell_;
  int64_t now_us_ = kMonday;
  uint64_t events_ = 0;
  int at_this_instant_ = 0;  // Events that ran.
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<int64_t> permille_ = std::vector<int64_t>(kFaultKinds, 0);
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(kFaultKinds, 0);
  bool healing_ = false;
  SodiumSha256 hasher_;
  Hash trace_{};
  std::string violation_kind_;
  std::string violation_;
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_WORLD_H_
