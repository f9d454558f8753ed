// What phones wait for on real networks: `bench_network CONNECT_FILE EMPTY_FOLDER` drives real phone cores through a
// slow link (slow_link.h) and prints
//   drain_500_ms             500 entries recorded offline, a round trip of 100 ms: from the word that the network is
//   back
//                            until the phone knows that all are at the office; median of 5
//   wake_cold_round_trips    a round trip of 300 ms and 1 % loss, 20 entries: from the wake until all are safe, without
//   a
//                            connection, in round trips; median of 15
//   wake_warm_round_trips    the same with a connection that is there
//   start_ms                 phones come to work as 5,000 do within 10 min (kStarts of them): from opening the app
//   until start_p99_ms             all of the day is there, on a link of 50 ms; median and p99 idle_wakes_per_hour of a
//   phone in a pocket, on a timetable of virtual time idle_bytes_per_hour      carried for that, both ways, with a new
//   connection each time
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "client_core/sync/engine.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/office.h"
#include "tools/benchmarks/phone_core.h"
#include "tools/benchmarks/slow_link.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {
namespace {

constexpr int64_t kHourUs = int64_t{3600} * 1000000;
constexpr int kDayOffline = 500;
constexpr int kDrains = 5;
constexpr int kAtWake = 20;
constexpr int kWakes = 15;
constexpr int kStarts = 100;
constexpr double kStartsPerS = 5000.0 / 600;
constexpr int kVisitsOfADay = 30;

std::string Folder(const std::string& parent, const std::string& name) {
  const std::string path = parent + "/" + name;
  std::filesystem::create_directories(path);
  return path;
}

// Notes and readings for a visit: there may be many of them.
void Record(PhoneCore& phone, const std::string& visit, int count, SeededRandom& random) {
  int made = 0;
  while (made < count) {
    for (const std::string& bytes : VisitEntries(visit, 1700000000000000, random)) {
      v1::AppendRequest request;
      if (!request.mutable_entry()->ParseFromString(bytes)) Fail("an entry of the workload");
      if (!request.entry().has_note() && !request.entry().has_reading_taken()) continue;
      if (made++ == count) break;
      phone.Append(request.SerializeAsString());
    }
  }
}

// Until the phone knows that everything it recorded is at the office; in seconds from `begin`.
double SafeAfter(PhoneCore& phone, double begin) {
  while (phone.Status().entries_saved_here() > 0) {
    if (Seconds() > begin + 60) Fail("a phone did not get rid of its entries within a minute");
    phone.PollEvents(1);
  }
  return Seconds() - begin;
}

// A phone that is syncing by itself and has nothing left to do.
std::unique_ptr<PhoneCore> Working(Office& office, const SlowLink& link, const std::string& folder,
                                   const std::string& technician) {
  auto phone = std::make_unique<PhoneCore>(folder, link.address());
  phone->Enrol(office.Invite(technician));
  phone->SyncOnce();
  phone->SyncStart();
  return phone;
}

Figures MeasureDrain(Office& office, const std::string& folder) {
  SlowLink link(office.address(), {.round_trip_us = 100000});
  const std::string technician = office.MakeTechnicians("drain", 1)[0];
  const std::vector<std::string> visits = office.MakeVisits(technician, kDrains, office.ServerTimeUs() + kHourUs);
  const std::unique_ptr<PhoneCore> phone = Working(office, link, Folder(folder, technician), technician);
  SeededRandom random(5);
  std::vector<double> ms;
  for (const std::string& visit : visits) {
    phone->Notify(v1::PHONE_NOTICE_NETWORK_LOST);
    link.Cut();
    Record(*phone, visit, kDayOffline, random);
    link.Mend();
    const double begin = Seconds();
    phone->Notify(v1::PHONE_NOTICE_NETWORK_CHANGED);
    ms.push_back(SafeAfter(*phone, begin) * 1e3);
  }
  return {{"drain_500_ms", Percentile(ms, 0.5)}};
}

Figures MeasureWakes(Office& office, const std::string& folder) {
  constexpr int64_t kRoundTripUs = 300000;
  SlowLink link(office.address(), {.round_trip_us = kRoundTripUs, .loss = 0.01});
  const std::string technician = office.MakeTechnicians("wake", 1)[0];
  const std::string visit = office.MakeVisits(technician, 1, office.ServerTimeUs() + kHourUs)[0];
  const std::string path = Folder(folder, technician);
  std::unique_ptr<PhoneCore> phone = Working(office, link, path, technician);
  SeededRandom random(6);
  std::vector<double> warm;
  std::vector<double> cold;
  for (int i = 0; i < kWakes; ++i) {
    // Its connection stays; what was recorded meanwhile waits for the network.
    phone->Notify(v1::PHONE_NOTICE_NETWORK_LOST);
    Record(*phone, visit, kAtWake, random);
    const double begin = Seconds();
    phone->Notify(v1::PHONE_NOTICE_NETWORK_CHANGED);
    warm.push_back(SafeAfter(*phone, begin) * 1e6 / kRoundTripUs);
  }
  for (int i = 0; i < kWakes; ++i) {
    phone = nullptr;
    phone = std::make_unique<PhoneCore>(path, link.address());
    Record(*phone, visit, kAtWake, random);
    const double begin = Seconds();
    phone->SyncStart();
    cold.push_back(SafeAfter(*phone, begin) * 1e6 / kRoundTripUs);
  }
  return {{"wake_cold_round_trips", Percentile(cold, 0.5)}, {"wake_warm_round_trips", Percentile(warm, 0.5)}};
}

Figures MeasureStarts(Office& office, const std::string& folder) {
  SlowLink link(office.address(), {.round_trip_us = 50000});
  const int64_t day_us = office.ServerTimeUs() + kHourUs;
  std::vector<std::string> paths;
  for (const std::string& technician : office.MakeTechnicians("start", kStarts)) {
    office.MakeVisits(technician, kVisitsOfADay, day_us);
    paths.push_back(Folder(folder, technician));
    PhoneCore(paths.back(), office.address()).Enrol(office.Invite(technician));
  }
  std::vector<double> ms(paths.size());
  std::vector<std::thread> phones;
  const double begin = Seconds();
  for (size_t i = 0; i < paths.size(); ++i) {
    const double due = begin + static_cast<double>(i) / kStartsPerS;
    std::this_thread::sleep_for(std::chrono::duration<double>(std::max(0.0, due - Seconds())));
    phones.emplace_back([&, i, due] {
      PhoneCore phone(paths[i], link.address());
      const v1::SyncReport report = phone.SyncOnce();
      if (!report.complete()) Fail("start of day: " + report.stopped_because());
      ms[i] = (Seconds() - due) * 1e3;
      if (phone.Visits() != kVisitsOfADay) Fail("start of day: a phone does not have its visits");
    });
  }
  for (std::thread& phone : phones) phone.join();
  return {{"start_ms", Percentile(ms, 0.5)}, {"start_p99_ms", Percentile(ms, 0.99)}};
}

// How often the engine of an idle phone in the background calls within an hour: whatever it sends is answered with
// nothing new. Each call is a wake: they are minutes apart.
int IdleWakes() {
  int64_t now_us = kHourUs;
  int64_t wake_us = 0;
  int wakes = 0;
  EngineState state;
  bool woken = false;
  std::vector<Event> events = {FeedsSeen{{"device", "technician"}}, SyncStarted{}, Notice::kBackground};
  const int64_t settled_us = now_us + kHourUs;  // The first hour is not idle.
  while (now_us < settled_us + kHourUs) {
    while (!events.empty()) {
      const Event event = events.front();
      events.erase(events.begin());
      StepResult result = Step(std::move(state), now_us, event, /*draw=*/0x5555555555555555);
      state = std::move(result.state);
      for (const Action& action : result.actions) {
        if (const auto* hello = std::get_if<SendHello>(&action)) {
          HelloAnswered answer;
          answer.call = hello->call;
          events.push_back(answer);
          woken = true;
        } else if (const auto* pull = std::get_if<SendPull>(&action)) {
          PullAnswered answer;
          answer.call = pull->call;
          answer.at_head = true;
          events.push_back(answer);
          woken = true;
        } else if (const auto* wait = std::get_if<WaitUntil>(&action)) {
          wake_us = wait->instant_us;
        }
      }
    }
    if (woken && now_us >= settled_us) ++wakes;
    woken = false;
    if (wake_us <= now_us) Fail("an idle phone has no next instant");
    now_us = wake_us;
    events.push_back(Tick{});
  }
  return wakes;
}

Figures MeasureIdle(Office& office, const std::string& folder) {
  SlowLink link(office.address(), {.round_trip_us = 50000});
  const std::string technician = office.MakeTechnicians("idle", 1)[0];
  office.MakeVisits(technician, kVisitsOfADay, office.ServerTimeUs() + kHourUs);
  const std::string path = Folder(folder, technician);
  {
    PhoneCore phone(path, link.address());
    phone.Enrol(office.Invite(technician));
    phone.SyncOnce();
  }
  const int wakes = IdleWakes();
  const uint64_t before = link.bytes();
  for (int i = 0; i < wakes; ++i) PhoneCore(path, link.address()).SyncOnce();
  return {{"idle_wakes_per_hour", wakes}, {"idle_bytes_per_hour", static_cast<double>(link.bytes() - before)}};
}

void Run(const std::string& connect_file, const std::string& folder) {
  Office office(connect_file);
  office.MakeAccounts(100, 2);
  Figures figures = MeasureDrain(office, folder);
  for (const auto& measure : {MeasureWakes, MeasureIdle, MeasureStarts}) {
    for (const auto& figure : measure(office, folder)) figures.push_back(figure);
  }
  Print(figures);
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 3) doorstep::benchmarks::Fail("usage: bench_network CONNECT_FILE EMPTY_FOLDER");
  doorstep::benchmarks::Run(argv[1], argv[2]);
  return 0;
}
