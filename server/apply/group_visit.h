// A visit in memory, as a group reads and changes it and as groups leave it to each other.
#ifndef DOORSTEP_SERVER_APPLY_GROUP_VISIT_H_
#define DOORSTEP_SERVER_APPLY_GROUP_VISIT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/health.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/visit_table.h"

namespace doorstep {

// What one visit says by itself about its account's health.
struct VisitEvidence {
  std::vector<v1::Observation> observations;
  // The end of a promised window of which nothing is known yet; 0: not waiting.
  int64_t pending_until_us = 0;
};

struct GroupVisit {
  // As the group found it, but for both messages, which stand below; a new visit has nothing but its number.
  VisitRow row;
  bool is_new = false;     // The file has no row yet.
  bool unwritten = false;  // The file's messages are older than this row.
  std::string id;
  v1::Visit before;      // As the group found it.
  VisitColumns columns;  // As Finish() writes them, and the chain.
  std::string chain;
  v1::FoldInput input;
  v1::Visit visit;         // Folded from `input`, with its version.
  size_t visit_bytes = 0;  // Of `visit` when it was folded last, about.
  bool folded = false;     // `visit` is up to date.
  bool changed = false;    // `input` has changed in this group.
  bool commanded = false;  // By the office, at least in part.
  VisitEvidence evidence;  // As Finish() derived it.
  // What the ledger of observations says of the visit now, each as bytes; nothing: not looked up yet.
  std::optional<std::vector<std::string>> stated;
  int64_t linked_frame = 0;  // The last frame linked to this visit.
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_GROUP_VISIT_H_
