#include "tests/crash/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace doorstep::crash {

void Ledger::Begins(const Thing& thing) {
  Note note;
  note.begun = now_();
  notes_.try_emplace(thing, note);
}

void Ledger::Answered(const Thing& thing, Lasting lasting) {
  Begins(thing);
  Note& note = notes_[thing];
  note.answered = std::min(note.answered, now_());
  note.lasting = lasting;
}

std::string Ledger::Compare(const std::vector<Thing>& found, int64_t moment, bool power_cut) const {
  std::map<Thing, int> times;
  for (const Thing& thing : found) ++times[thing];
  for (const auto& [thing, count] : times) {
    if (count > 1) return absl::StrCat("doubled: \"", thing, "\" is there ", count, " times");
    const auto note = notes_.find(thing);
    if (note == notes_.end()) return absl::StrCat("invented: \"", thing, "\" is there, and nobody ever began it");
    if (note->second.begun > moment) return absl::StrCat("invented: \"", thing, "\" is there before it was begun");
  }
  for (const auto& [thing, note] : notes_) {
    const bool lasts = !power_cut || note.lasting == Lasting::kPowerCut;
    if (note.answered <= moment && lasts && times.count(thing) == 0) {
      return absl::StrCat("lost: \"", thing, "\" was answered and is not there");
    }
  }
  return "";
}

bool Ledger::Lasts(const Thing& thing, bool power_cut) const {
  const auto note = notes_.find(thing);
  return note != notes_.end() && (!power_cut || note->second.lasting == Lasting::kPowerCut);
}

std::pair<int64_t, int64_t> Ledger::Known(int64_t moment) const {
  std::pair<int64_t, int64_t> known;
  for (const auto& [thing, note] : notes_) {
    known.first += note.begun <= moment ? 1 : 0;
    known.second += note.answered <= moment ? 1 : 0;
  }
  return known;
}

}  // namespace doorstep::crash
