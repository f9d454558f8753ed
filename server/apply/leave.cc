#include "server/apply/leave.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/verdicts.h"
#include "server/apply/entity_writing.h"
#include "server/apply/entry_judging.h"
#include "server/apply/quarantine.h"
#include "server/apply/rehoming.h"
#include "server/apply/stored_frame.h"
#include "server/storage/assignment_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/record_table.h"

namespace doorstep {
namespace {

// Every frame that may hold an entry of the technician recorded at `left_us` or later, by number: what was received
// before then was recorded before then. Others may have lent their phones.
absl::StatusOr<std::map<int64_t, FrameRow>> FramesToLookInto(Group& group, absl::string_view technician,
                                                             int64_t left_us) {
  std::map<int64_t, FrameRow> frames;
  ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, DevicesOfTechnician(group.sql(), technician));
  for (const DeviceRow& device : devices) {
    ASSIGN_OR_RETURN(std::vector<FrameRow> rows, FramesSince(group.sql(), device.n, left_us));
    for (FrameRow& row : rows) frames.emplace(row.n, std::move(row));
  }
  ASSIGN_OR_RETURN(const std::vector<int64_t> visits, EveryVisitOfTechnician(group.sql(), technician));
  for (const int64_t visit : visits) {
    ASSIGN_OR_RETURN(std::vector<FrameRow> rows, FramesOfVisit(group.sql(), visit, -1));
    for (FrameRow& row : rows) {
      if (row.commit_us >= left_us) frames.emplace(row.n, std::move(row));
    }
  }
  return frames;
}

// Whether the entry counts, or waits for nothing but its visit. A visit that was opened on site stays opened: what
// others recorded there since is theirs.
bool MayBeParked(const std::optional<v1::Judgement>& judgement, const PreparedEntry& entry) {
  if (!judgement.has_value() || Counts(judgement->verdict())) {
    return entry.fact.kind() != v1::LogEntry::kVisitOpenedOnSite;
  }
  return judgement->verdict() == v1::VERDICT_QUARANTINED && judgement->reason() == v1::QUARANTINE_REASON_UNKNOWN_VISIT;
}

class Parking {
 public:
  Parking(Group& group, absl::string_view technician) : group_(group), technician_(technician) {}

  absl::Status LookInto(const FrameRow& frame) {
    ASSIGN_OR_RETURN(DeviceRow * device, group_.DeviceByNumber(frame.device));
    ASSIGN_OR_RETURN(const OpenedFrame opened, OpenStored(frame));
    for (uint64_t seq = frame.first_seq + frame.skip; seq <= frame.last_seq; ++seq) {
      const v1::EntryEnvelope& envelope = opened.body.entries(static_cast<int>(seq - frame.first_seq));
      if (envelope.author() != technician_) continue;
      const PreparedEntry entry = PrepareEntry(opened.header, seq, envelope);
      ASSIGN_OR_RETURN(const bool had_left, HadLeft(group_, technician_, entry, opened.header, frame.commit_us));
      if (!had_left) continue;
      ASSIGN_OR_RETURN(const std::optional<v1::Judgement> judgement,
                       FindJudgement(group_.sql(), device->n, frame.epoch, seq));
      if (!MayBeParked(judgement, entry)) continue;
      const bool counted = !judgement.has_value() || Counts(judgement->verdict());
      RETURN_IF_ERROR(
          ParkAfterLeaving(group_, device->n, MakePosition(device->id, frame.epoch, seq), technician_, entry.visit_id));
      if (counted && !entry.visit_id.empty()) leaving_[{entry.visit_id, device->id, frame.epoch}].insert(seq);
    }
    return absl::OkStatus();
  }

  // Takes what was parked out of the visits.
  absl::Status Finish() {
    for (const auto& [journal, seqs] : leaving_) {
      const auto& [visit_id, device_id, epoch] = journal;
      ASSIGN_OR_RETURN(GroupVisit * visit, group_.FindVisit(visit_id));
      ASSIGN_OR_RETURN(const DeviceRow* device, group_.FindDevice(device_id));
      if (visit == nullptr || device == nullptr) continue;
      RETURN_IF_ERROR(RefoldJournal(group_, *device, *visit, epoch, seqs));
    }
    return absl::OkStatus();
  }

 private:
  Group& group_;
  const std::string technician_;
  std::map<std::tuple<std::string, std::string, uint64_t>, std::set<uint64_t>> leaving_;  // (visit, device, epoch).
};

// What was parked because of a leaving that does not hold any more, or from a later instant on.
absl::Status CountAgain(Group& group, absl::string_view technician) {
  ASSIGN_OR_RETURN(const std::vector<v1::Judgement> parked,
                   QuarantinedFor(group.sql(), v1::QUARANTINE_REASON_AUTHOR_LEFT));
  for (const v1::Judgement& judgement : parked) {
    const v1::JournalPosition& position = judgement.position();
    ASSIGN_OR_RETURN(const DeviceRow* device, group.FindDevice(position.device()));
    if (device == nullptr) return absl::DataLossError(absl::StrCat("no device ", position.device()));
    ASSIGN_OR_RETURN(const StoredEntry stored,
                     FindStoredEntry(group.sql(), device->n, position.epoch(), position.seq()));
    if (absl::string_view(stored.envelope().author()) != technician) continue;
    const PreparedEntry entry = PrepareEntry(stored.opened.header, stored.seq, stored.envelope());
    ASSIGN_OR_RETURN(const bool had_left,
                     HadLeft(group, technician, entry, stored.opened.header, stored.frame.commit_us));
    if (!had_left) RETURN_IF_ERROR(ReplayParked(group, position));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> HadLeft(Group& group, absl::string_view author, const PreparedEntry& entry,
                             const v1::FrameHeader& header, int64_t received_us) {
  ASSIGN_OR_RETURN(const int64_t left_us, group.LeftUs(author));
  return left_us != 0 && CorrectTime(entry.time, header, received_us).time_us() >= left_us;
}

absl::Status ParkAfterLeaving(Group& group, int64_t device, const v1::JournalPosition& position,
                              absl::string_view author, absl::string_view visit_id) {
  ASSIGN_OR_RETURN(const int64_t left_us, group.LeftUs(author));
  return ParkEntry(
      group, device, position, v1::QUARANTINE_REASON_AUTHOR_LEFT,
      absl::StrCat(author, " left the company on ",
                   absl::FormatTime("%Y-%m-%d at %H:%M UTC", absl::FromUnixMicros(left_us), absl::UTCTimeZone()),
                   ", and this was recorded after that"),
      visit_id);
}

absl::Status SettleLane(Group& group, DeviceRow& device) {
  if (device.lane == v1::LANE_BLOCKED) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(group.sql(), device.n));
  bool anybody = technicians.empty();
  for (const std::string& technician : technicians) {
    ASSIGN_OR_RETURN(const int64_t left_us, group.LeftUs(technician));
    anybody |= left_us == 0;
  }
  const v1::Lane lane = anybody ? v1::LANE_ACTIVE : v1::LANE_DRAIN_ONLY;
  if (lane == device.lane) return absl::OkStatus();
  device.lane = lane;
  device.version = group.NextVersion(v1::ENTITY_KIND_DEVICE, device.id, device.version);
  group.dirty().devices.insert(device.n);
  group.dirty().phones_of.insert(technicians.begin(), technicians.end());
  return UpdateDevice(group.sql(), device);
}

absl::Status ApplyLeave(Group& group, const v1::RecordLeaveCommand& command) {
  const std::string& technician = command.technician_id();
  ASSIGN_OR_RETURN(std::optional<v1::Technician> record, FindRecord<v1::Technician>(group.sql(), technician));
  if (!record.has_value()) return absl::DataLossError(absl::StrCat("no technician ", technician));
  RETURN_IF_ERROR(group.SetLeft(technician, command.left_time_us()));
  RETURN_IF_ERROR(SaveTechnician(group, *std::move(record)).status());
  RETURN_IF_ERROR(CountAgain(group, technician));
  if (command.left_time_us() != 0) {
    ASSIGN_OR_RETURN(const auto frames, FramesToLookInto(group, technician, command.left_time_us()));
    Parking parking(group, technician);
    for (const auto& [n, frame] : frames) RETURN_IF_ERROR(parking.LookInto(frame));
    RETURN_IF_ERROR(parking.Finish());
  }
  ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, DevicesOfTechnician(group.sql(), technician));
  for (const DeviceRow& row : devices) {
    ASSIGN_OR_RETURN(DeviceRow * device, group.FindDevice(row.id));
    RETURN_IF_ERROR(SettleLane(group, *device));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
