#include "tests/sim/world.h"

#include <cstdio>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace doorstep::sim {
namespace {

constexpr const char* kFaultNames[kFaultKinds] = {
    "request_lost",   "answer_lost",     "request_repeated", "answer_late",        "network_gone",
    "one_way",        "server_killed",   "server_power",     "phone_killed",       "phone_power",
    "phone_rebooted", "phone_restored",  "phone_cloned",     "phone_destroyed",    "disk_full",
    "clock_jumped",   "clock_skewed",    "server_restored",  "server_set_back",    "server_full",
    "small_pages",    "left_alone",      "suspended",        "technician_changed", "attachment",
    "office_decided", "journal_damaged", "answer_overtaken",
};

// Of all worlds, so many in a thousand have one of the kinds that draw aside.
constexpr int64_t kAsideLikely = 250;

// Nothing that ends takes so many.
constexpr int kEventsOfAnInstant = 10000;

}  // namespace

const char* FaultName(FaultKind kind) { return kFaultNames[static_cast<int>(kind)]; }

World::World(uint64_t seed, bool tell) : draws_(seed), aside_(~seed), tell_(tell) {}

void World::After(int64_t delay_us, std::function<void()> event) {
  due_.push({now_us_ + delay_us, ++events_, std::move(event)});
}

void World::RunUntil(int64_t instant_us) {
  while (!violated() && !due_.empty() && due_.top().instant_us <= instant_us) {
    at_this_instant_ = due_.top().instant_us == now_us_ ? at_this_instant_ + 1 : 0;
    if (at_this_instant_ > kEventsOfAnInstant) return Violate("stuck", "time stands still: something wakes for ever");
    now_us_ = due_.top().instant_us;
    const std::function<void()> event = due_.top().event;
    due_.pop();
    event();
  }
  if (now_us_ < instant_us) now_us_ = instant_us;
}

void World::DrawFaults(int64_t beginning_us, const std::set<FaultKind>& without) {
  now_us_ = beginning_us;
  // Some worlds are quiet and some have everything at once; each fault is rare in one and frequent in another.
  const int64_t likely = Between(50, 700);
  const auto strength = [](Draws& draws) {
    return draws.Chance(300) ? draws.Between(200, 600) : draws.Between(10, 200);
  };
  for (int i = 0; i < static_cast<int>(kFirstAside); ++i) {
    if (Chance(likely)) permille_[i] = strength(draws_);
  }
  // Files that go back while others go on are rare in most worlds, and need each other to be hard.
  if (Chance(150)) {
    for (const FaultKind kind : {FaultKind::kPhoneRestored, FaultKind::kPhoneCloned, FaultKind::kServerRestored}) {
      permille_[static_cast<int>(kind)] = Between(200, 600);
    }
  }
  for (int i = static_cast<int>(kFirstAside); i < static_cast<int>(FaultKind::kAnswerOvertaken); ++i) {
    if (aside_.Chance(kAsideLikely)) permille_[i] = strength(aside_);
  }
  for (const FaultKind kind : without) permille_[static_cast<int>(kind)] = 0;
}

bool World::Strikes(FaultKind kind) {
  // Drawn even when it cannot strike, so that leaving a fault out changes as little as possible.
  const bool strikes = (kind < kFirstAside ? draws_ : aside_).Chance(permille_[static_cast<int>(kind)]);
  if (healing_ || !strikes) return false;
  Count(kind);
  return true;
}

void World::Heal() { healing_ = true; }

std::string World::DrawnFaults() const {
  std::string text;
  for (int i = 0; i < kFaultKinds; ++i) {
    if (permille_[i] > 0) absl::StrAppend(&text, text.empty() ? "" : " ", kFaultNames[i], "=", permille_[i]);
  }
  return text.empty() ? "none" : text;
}

void World::Note(absl::string_view who, absl::string_view what) {
  const std::string line = absl::StrCat(now_us_ - kMonday, " ", who, ": ", what);
  hasher_.Reset();
  hasher_.Update(AsBytes(trace_));
  hasher_.Update(line);
  trace_ = hasher_.Finish();
  if (tell_) absl::PrintF("%12.6f %s: %s\n", static_cast<double>(now_us_ - kMonday) / 1e6, who, what);
}

std::string World::TraceHash() { return absl::BytesToHexString(AsBytes(trace_)); }

void World::Violate(absl::string_view kind, std::string what) {
  Note("VIOLATION", absl::StrCat(kind, ": ", what));
  if (violated()) return;
  violation_kind_ = std::string(kind);
  violation_ = std::move(what);
}

}  // namespace doorstep::sim
