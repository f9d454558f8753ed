#include "tests/sim/held_entries.h"

#include <optional>
#include <vector>

#include "client_core/base/status.h"
#include "doorstep/v1/visit.pb.h"
#include "server/services/received_entries.h"
#include "server/storage/device_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"

namespace doorstep::sim {
namespace {

constexpr int64_t kManyRows = 1000000;

}  // namespace

absl::Status HeldEntries::Note(Storage& storage, const std::string& device, const v1::JournalMark& mark) {
  uint64_t& through = through_[{device, mark.epoch()}];
  if (mark.received_through() <= through) return absl::OkStatus();
  return storage.Read("what was pushed", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<DeviceRow> row, FindDevice(sql, device));
    if (!row.has_value()) return absl::OkStatus();  // It died before it could be read; CheckMarks looks at that.
    ASSIGN_OR_RETURN(const std::vector<FrameRow> frames, FramesAfter(sql, row->n, mark.epoch(), through, kManyRows));
    for (const FrameRow& frame : frames) {
      ASSIGN_OR_RETURN(const std::vector<ReceivedWithEnvelope> entries, EntriesOfFrame(sql, *row, frame));
      for (const ReceivedWithEnvelope& entry : entries) {
        v1::LogEntry bytes;
        if (!bytes.ParseFromString(entry.envelope.entry())) continue;
        keys_.insert({bytes.time().boot_id(), bytes.time().monotonic_us()});
      }
      through = frame.last_seq;
    }
    return absl::OkStatus();
  });
}

absl::Status HeldEntries::NoteAll(Storage& storage) {
  std::vector<std::pair<std::string, v1::JournalMark>> marks;
  RETURN_IF_ERROR(storage.Read("journals", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, ListDevices(sql, 0, kManyRows));
    for (const DeviceRow& device : devices) {
      ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(sql, device.n));
      for (const JournalRow& journal : journals) {
        v1::JournalMark mark;
        mark.set_epoch(journal.epoch);
        mark.set_received_through(journal.mark);
        marks.emplace_back(device.id, std::move(mark));
      }
    }
    return absl::OkStatus();
  }));
  for (const auto& [device, mark] : marks) RETURN_IF_ERROR(Note(storage, device, mark));
  return absl::OkStatus();
}

}  // namespace doorstep::sim
