// What the screen shows: replica row + own entries above it. Computed when asked, never stored; the visit that was
// asked for last stays folded in memory. Invariant: an own entry is shown from its append until the replica's row has
// it in `folded`; it never vanishes in between and never counts twice. Readers take the journal first, then the
// replica. Not thread-safe; cheap to make; borrows both files and what is remembered of them for its life.
#ifndef DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_
#define DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/store/journal.h"
#include "client_core/store/replica.h"
#include "client_core/store/shown_visit.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

class LocalView {
 public:
  // `shown`: empty, or left by another view of the same two files.
  LocalView(Journal& journal, Replica& replica, std::optional<ShownVisit>& shown)
      : journal_(journal), replica_(replica), shown_(shown) {}

  // By planned time, then id. Empty `technician_id`: everybody signed in on this phone. Visits opened on site are
  // among them before the office knows them.
  absl::StatusOr<std::vector<v1::LocalVisit>> Visits(absl::string_view technician_id);
  // NOT_FOUND: not on this phone; Explain says why.
  absl::StatusOr<v1::LocalVisit> Visit(absl::string_view id);
  // The visit of Visit() alone. Asked for the same one again it costs what was appended to it meanwhile, however many
  // entries wait on this phone.
  absl::StatusOr<v1::Visit> VisitAlone(absl::string_view id);
  // NOT_FOUND: not on this phone.
  absl::StatusOr<v1::AccountBrief> Brief(absl::string_view account_id);

 private:
  absl::StatusOr<VisitOverlay*> Look(absl::string_view id);
  absl::StatusOr<std::optional<v1::Visit>> Row(absl::string_view id, const PendingOfVisit& own);
  absl::StatusOr<v1::Visit> OpenedOnSite(const PendingEntry& opened);
  ShownVisit Lay(absl::string_view id, std::optional<v1::Visit> row, const PendingOfVisit& own) const;
  void TakeNew(const PendingOfVisit& own, ShownVisit& shown) const;
  bool IsAbove(const PendingEntry& entry, const v1::Visit& row) const;
  absl::StatusOr<v1::LocalVisit> WithNames(VisitOverlay& overlay);

  Journal& journal_;
  Replica& replica_;
  std::optional<ShownVisit>& shown_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_
