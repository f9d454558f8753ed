#include "client_core/store/local_view.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/store/journal_rows.h"

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

}  // namespace

std::map<std::string, LocalView::OwnEntries> LocalView::OwnByVisit() const {
  std::map<std::string, OwnEntries> own;
  for (const auto& [epoch, entries] : journal_.pending()) {
    for (const PendingEntry& entry : entries) own[entry.info.visit_id].push_back(&entry);
  }
  return own;
}

bool LocalView::IsAbove(const PendingEntry& entry, const v1::Visit& row) const {
  const v1::Judgement* judgement = replica_.JudgementOf(entry.info.epoch, entry.info.seq);
  if (judgement != nullptr && judgement->verdict() != v1::VERDICT_APPLIED_WITH_ATTENTION) return false;
  const std::string& device = journal_.identity()->device();
  for (const v1::FoldedJournal& folded : row.folded()) {
    if (folded.device() == device && folded.epoch() == entry.info.epoch) return entry.info.seq > folded.seq();
  }
  return true;
}

absl::StatusOr<v1::LocalVisit> LocalView::Overlay(v1::Visit row, const OwnEntries& own) {
  v1::LocalVisit local;
  std::vector<v1::FoldFact> above;
  std::map<std::pair<uint64_t, uint64_t>, v1::JournalPosition> moved;
  for (const PendingEntry* entry : own) {
    if (!IsAbove(*entry, row)) continue;
    const v1::JournalPosition position = journal_.PositionOf(entry->info);
    if (entry->info.from_epoch > 0) moved[{entry->info.from_epoch, entry->info.from_seq}] = position;
    if (entry->fold.has_value()) {
      above.push_back(*entry->fold);
    } else {
      above.emplace_back();
      *above.back().mutable_position() = position;
      above.back().set_kind(entry->info.fact);
    }
  }
  // A correction names its target by the position it had when the correction was recorded.
  for (v1::FoldFact& fact : above) {
    const auto target = moved.find({fact.target().epoch(), fact.target().seq()});
    if (fact.has_target() && target != moved.end()) *fact.mutable_target() = target->second;
  }
  local.set_own_entries(static_cast<uint32_t>(above.size()));
  *local.mutable_visit() = above.empty() ? std::move(row) : OverlayVisit(row, above);

  ASSIGN_OR_RETURN(const std::optional<std::string> brief,
                   replica_.Entity(v1::ENTITY_KIND_BRIEF, local.visit().account_id()));
  v1::AccountBrief parsed_brief;
  if (brief.has_value() && parsed_brief.ParseFromString(*brief)) local.set_account_name(parsed_brief.account_name());
  ASSIGN_OR_RETURN(const std::optional<std::string> site,
                   replica_.Entity(v1::ENTITY_KIND_SITE, local.visit().site_id()));
  v1::Site parsed_site;
  if (site.has_value() && parsed_site.ParseFromString(*site)) local.set_site_address(parsed_site.address());
  return local;
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

absl::StatusOr<std::vector<v1::LocalVisit>> LocalView::Visits(absl::string_view technician_id) {
  std::map<std::string, OwnEntries> own = OwnByVisit();
  std::vector<v1::LocalVisit> visits;
  std::vector<v1::Visit> rows;
  RETURN_IF_ERROR(replica_.ForEach(technician_id.empty() ? "" : TechnicianFeed(technician_id), v1::ENTITY_KIND_VISIT,
                                   [&](absl::string_view id, absl::string_view entity) -> absl::Status {
                                     rows.emplace_back();
                                     if (ParseBytes(entity, rows.back())) return absl::OkStatus();
                                     return absl::DataLossError(absl::StrCat("replica: visit ", id, " is damaged"));
                                   }));
  for (v1::Visit& row : rows) {
    const auto entries = own.find(row.id());
    ASSIGN_OR_RETURN(v1::LocalVisit local,
                     Overlay(std::move(row), entries != own.end() ? entries->second : OwnEntries()));
    visits.push_back(std::move(local));
  }
  for (const auto& [id, entries] : own) {
    for (const PendingEntry* entry : entries) {
      if (entry->info.fact != v1::LogEntry::kVisitOpenedOnSite) continue;
      if (!technician_id.empty() && absl::string_view(entry->info.author) != technician_id) continue;
      ASSIGN_OR_RETURN(const std::optional<std::string> known, replica_.Entity(v1::ENTITY_KIND_VISIT, id));
      if (known.has_value()) break;
      ASSIGN_OR_RETURN(v1::Visit row, OpenedOnSite(*entry));
      ASSIGN_OR_RETURN(v1::LocalVisit local, Overlay(std::move(row), entries));
      visits.push_back(std::move(local));
      break;
    }
  }
  std::sort(visits.begin(), visits.end(), IsBefore);
  return visits;
}

absl::StatusOr<v1::LocalVisit> LocalView::Visit(absl::string_view id) {
  OwnEntries own;
  const PendingEntry* opened = nullptr;
  for (const auto& [epoch, entries] : journal_.pending()) {
    for (const PendingEntry& entry : entries) {
      if (absl::string_view(entry.info.visit_id) != id) continue;
      own.push_back(&entry);
      if (opened == nullptr && entry.info.fact == v1::LogEntry::kVisitOpenedOnSite) opened = &entry;
    }
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, replica_.Entity(v1::ENTITY_KIND_VISIT, id));
  v1::Visit row;
  if (bytes.has_value()) {
    if (!row.ParseFromString(*bytes)) return absl::DataLossError(absl::StrCat("replica: visit ", id, " is damaged"));
  } else if (opened != nullptr) {
    ASSIGN_OR_RETURN(row, OpenedOnSite(*opened));
  } else {
    return absl::NotFoundError(absl::StrCat("visit ", id, ": not on this phone"));
  }
  return Overlay(std::move(row), own);
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
