// What was promised, and when: kept outside every disk. A moment is the number of changes that the disk had seen.
// Invariant watched by Compare: what was answered is there, once; what was never begun is not.
#ifndef DOORSTEP_TESTS_CRASH_LEDGER_H_
#define DOORSTEP_TESTS_CRASH_LEDGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace doorstep::crash {

// Something that can be found on the disk, named so that the same thing has the same name: "entry b", "mark 1.3".
using Thing = std::string;

enum class Lasting {
  kPowerCut,  // Once answered it is there after a power cut.
  kKill,      // Once answered it is there after the process was killed; a power cut may take it.
};

class Ledger {
 public:
  explicit Ledger(std::function<int64_t()> now) : now_(std::move(now)) {}

  // From here on it may be found.
  void Begins(const Thing& thing);
  // From here on it must be. Begins is implied.
  void Answered(const Thing& thing, Lasting lasting = Lasting::kPowerCut);

  // What is wrong with finding exactly these after a crash at that moment; empty: nothing.
  std::string Compare(const std::vector<Thing>& found, int64_t moment, bool power_cut) const;
  // Whether a thing that was there once is there for good.
  bool Lasts(const Thing& thing, bool power_cut) const;
  // How many have been begun, and how many answered, by that moment: what Compare depends on.
  std::pair<int64_t, int64_t> Known(int64_t moment) const;

 private:
  struct Note {
    int64_t begun = 0;
    int64_t answered = INT64_MAX;
    Lasting lasting = Lasting::kPowerCut;
  };
  const std::function<int64_t()> now_;
  std::map<Thing, Note> notes_;
};

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_LEDGER_H_
