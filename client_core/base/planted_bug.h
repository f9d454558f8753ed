// Known bugs, one of which the program has when a test asks for it: what every suite must find to be believed. They are
// those of other engines that synchronise, and those that this one was built against.
// Invariants: without DOORSTEP_PLANTED_BUGS, which no build that is shipped defines, there is nothing of them; only .cc
// files include this, because only for those that do the build defines it.
#ifndef DOORSTEP_CLIENT_CORE_BASE_PLANTED_BUG_H_
#define DOORSTEP_CLIENT_CORE_BASE_PLANTED_BUG_H_

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "absl/strings/string_view.h"

namespace doorstep {

struct PlantedBugText {
  absl::string_view name;
  absl::string_view what;
};

// tools/planted reads them from here.
inline constexpr PlantedBugText kPlantedBugs[] = {
    // How the server takes and keeps.
    {"ack_before_commit", "answers leave before the transaction is committed"},
    {"dedupe_by_position", "what comes under a position that is taken is taken for a repeat, whatever it says"},
    {"dedupe_by_time_window", "two taps of one kind within a minute are taken for one that was sent twice"},
    {"overlap_not_skipped", "of a frame that overlaps what is there, everything is taken"},
    {"signature_unchecked", "frames are taken whoever has signed them"},
    {"clone_undetected", "a phone whose journal is not the one that the server has is told nothing"},
    {"copies_count_too", "an entry appended again after a fork counts beside its original"},
    {"late_originals_count_too", "an original that arrives after its copy counts beside it"},
    {"request_ids_ignored", "a request of the office that is repeated is carried out again"},
    {"feed_head_outside_transaction", "the head of a feed is written after the transaction that its rows stand in"},
    {"snapshot_skips_changed_rows", "what changes behind a snapshot's place while it is read is not sent after it"},
    {"gone_rows_kept_quiet", "a phone is not told that something left its feed"},
    {"feed_of_another", "any device may read any technician's feed"},
    {"feed_shows_all", "a technician from whom a visit was taken goes on seeing it"},
    {"epoch_issued_twice", "two forks get the same new epoch"},
    {"attachment_of_another", "an attachment is kept under the entry before the one that names it"},
    {"fork_into_the_past", "a fork goes on in an epoch that is older than the phone's newest"},
    {"synchronous_normal", "commits are not synced"},
    {"log_not_synced_at_opening", "a commit that a killed process left unsynced is read and told of"},
    // How a visit is folded.
    {"retraction_skipped", "a retracted fact goes on counting"},
    {"correction_by_arrival", "a correction that arrives before its target is dropped"},
    {"phone_clock_trusted", "the phone's wall clock is taken at its word"},
    // How the phone keeps.
    {"positional_marks", "a mark is taken by its position, without comparing the hash"},
    {"cursor_before_rows", "the cursor of a page is durable before its rows"},
    {"rows_retired_when_received", "an entry is deleted as soon as the server has it, backed up or not"},
    {"settled_when_received", "an entry leaves the overlay when it is received, before it is judged"},
    {"settled_before_replica_is_durable", "marks are durable before the rows that they rest upon"},
    {"overlay_dropped_early", "an entry leaves the overlay when it is judged, before the visit's row has it"},
    {"fork_forgets_first_position", "an entry that is appended again does not say where it first stood"},
    {"retry_encodes_again", "an entry that is appended again is encoded anew, with the time of now"},
    {"left_row_wipes_journal", "a visit that leaves the phone takes with it what was recorded on it"},
    {"queue_lost_on_logout", "what was recorded and not sent is forgotten when somebody signs out"},
    {"tokens_forgotten", "an append that is repeated after a crash is recorded twice"},
    {"salvage_reuses_epoch", "a journal that was salvaged goes on in its old epoch from the first entry"},
    {"salvage_by_place", "a salvaged entry of which only an earlier copy is left comes where that copy stood"},
    {"salvage_trusts_copy", "a phone that knows itself from a copy takes the marks that it has for those of today"},
    // When the phone calls.
    {"timer_never_set", "the engine wakes only when something is recorded or noticed"},
    {"backoff_ignored", "what failed is tried again at once"},
    {"wait_ignored", "a wait that the server asks for is not kept"},
    {"generation_ignored", "a server that was restored is taken for the one before"},
    {"failing_push_stops_pulls", "nothing is fetched while an upload backs off"},
    {"busy_server_blames_entry", "an entry that a server has no memory for is taken for one that kills it"},
    {"bad_link_blames_entry", "an entry that a bad link loses thrice is taken for one that kills its frame"},
    {"refused_for_good", "a feed that was refused once is never asked for again"},
    {"attachment_without_entry_waits", "an attachment whose entry nobody has any more waits for it for ever"},
};

// One of them, by its name; a name that is none of theirs does not compile.
struct PlantedBug {
  consteval PlantedBug(const char* name) : index(IndexOf(name)) {}
  size_t index;

 private:
  static consteval size_t IndexOf(absl::string_view name) {
    for (size_t i = 0; i < std::size(kPlantedBugs); ++i) {
      if (kPlantedBugs[i].name == name) return i;
    }
    std::abort();
  }
};

#ifdef DOORSTEP_PLANTED_BUGS

// The environment's DOORSTEP_PLANTED_BUG names the one that this process has.
inline size_t ChosenBug() {
  static const size_t chosen = [] {
    const char* const name = std::getenv("DOORSTEP_PLANTED_BUG");
    if (name == nullptr) return std::size(kPlantedBugs);
    for (size_t i = 0; i < std::size(kPlantedBugs); ++i) {
      if (kPlantedBugs[i].name == name) return i;
    }
    std::fprintf(stderr, "Error: DOORSTEP_PLANTED_BUG: there is no bug \"%s\".\nTry: tools/planted --list\n", name);
    std::exit(2);
  }();
  return chosen;
}

inline bool Planted(PlantedBug bug) { return ChosenBug() == bug.index; }

#else

consteval bool Planted(PlantedBug) { return false; }

#endif

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_PLANTED_BUG_H_
