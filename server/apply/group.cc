#include "server/apply/group.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/attention_projection.h"
#include "server/apply/brief_projection.h"
#include "server/apply/case_projection.h"
#include "server/apply/commitment_projection.h"
#include "server/apply/credited_visits.h"
#include "server/apply/feed_projection.h"
#include "server/apply/health_projection.h"
#include "server/apply/visit_projection.h"
#include "server/storage/commitment_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/left_table.h"
#include "server/storage/meta_table.h"

namespace doorstep {

void Dirty::MergeFrom(const Dirty& other) {
  visits.insert(other.visits.begin(), other.visits.end());
  work_orders.insert(other.work_orders.begin(), other.work_orders.end());
  lone_visits.insert(other.lone_visits.begin(), other.lone_visits.end());
  commitments.insert(other.commitments.begin(), other.commitments.end());
  chains.insert(other.chains.begin(), other.chains.end());
  briefs.insert(other.briefs.begin(), other.briefs.end());
  entities.insert(other.entities.begin(), other.entities.end());
  devices.insert(other.devices.begin(), other.devices.end());
  journals.insert(other.journals.begin(), other.journals.end());
  for (const auto& [key, version] : other.judgements) judgements[key] = version;
  reported_from.insert(other.reported_from.begin(), other.reported_from.end());
  day_turned |= other.day_turned;
  phones_of.insert(other.phones_of.begin(), other.phones_of.end());
  left.insert(other.left.begin(), other.left.end());
  versions.insert(other.versions.begin(), other.versions.end());
}

Group::Group(SqlSession* sql, Recent* recent, int64_t commit_us, Random* random)
    : now_us(commit_us), sql_(sql), recent_(recent), commit_us_(commit_us), random_(random) {}

// ---- the day ----

absl::StatusOr<int32_t> Group::Today() {
  ASSIGN_OR_RETURN(const int64_t days_behind, ReadDaysBehind(*sql_));
  return CivilDay(commit_us_, /*utc_offset_s=*/0) - static_cast<int32_t>(days_behind);
}

absl::Status Group::TurnDay(int32_t day) {
  dirty().day_turned = true;
  ASSIGN_OR_RETURN(const int32_t today, Today());
  if (day == today) return absl::OkStatus();
  return WriteDaysBehind(*sql_, std::max(0, CivilDay(commit_us_, /*utc_offset_s=*/0) - day));
}

// ---- visits ----

GroupVisit* Group::Keep(std::unique_ptr<GroupVisit> visit) {
  GroupVisit* kept = visit.get();
  visits_by_id_[kept->id] = kept;
  visits_[kept->row.n] = std::move(visit);
  return kept;
}

namespace {

absl::StatusOr<std::unique_ptr<GroupVisit>> Load(VisitRow row) {
  auto visit = std::make_unique<GroupVisit>();
  visit->row = std::move(row);
  if (!visit->input.ParseFromString(visit->row.fold) || !visit->before.ParseFromString(visit->row.bytes)) {
    return absl::DataLossError(absl::StrCat("table visit: row ", visit->row.n, " cannot be parsed"));
  }
  visit->visit_bytes = visit->row.bytes.size();
  visit->row.bytes = std::string();
  visit->row.fold = std::string();
  visit->id = visit->input.visit_id();
  return visit;
}

}  // namespace

absl::StatusOr<GroupVisit*> Group::FindVisit(absl::string_view id) {
  const auto known = visits_by_id_.find(id);
  if (known != visits_by_id_.end()) return known->second;
  if (std::unique_ptr<GroupVisit> recent = recent_->TakeVisit(id); recent != nullptr) return Keep(std::move(recent));
  ASSIGN_OR_RETURN(std::optional<VisitRow> row, doorstep::FindVisit(*sql_, id));
  if (!row.has_value()) return nullptr;
  ASSIGN_OR_RETURN(std::unique_ptr<GroupVisit> visit, Load(*std::move(row)));
  return Keep(std::move(visit));
}

absl::StatusOr<GroupVisit*> Group::VisitByNumber(int64_t n) {
  const auto known = visits_.find(n);
  if (known != visits_.end()) return known->second.get();
  if (std::unique_ptr<GroupVisit> recent = recent_->TakeVisit(n); recent != nullptr) return Keep(std::move(recent));
  ASSIGN_OR_RETURN(std::optional<VisitRow> row, FindVisitByNumber(*sql_, n));
  if (!row.has_value()) return absl::DataLossError(absl::StrCat("table visit: number ", n, " is missing"));
  ASSIGN_OR_RETURN(std::unique_ptr<GroupVisit> visit, Load(*std::move(row)));
  return Keep(std::move(visit));
}

absl::StatusOr<GroupVisit*> Group::VisitUnlessDamaged(int64_t n) {
  absl::StatusOr<GroupVisit*> visit = VisitByNumber(n);
  if (!absl::IsDataLoss(visit.status())) return visit;
  passed_over.insert(std::string(visit.status().message()));
  return nullptr;
}

absl::StatusOr<GroupVisit*> Group::CreateVisit(absl::string_view id) {
  auto visit = std::make_unique<GroupVisit>();
  // Its row is written when the group ends and all of it is known.
  ASSIGN_OR_RETURN(const int64_t last, LastVisitNumber(*sql_));
  visit->row.n = 1 + std::max(last, visits_.empty() ? 0 : visits_.rbegin()->first);
  visit->is_new = true;
  visit->id = std::string(id);
  visit->input.set_visit_id(visit->id);
  visit->changed = true;
  visit->stated.emplace();
  if (in_command_) before_command_[visit->row.n] = nullptr;
  return Keep(std::move(visit));
}

absl::Status Group::SetChain(int64_t n, absl::string_view chain) {
  if (std::unique_ptr<GroupVisit> recent = recent_->TakeVisit(n); recent != nullptr) Keep(std::move(recent));
  const auto known = visits_.find(n);
  if (known != visits_.end()) known->second->row.chain = std::string(chain);
  return SetVisitChain(*sql_, n, chain);
}

void Group::WillChange(GroupVisit& visit) {
  if (in_command_ && before_command_.count(visit.row.n) == 0) {
    before_command_[visit.row.n] = std::make_unique<GroupVisit>(visit);
  }
  visit.changed = true;
  visit.commanded |= in_command_;
  visit.folded = false;
}

namespace {

// Asks first what most changes change.
bool AreSame(const v1::Visit& a, const v1::Visit& b) {
  return a.ByteSizeLong() == b.ByteSizeLong() && a.state() == b.state() &&
         a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

void Group::Fold(GroupVisit& visit) {
  if (visit.folded) return;
  visit.folded = true;
  if (!visit.changed) {
    visit.visit = visit.before;
    return;
  }
  visit.visit = FoldVisit(visit.input);
  visit.visit.set_version(visit.row.columns.version);
  if (!AreSame(visit.visit, visit.before)) visit.visit.set_version(visit.row.columns.version + 1);
  visit.visit_bytes = static_cast<size_t>(visit.visit.GetCachedSize());
}

// ---- devices and journals ----

absl::StatusOr<DeviceRow*> Group::FindDevice(absl::string_view id) {
  std::unique_ptr<DeviceRow>& kept = devices_[std::string(id)];
  if (kept != nullptr) return kept.get();
  ASSIGN_OR_RETURN(std::optional<DeviceRow> row, doorstep::FindDevice(*sql_, id));
  if (!row.has_value()) return nullptr;
  kept = std::make_unique<DeviceRow>(*std::move(row));
  return kept.get();
}

absl::StatusOr<DeviceRow*> Group::DeviceByNumber(int64_t n) {
  for (const auto& [id, kept] : devices_) {
    if (kept != nullptr && kept->n == n) return kept.get();
  }
  ASSIGN_OR_RETURN(std::optional<DeviceRow> row, FindDeviceByNumber(*sql_, n));
  if (!row.has_value()) return absl::DataLossError(absl::StrCat("table device: number ", n, " is missing"));
  std::unique_ptr<DeviceRow>& kept = devices_[row->id];
  kept = std::make_unique<DeviceRow>(*std::move(row));
  return kept.get();
}

absl::StatusOr<JournalRow*> Group::FindJournal(int64_t device, uint64_t epoch) {
  const auto known = journals_.find({device, epoch});
  if (known != journals_.end()) return &known->second;
  ASSIGN_OR_RETURN(std::optional<JournalRow> row, doorstep::FindJournal(*sql_, device, epoch));
  if (!row.has_value()) return nullptr;
  return &(journals_[{device, epoch}] = *std::move(row));
}

absl::Status Group::MoveReportedThrough(DeviceRow& device, int64_t reported_through_us) {
  if (reported_through_us <= device.reported_through_us) return absl::OkStatus();
  dirty().reported_from.insert({device.n, device.reported_through_us});
  device.reported_through_us = reported_through_us;
  return UpdateDevice(*sql_, device);
}

const v1::Judgement* Group::FindDecided(const v1::JournalPosition& position) const {
  for (const std::map<std::string, v1::Judgement>* known : {&decided, parked_before}) {
    if (known == nullptr || known->empty()) continue;
    if (const auto found = known->find(FormatPosition(position)); found != known->end()) return &found->second;
  }
  return nullptr;
}

absl::Status Group::Judge(int64_t device, v1::Judgement judgement) {
  judgement.set_judged_time_us(commit_us_);
  ASSIGN_OR_RETURN(const int64_t version, WriteJudgement(*sql_, device, judgement));
  dirty().judgements[{device, FormatPosition(judgement.position())}] = version;
  return absl::OkStatus();
}

// ---- technicians ----

absl::StatusOr<int64_t> Group::LeftUs(absl::string_view technician) {
  if (!left_.has_value()) {
    ASSIGN_OR_RETURN(left_, ListLeft(*sql_));
  }
  if (left_->empty()) return 0;
  const auto found = left_->find(std::string(technician));
  return found == left_->end() ? 0 : found->second;
}

absl::Status Group::SetLeft(absl::string_view technician, int64_t left_us) {
  left_.reset();
  dirty().left.insert(std::string(technician));
  return WriteLeft(*sql_, technician, left_us);
}

// ---- versions ----

int64_t Group::NextVersion(int kind, absl::string_view id, int64_t stored_version) {
  const std::pair<int, std::string> key(kind, std::string(id));
  const auto known = dirty_.versions.find(key);
  if (known != dirty_.versions.end()) return known->second + 1;
  return dirty().versions.insert({key, stored_version}).first->second + 1;
}

int64_t Group::GivenVersion(int kind, absl::string_view id) const {
  const auto known = dirty_.versions.find({kind, std::string(id)});
  return known == dirty_.versions.end() ? 0 : known->second + 1;
}

// ---- commands ----

absl::Status Group::RunCommand(const std::function<absl::Status()>& body) {
  in_command_ = true;
  staged_ = Dirty();
  before_command_.clear();
  const uint32_t ordinal = next_ordinal_;
  const absl::Status status = sql_->Savepoint(body);
  in_command_ = false;
  if (status.ok()) {
    dirty_.MergeFrom(staged_);
  } else {
    next_ordinal_ = ordinal;
    Restore();
  }
  before_command_.clear();
  return status;
}

void Group::Restore() {
  for (auto& [n, before] : before_command_) {
    GroupVisit& visit = *visits_[n];
    if (before != nullptr) {
      visit = *std::move(before);  // In place: others point to it.
    } else {
      visits_by_id_.erase(visit.id);
      visits_.erase(n);
    }
  }
  // Written through, so what is dropped here is read again.
  devices_.clear();
  journals_.clear();
  left_.reset();
}

// ---- the end of the group ----

absl::Status Group::FinishReports() {
  for (const auto& [n, from_us] : dirty_.reported_from) {
    ASSIGN_OR_RETURN(const DeviceRow* device, DeviceByNumber(n));
    ASSIGN_OR_RETURN(const std::vector<int64_t> visits,
                     PendingVisitsOfDevice(*sql_, n, from_us, device->reported_through_us));
    dirty_.visits.insert(visits.begin(), visits.end());
    ASSIGN_OR_RETURN(const std::vector<std::string> commitments,
                     PendingCommitmentsOfDevice(*sql_, n, from_us, device->reported_through_us));
    dirty_.commitments.insert(commitments.begin(), commitments.end());
  }
  for (const std::string& technician : dirty_.phones_of) {
    // Also what was missed: a phone that counts again may know of an arrival.
    ASSIGN_OR_RETURN(const std::vector<int64_t> visits, UnmetVisitsOfTechnician(*sql_, technician));
    dirty_.visits.insert(visits.begin(), visits.end());
    ASSIGN_OR_RETURN(const std::vector<std::string> commitments, OpenCommitmentsOfTechnician(*sql_, technician));
    dirty_.commitments.insert(commitments.begin(), commitments.end());
  }
  return absl::OkStatus();
}

absl::Status Group::FinishCredits() {
  std::vector<GroupVisit*> changed;
  for (auto& [n, visit] : visits_) {
    if (visit->changed) changed.push_back(visit.get());
  }
  // What is carried to a visit may have to be carried on from it.
  while (!changed.empty()) {
    GroupVisit* const visit = changed.back();
    changed.pop_back();
    ASSIGN_OR_RETURN(const std::vector<GroupVisit*> credited, CarryCredits(*this, *visit));
    changed.insert(changed.end(), credited.begin(), credited.end());
  }
  return absl::OkStatus();
}

absl::Status Group::Finish() {
  RETURN_IF_ERROR(FinishReports());
  RETURN_IF_ERROR(FinishCredits());
  std::vector<GroupVisit*> changed;
  for (auto& [n, visit] : visits_) {
    if (!visit->changed) continue;
    Fold(*visit);
    RETURN_IF_ERROR(ProjectVisit(*this, *visit));
    RETURN_IF_ERROR(ProjectAttention(*this, *visit));
    changed.push_back(visit.get());
  }
  RETURN_IF_ERROR(ProjectCases(*this, changed));
  for (GroupVisit* visit : changed) RETURN_IF_ERROR(WriteVisit(*this, *visit));
  RETURN_IF_ERROR(ProjectCommitments(*this));
  KillPoint("apply");
  RETURN_IF_ERROR(ProjectHealth(*this));
  KillPoint("health");
  RETURN_IF_ERROR(ProjectBriefs(*this));
  return ProjectFeeds(*this, changed);
}

void Group::HandOver() {
  for (auto& [n, visit] : visits_) {
    if (visit->changed) {
      visit->row.columns = visit->columns;
      visit->row.chain = std::move(visit->chain);
      visit->row.pending_until_us = visit->evidence.pending_until_us;
      visit->before = std::move(visit->visit);
      visit->is_new = false;
      visit->changed = false;
      visit->commanded = false;
      visit->folded = false;
    }
    visit->evidence = VisitEvidence();
    recent_->PutVisit(std::move(visit));
    if (!writes_later) recent_->ForgetOld();  // A group may hold more than is to stay in memory.
  }
  for (std::unique_ptr<OpenFeed>& feed : feeds) {
    if (Planted("feed_head_outside_transaction")) (void)WriteFeedHead(*sql_, feed->head);
    recent_->PutFeed(std::move(feed));
  }
  if (!writes_later) recent_->ForgetOld();
}

}  // namespace doorstep
