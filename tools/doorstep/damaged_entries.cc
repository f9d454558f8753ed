#include "tools/doorstep/damaged_entries.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {

// The server hashes what it can read; what the office recorded stands in no journal and has no hash either.
bool IsDamaged(const v1::ReceivedEntry& entry) { return entry.hash().empty() && !entry.has_repairs(); }

bool IsDamaged(const v1::VisitLogItem& item) {
  return item.entry().fact_case() == v1::LogEntry::FACT_NOT_SET && absl::StartsWith(item.judgement(), "damaged ");
}

// Every envelope has an author, unless the server could not read it.
bool IsDamaged(const v1::QuarantinedEntry& entry) { return entry.envelope().author().empty(); }

absl::Status DamageError(std::vector<v1::JournalPosition> damaged) {
  if (damaged.empty()) return absl::OkStatus();
  std::sort(damaged.begin(), damaged.end(),
            [](const v1::JournalPosition& a, const v1::JournalPosition& b) { return ComparePositions(a, b) < 0; });
  std::vector<std::string> names;
  for (size_t first = 0; first < damaged.size();) {
    size_t last = first;
    while (last + 1 < damaged.size() && damaged[last + 1].device() == damaged[first].device() &&
           damaged[last + 1].epoch() == damaged[first].epoch() && damaged[last + 1].seq() <= damaged[last].seq() + 1) {
      ++last;
    }
    names.push_back(last == first
                        ? FormatPosition(damaged[first])
                        : absl::StrCat(FormatPosition(damaged[first]), " to ", FormatPosition(damaged[last])));
    first = last + 1;
  }
  return WithTry(absl::DataLossError(
                     absl::StrCat(damaged.size() == 1 ? "this entry is" : "these entries are",
                                  " damaged on the server's disk and cannot be read: ", absl::StrJoin(names, ", "))),
                 "doorstep server rebuild, which checks everything that is stored; then, with the server stopped, "
                 "doorstep restore BACKUP --data FOLDER, the newest backup from before the damage: the phones send "
                 "again what it does not have");
}

absl::Status DamageError(const v1::GetVisitLogResponse& log) {
  std::vector<v1::JournalPosition> damaged;
  for (const v1::VisitLogItem& item : log.items()) {
    if (IsDamaged(item)) damaged.push_back(item.position());
  }
  return DamageError(std::move(damaged));
}

}  // namespace doorstep::cli
