#include "client_core/store/local_view.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/store/journal_rows.h"
#include "client_core/store/technicians.h"

namespace doorstep {
namespace {

// By planned time, what is not planned last, then by id.
bool IsBefore(const v1::LocalVisit& a, const v1::LocalVisit& b) {
  const auto key = [](const v1::LocalVisit& local) {
    const int64_t planned_us = local.visit().planned().start_time_us();
    return std::make_tuple(planned_us == 0, planned_us, absl::string_view(local.visit().id()));
  };
  return key(a) < key(b);
}

// The entry by which the visit was opened on site; null: none.
const PendingEntry* Opening(const PendingOfVisit& own) {
  for (const auto& [epoch, entries] : own) {
    for (const PendingEntry* entry : entries) {
      if (entry->info.fact == v1::LogEntry::kVisitOpenedOnSite) return entry;
    }
  }
  return nullptr;
}

}  // namespace

bool LocalView::IsAbove(const PendingEntry& entry, const v1::Visit& row) const {
  const v1::Judgement* judgement = replica_.JudgementOf(entry.info.epoch, entry.info.seq);
  if (judgement != nullptr && !Counts(judgement->verdict())) return false;
  const std::string& device = journal_.identity()->device();
  for (const v1::FoldedJournal& folded : row.folded()) {
    if (folded.device() == device && folded.epoch() == entry.info.epoch) return entry.info.seq > folded.seq();
  }
  return true;
}

// Lays over the row what `shown` does not know yet.
void LocalView::TakeNew(const PendingOfVisit& own, ShownVisit& shown) const {
  for (const auto& [epoch, entries] : own) {
    size_t& known = shown.known[epoch];
    for (; known < entries.size(); ++known) {
      const PendingEntry& entry = *entries[known];
      shown.has_opening = shown.has_opening || entry.info.fact == v1::LogEntry::kVisitOpenedOnSite;
      if (!shown.overlay.has_value() || !IsAbove(entry, shown.overlay->row())) continue;
      v1::FoldFact fact;
      if (entry.fold.has_value()) {
        fact = *entry.fold;
      } else {
        *fact.mutable_position() = journal_.PositionOf(entry.info);
        fact.set_kind(entry.info.fact);
      }
      // A correction names its target by the position it had when the correction was recorded.
      const auto target = shown.moved.find({fact.target().epoch(), fact.target().seq()});
      if (fact.has_target() && target != shown.moved.end()) *fact.mutable_target() = target->second;
      shown.overlay->Add(std::move(fact));
    }
  }
}

ShownVisit LocalView::Lay(absl::string_view id, std::optional<v1::Visit> row, const PendingOfVisit& own) const {
  ShownVisit shown;
  shown.id = std::string(id);
  shown.pending_version = journal_.pending_version();
  shown.replica_version = replica_.version();
  if (row.has_value()) shown.overlay.emplace(*std::move(row));
  for (const auto& [epoch, entries] : own) {
    for (const PendingEntry* entry : entries) {
      if (entry->info.from_epoch == 0 || !shown.overlay.has_value()) continue;
      if (!IsAbove(*entry, shown.overlay->row())) continue;
      shown.moved[{entry->info.from_epoch, entry->info.from_seq}] = journal_.PositionOf(entry->info);
    }
  }
  TakeNew(own, shown);
  return shown;
}

// The visit that a technician opened on site, before the office has it.
absl::StatusOr<v1::Visit> LocalView::OpenedOnSite(const PendingEntry& opened) {
  ASSIGN_OR_RETURN(const v1::LogEntry entry, journal_.Read(opened.info.epoch, opened.info.seq));
  v1::FoldInput input;
  input.set_visit_id(entry.visit_id());
  v1::FoldCreate& create = *input.add_commands()->mutable_create();
  create.set_account_id(entry.visit_opened_on_site().account_id());
  create.set_site_id(entry.visit_opened_on_site().site_id());
  *create.mutable_asset_ids() = entry.visit_opened_on_site().asset_ids();
  create.set_kind(entry.visit_opened_on_site().kind());
  create.set_opened_on_site(true);
  v1::Visit visit = FoldVisit(input);
  visit.set_id(entry.visit_id());
  return visit;
}

// Absent: not on this phone.
absl::StatusOr<std::optional<v1::Visit>> LocalView::Row(absl::string_view id, const PendingOfVisit& own) {
  std::optional<v1::Visit> row;
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, replica_.Entity(v1::ENTITY_KIND_VISIT, id));
  if (bytes.has_value()) {
    row.emplace();
    if (!row->ParseFromString(*bytes)) return absl::DataLossError(absl::StrCat("replica: visit ", id, " is damaged"));
  } else if (const PendingEntry* opening = Opening(own); opening != nullptr) {
    ASSIGN_OR_RETURN(row, OpenedOnSite(*opening));
  }
  return row;
}

// Null: not on this phone. Valid until the next call.
absl::StatusOr<VisitOverlay*> LocalView::Look(absl::string_view id) {
  const PendingOfVisit& own = journal_.PendingOf(id);
  bool holds = shown_.has_value() && absl::string_view(shown_->id) == id &&
               shown_->pending_version == journal_.pending_version() && shown_->replica_version == replica_.version();
  if (holds) {
    TakeNew(own, *shown_);
    holds = shown_->overlay.has_value() || !shown_->has_opening;  // Else it has come into being since.
  }
  if (!holds) {
    shown_.reset();
    ASSIGN_OR_RETURN(std::optional<v1::Visit> row, Row(id, own));
    shown_ = Lay(id, std::move(row), own);
  }
  return shown_->overlay.has_value() ? &*shown_->overlay : nullptr;
}

absl::StatusOr<v1::LocalVisit> LocalView::WithNames(VisitOverlay& overlay) {
  v1::LocalVisit local;
  local.set_own_entries(overlay.added());
  *local.mutable_visit() = overlay.visit();
  ASSIGN_OR_RETURN(const std::optional<std::string> brief,
                   replica_.Entity(v1::ENTITY_KIND_BRIEF, local.visit().account_id()));
  v1::AccountBrief parsed_brief;
  if (brief.has_value() && parsed_brief.ParseFromString(*brief)) local.set_account_name(parsed_brief.account_name());
  ASSIGN_OR_RETURN(const std::optional<std::string> site,
                   replica_.Entity(v1::ENTITY_KIND_SITE, local.visit().site_id()));
  v1::Site parsed_site;
  if (site.has_value() && parsed_site.ParseFromString(*site)) {
    local.set_site_address(parsed_site.address());
    local.set_site_hazards(parsed_site.hazards());
    local.set_site_access_notes(parsed_site.access_notes());
  }
  return local;
}

absl::StatusOr<std::vector<v1::LocalVisit>> LocalView::Visits(absl::string_view technician_id) {
  std::vector<v1::LocalVisit> visits;
  std::vector<v1::Visit> rows;
  RETURN_IF_ERROR(replica_.ForEach(technician_id.empty() ? "" : TechnicianFeed(technician_id), v1::ENTITY_KIND_VISIT,
                                   [&](absl::string_view id, absl::string_view entity) -> absl::Status {
                                     rows.emplace_back();
                                     if (ParseBytes(entity, rows.back())) return absl::OkStatus();
                                     return absl::DataLossError(absl::StrCat("replica: visit ", id, " is damaged"));
                                   }));
  for (v1::Visit& row : rows) {
    const std::string id = row.id();
    ShownVisit shown = Lay(id, std::move(row), journal_.PendingOf(id));
    ASSIGN_OR_RETURN(v1::LocalVisit local, WithNames(*shown.overlay));
    visits.push_back(std::move(local));
  }
  for (const auto& [id, own] : journal_.pending_by_visit()) {
    const PendingEntry* opening = Opening(own);
    if (opening == nullptr) continue;
    if (!technician_id.empty() && absl::string_view(opening->info.author) != technician_id) continue;
    if (technician_id.empty() && IsSignedOut(*journal_.identity(), opening->info.author)) continue;
    ASSIGN_OR_RETURN(const std::optional<std::string> known, replica_.Entity(v1::ENTITY_KIND_VISIT, id));
    if (known.has_value()) continue;
    ASSIGN_OR_RETURN(v1::Visit row, OpenedOnSite(*opening));
    ShownVisit shown = Lay(id, std::move(row), own);
    ASSIGN_OR_RETURN(v1::LocalVisit local, WithNames(*shown.overlay));
    visits.push_back(std::move(local));
  }
  std::sort(visits.begin(), visits.end(), IsBefore);
  return visits;
}

absl::StatusOr<v1::LocalVisit> LocalView::Visit(absl::string_view id) {
  ASSIGN_OR_RETURN(VisitOverlay* const overlay, Look(id));
  if (overlay == nullptr) return absl::NotFoundError(absl::StrCat("visit ", id, ": not on this phone"));
  return WithNames(*overlay);
}

absl::StatusOr<v1::Visit> LocalView::VisitAlone(absl::string_view id) {
  ASSIGN_OR_RETURN(VisitOverlay* const overlay, Look(id));
  if (overlay == nullptr) return absl::NotFoundError(absl::StrCat("visit ", id, ": not on this phone"));
  return overlay->visit();
}

absl::StatusOr<v1::AccountBrief> LocalView::Brief(absl::string_view account_id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, replica_.Entity(v1::ENTITY_KIND_BRIEF, account_id));
  if (!bytes.has_value()) return absl::NotFoundError(absl::StrCat("account ", account_id, ": no brief on this phone"));
  v1::AccountBrief brief;
  if (!brief.ParseFromString(*bytes)) {
    return absl::DataLossError(absl::StrCat("replica: the brief of account ", account_id, " is damaged"));
  }
  return brief;
}

}  // namespace doorstep
