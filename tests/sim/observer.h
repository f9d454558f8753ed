// What everybody did and was told, kept outside the simulated disks: the measure of what must be true at the end.
// An entry is known by the boot and the monotonic instant of its tap, which stand in its bytes and in no other's.
#ifndef DOORSTEP_TESTS_SIM_OBSERVER_H_
#define DOORSTEP_TESTS_SIM_OBSERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/types.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tests/sim/held_entries.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

// An entry that a phone told its user about: others may correct or retract it.
struct Told {
  v1::JournalPosition position;
  std::string visit;
};

enum class Expect {
  kOnce,        // The phone said that it is recorded.
  kAtMostOnce,  // Nobody knows: the phone died over it, or was put back to before it.
  kNever,       // The phone said that it is not recorded.
};

struct NotedEntry {
  std::string phone;
  std::string author;
  std::string visit;
  v1::LogEntry::FactCase fact = v1::LogEntry::FACT_NOT_SET;
  v1::JournalPosition position;  // Its first, when the phone told it.
  Expect expect = Expect::kOnce;
  bool only_at_office = false;  // No phone need have it any more.
  // Hashes of what it names and its phone had: bytes that have to come to the office.
  std::vector<std::string> attached;
};

class Observer {
 public:
  explicit Observer(World* world) : world_(world) {}

  void Tapped(const EntryKey& key, NotedEntry entry);
  // Somebody tried to add bytes with this hash.
  void Added(const std::string& sha256) { added_.insert(sha256); }
  // What the entry names has been added after it.
  void Names(const EntryKey& key, const std::vector<std::string>& attached);
  const std::vector<Told>& told() const { return told_; }
  void Expects(const EntryKey& key, Expect expect) { entries_[key].expect = expect; }
  // The phone is gone or put back: of what is its own and not at the office, nothing is promised any more.
  void Excuse(const std::string& phone, SimServer& server);
  // The server went back to an older file: what only it had, nobody can send again.
  void WentBack(SimServer& server);

  uint64_t accepted() const;

  // After Compare: whether nothing on this visit rests upon a phone's wall clock.
  bool IsTrusted(const std::string& visit, SimServer& server) const;

  // Every entry against what the server has: lost, doubled, invented, out of order; every visit's count of facts.
  void Compare(SimServer& server);
  // Every attachment whole, and where it belongs. `kept`: whether some phone still has the bytes.
  void CompareAttached(SimServer& server, const std::function<bool(const std::string& sha256)>& kept);

 private:
  struct Arrived {
    uint64_t times = 0;  // Without copies of an original that is held.
    uint64_t counted = 0;
    std::string author;
  };
  std::map<EntryKey, Arrived> Received(SimServer& server);
  // What only the office had, and has no more, nobody can send again.
  static void ForgetLost(NotedEntry& entry, SimServer& server);

  World* const world_;
  std::map<EntryKey, NotedEntry> entries_;
  std::vector<Told> told_;
  std::set<std::string> added_;
  // What counts on one visit and those that were made of it.
  struct CountedVisit {
    uint64_t facts = 0;                 // Without those that only decide about others.
    std::set<std::string> retractable;  // Positions.
    std::set<std::string> retracted;
    uint64_t retractions = 0;
    std::set<std::string> named;  // Positions that something decides about.
    // Every position of each answer of a customer, and of each refusal to answer.
    std::vector<std::vector<std::string>> captured;
    std::vector<std::vector<std::string>> declined;
    bool trusted = true;  // The time of every entry is.
  };
  static void Count(const v1::LogEntry& entry, const v1::ReceivedEntry& received, CountedVisit& visit);
  void CompareCount(const std::string& id, const CountedVisit& counted, const std::vector<v1::Visit>& family);
  // What the customer said is present.
  void CompareFeedback(const std::vector<v1::Visit>& family, const CountedVisit& counted);
  std::map<std::string, CountedVisit> counted_of_visit_;  // By the first original.
};

std::string Describe(const EntryKey& key);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_OBSERVER_H_
