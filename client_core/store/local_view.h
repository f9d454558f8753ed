// What the screen shows: replica row + own entries above it. Computed at every call, never stored.
// Invariant: an own entry is shown from its append until the replica's row has it in `folded`; it never vanishes in
// between and never counts twice. Readers take the journal first, then the replica.
// Not thread-safe; cheap to make; borrows both files for its life.
#ifndef DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_
#define DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/store/journal.h"
#include "client_core/store/replica.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

class LocalView {
 public:
  LocalView(Journal& journal, Replica& replica) : journal_(journal), replica_(replica) {}

  // By planned time, then id. Empty `technician_id`: everybody signed in on this phone. Visits opened on site are
  // among them before the office knows them.
  absl::StatusOr<std::vector<v1::LocalVisit>> Visits(absl::string_view technician_id);
  // NOT_FOUND: not on this phone; Explain says why.
  absl::StatusOr<v1::LocalVisit> Visit(absl::string_view id);
  // NOT_FOUND: not on this phone.
  absl::StatusOr<v1::AccountBrief> Brief(absl::string_view account_id);

 private:
  using OwnEntries = std::vector<const PendingEntry*>;
  absl::StatusOr<v1::LocalVisit> Overlay(v1::Visit row, const OwnEntries& own);
  absl::StatusOr<v1::Visit> OpenedOnSite(const PendingEntry& opened);
  std::map<std::string, OwnEntries> OwnByVisit() const;
  bool IsAbove(const PendingEntry& entry, const v1::Visit& row) const;

  Journal& journal_;
  Replica& replica_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_LOCAL_VIEW_H_
