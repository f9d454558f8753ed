// What the screen shows: the server's row of a visit with this phone's own later facts above it. Retractions of facts
// that are themselves above the row take effect; those of folded facts wait for the server.
// Invariant: what visit() gives depends on the row and the facts alone, not on how often it was asked in between;
// asking again after one more fact costs no more than that fact.
#ifndef DOORSTEP_CLIENT_CORE_RULES_VISIT_OVERLAY_H_
#define DOORSTEP_CLIENT_CORE_RULES_VISIT_OVERLAY_H_

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "client_core/rules/visit_folder.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

class VisitOverlay {
 public:
  explicit VisitOverlay(v1::Visit row);

  // In the order of its journal. A fact without state is only counted.
  void Add(v1::FoldFact fact);
  // The row as it stands while nothing has been added.
  v1::Visit visit();

  const v1::Visit& row() const { return row_; }
  uint32_t added() const { return added_; }
  // How many facts have been laid over the row so far, again and again when they had to be.
  uint64_t laid() const { return laid_; }

 private:
  using Place = std::tuple<std::string, uint64_t, uint64_t>;

  bool MustLayAllAgain(const v1::FoldFact& added) const;
  void Lay();

  v1::Visit row_;
  v1::FoldInput above_;
  VisitFolder folder_;
  bool lay_all_ = true;    // The next look begins with the row.
  int laid_through_ = 0;   // So many facts of above_ are in folder_, when it need not begin again.
  int last_ = -1;          // The last fact of above_ in fold order.
  std::set<Place> named_;  // What corrections and retractions name.
  uint32_t added_ = 0;
  uint64_t laid_ = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_VISIT_OVERLAY_H_
