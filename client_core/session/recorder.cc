#include "client_core/session/recorder.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/status.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/named_attachments.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/store/technicians.h"

namespace doorstep {
namespace {

constexpr size_t kNonceBytes = 16;

void Stamp(const ClockReading& now, Random& random, v1::LogEntry& entry) {
  v1::FieldTime& time = *entry.mutable_time();
  time.Clear();
  time.set_wall_time_us(now.wall_time_us);
  time.set_utc_offset_s(now.utc_offset_s);
  time.set_monotonic_us(now.monotonic_us);
  time.set_boot_id(now.boot_id);
  entry.clear_nonce();
  if (HasPersonalText(entry)) entry.set_nonce(random.Bytes(kNonceBytes));
}

// In plain words, before the entry is there.
void Advise(const v1::LogEntry& entry, absl::string_view author, LocalStore& store, v1::AppendResponse& response) {
  if (entry.visit_id().empty() || entry.has_visit_opened_on_site()) return;
  const absl::StatusOr<v1::Visit> visit = store.view().VisitAlone(entry.visit_id());
  if (!visit.ok()) {
    response.add_warnings(absl::StrCat("visit ", entry.visit_id(), " is not on this phone; the office will check it"));
    return;
  }
  for (std::string& line : AdviseFact(*visit, author, entry.fact_case())) {
    response.add_warnings(std::move(line));
  }
}

// The entry counts whatever becomes of its attachments; the next start looks again when this fails.
void AdviseOnAttachments(const v1::LogEntry& entry, LocalStore& store, v1::AppendResponse& response) {
  if (AttachmentsNamedBy(entry).empty()) return;
  const absl::StatusOr<std::vector<std::string>> not_here = store.attachments().CatchUp(store.journal());
  if (!not_here.ok()) {
    response.add_warnings(absl::StrCat("its attachment is not queued yet: ", not_here.status().message()));
  } else if (!not_here->empty()) {
    response.add_warnings("its attachment is not on this phone, so the office will not get it; add it first");
  }
}

}  // namespace

absl::StatusOr<v1::AppendResponse> Record(v1::AppendRequest request, const ClockReading& now, Random& random,
                                          LocalStore& store) {
  RETURN_IF_ERROR(store.CanRecord());
  const auto& identity = store.journal().identity();
  if (!identity.has_value()) {
    return absl::FailedPreconditionError("this phone is not enrolled; enrol it with an invitation first");
  }
  if (request.author().empty()) {
    if (identity->technicians().empty()) {
      return absl::FailedPreconditionError(
          "author: nobody is signed in on this phone; call doorstep_sign_in, or name who records it");
    }
    request.set_author(identity->technicians(0).id());
  }
  v1::LogEntry& entry = *request.mutable_entry();
  if (entry.fact_case() == v1::LogEntry::FACT_NOT_SET) {
    return absl::InvalidArgumentError("entry.fact: must be set to a fact that this version knows");
  }
  Stamp(now, random, entry);
  RETURN_IF_ERROR(CheckEntry(entry));
  v1::AppendResponse response;
  Advise(entry, request.author(), store, response);
  if (!IsSignedIn(*identity, request.author())) {
    response.add_warnings(absl::StrCat(request.author(), " is not signed in on this phone"));
  }
  KillPoint("session");
  ASSIGN_OR_RETURN(const AppendResult result, store.Append(request.author(), entry, request.token()));
  KillPoint("journal");
  AdviseOnAttachments(entry, store, response);
  *response.mutable_position() = result.position;
  response.set_repeated(result.repeated);
  return response;
}

}  // namespace doorstep
