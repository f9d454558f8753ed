#include "tests/sim/arrival_order.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/frame_admission.h"
#include "server/apply/group.h"
#include "server/apply/recent.h"
#include "server/apply/transaction.h"
#include "server/apply/truth_reader.h"
#include "server/health/model.h"
#include "server/health/score.h"
#include "server/storage/account_table.h"
#include "server/storage/command_table.h"
#include "server/storage/health_table.h"
#include "server/storage/visit_table.h"
#include "server/storage/work_order_table.h"
#include "tests/support/memory_vfs.h"

namespace doorstep::sim {
namespace {

// A frame, or the commands of one commit, and its place in the other order.
struct Heard {
  uint64_t place = 0;
  int64_t commit_us = 0;
  std::unique_ptr<PreparedFrame> frame;
  std::vector<TruthGroup::Command> commands;
  int64_t part = 0;  // Of a commit that is heard in several parts: a number of its own, else 0.
};

// A command says also what the office knew of the visit when it was accepted: whether work had begun that a
// reassignment takes over, what a close has seen, which conflicts somebody decided and for whom a visit was made of
// them. That is a part of what was accepted, like its instant, and does not follow from what is heard first in another
// order.
using Accepted =
    std::map<std::tuple<std::string, int64_t, uint32_t>, v1::FoldCommand>;  // By visit, instant and ordinal.

absl::StatusOr<Accepted> ReadAccepted(SqlSession& sql, const std::vector<std::string>& visits) {
  Accepted accepted;
  for (const std::string& id : visits) {
    ASSIGN_OR_RETURN(const std::optional<VisitRow> row, FindVisit(sql, id));
    v1::FoldInput input;
    if (!row.has_value()) continue;  // It was lost with an older file, and nobody has planned it again yet.
    if (!input.ParseFromString(row->fold)) {
      return absl::DataLossError(absl::StrCat("visit ", id, " cannot be parsed"));
    }
    for (v1::FoldCommand& command : *input.mutable_commands()) {
      const bool made = !command.create().credited_from_visit_id().empty();
      if (!command.has_reassign() && !command.has_close() && !command.has_resolve_attention() && !made) continue;
      accepted[std::make_tuple(id, command.commit_us(), command.ordinal())] = std::move(command);
    }
  }
  return accepted;
}

// Of the command that `group` has just applied to the visit.
absl::Status KeepWhatWasKnown(Group& group, const std::string& id, const Accepted& accepted) {
  ASSIGN_OR_RETURN(GroupVisit * visit, group.FindVisit(id));
  if (visit == nullptr) return absl::NotFoundError(absl::StrCat("visit ", id));
  v1::FoldCommand& command = *visit->input.mutable_commands()->rbegin();
  const auto found = accepted.find(std::make_tuple(id, command.commit_us(), command.ordinal()));
  if (found == accepted.end()) return absl::NotFoundError(absl::StrCat("a command of visit ", id));
  group.WillChange(*visit);
  command = found->second;
  return absl::OkStatus();
}

// Entries that were appended again. Of two copies whose original is lost the first to come stands for both, with the
// time that its frame gives it: they are one fact with two corrected times, and only given the same one does nothing
// depend on the order.
bool HasCopies(const PreparedFrame& frame) {
  const auto& entries = frame.opened.body.entries();
  return std::any_of(entries.begin(), entries.end(),
                     [](const v1::EntryEnvelope& entry) { return entry.from_seq() != 0; });
}

// Commands stay where they are. A frame comes later than it did, and never before the frames of its own journal; those
// with copies keep their order.
absl::StatusOr<std::vector<Heard>> ReadInAnotherOrder(SqlSession& sql, Random& random) {
  TruthReader truth(&sql);
  std::vector<Heard> heard;
  TruthGroup group;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, truth.Next(group));
    if (!more) break;
    const bool whole = group.frames.size() + (group.commands.empty() ? 0 : 1) == 1;
    const auto part = [&] { return whole ? 0 : static_cast<int64_t>(heard.size()) + 1; };
    for (TruthGroup::Frame& frame : group.frames) {
      heard.push_back({0, group.commit_us, std::move(frame.prepared), {}, part()});
    }
    if (!group.commands.empty()) heard.push_back({0, group.commit_us, nullptr, std::move(group.commands), part()});
    group = TruthGroup();
  }
  const uint64_t most = random.Below(2) == 0 ? 2 * heard.size() : heard.size() / 8;
  std::map<std::pair<std::string, uint64_t>, uint64_t> last;  // Of each journal.
  std::map<std::string, uint64_t> last_copies;                // Of each device.
  for (uint64_t i = 0; i < heard.size(); ++i) {
    heard[i].place = i;
    if (heard[i].frame == nullptr) continue;
    const v1::FrameHeader& header = heard[i].frame->opened.header;
    uint64_t& before = last[{header.device(), header.epoch()}];
    before = std::max(before, i + random.Below(most + 1));
    if (HasCopies(*heard[i].frame)) {
      uint64_t& copies = last_copies[header.device()];
      before = copies = std::max(before, copies);
    }
    heard[i].place = before;
  }
  std::stable_sort(heard.begin(), heard.end(), [](const Heard& a, const Heard& b) { return a.place < b.place; });
  return heard;
}

absl::Status Hear(SqlSession& fresh, Recent& recent, Heard& heard, const Accepted& accepted, Random& random) {
  static const auto* const apply = new ApplyCommand(ApplyRecord);
  Group group(&fresh, &recent, heard.commit_us, &random);
  if (heard.frame != nullptr) {
    ASSIGN_OR_RETURN(const FrameResult result, AdmitFrame(group, *heard.frame));
    RETURN_IF_ERROR(result.refusal);
    if (result.answer.fork.has_value()) return absl::DataLossError("a stored frame is a fork");
  }
  for (const auto& [row, record] : heard.commands) {
    group.set_next_ordinal(row.ordinal);
    if (record.has_fork() || record.has_quarantine()) {
      RETURN_IF_ERROR(InsertCommand(group.sql(), row));
      if (record.has_fork()) RETURN_IF_ERROR(ApplyFork(group, record.fork()));
      continue;
    }
    Transaction tx(&group, apply, row.principal, row.request_id, row.body_hash);
    RETURN_IF_ERROR(tx.Apply(record));
    if (record.has_reassign_visit()) RETURN_IF_ERROR(KeepWhatWasKnown(group, record.reassign_visit().id(), accepted));
    if (record.has_resolve_attention()) {
      const v1::ResolveAttentionRequest& decided = record.resolve_attention();
      RETURN_IF_ERROR(KeepWhatWasKnown(group, decided.id(), accepted));
      if (!decided.new_visit_id().empty()) RETURN_IF_ERROR(KeepWhatWasKnown(group, decided.new_visit_id(), accepted));
    }
    if (record.has_close_visit()) RETURN_IF_ERROR(KeepWhatWasKnown(group, record.close_visit().id(), accepted));
  }
  RETURN_IF_ERROR(group.Finish());
  group.HandOver();
  if (heard.part == 0) return absl::OkStatus();
  // The next part of the same commit has the same instant, at which the ledger knows each source once.
  Query move = fresh.Use("UPDATE observation SET known_from_us = -$2 WHERE known_from_us = $1");
  return move.Int(1, heard.commit_us).Int(2, heard.part).Run();
}

absl::StatusOr<std::string> VisitText(SqlSession& sql, const std::string& id) {
  ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, id));
  v1::Visit visit;
  if (!visit.ParseFromString(bytes)) return absl::DataLossError(absl::StrCat("visit ", id, " cannot be parsed"));
  visit.clear_version();
  return visit.ShortDebugString();
}

absl::StatusOr<std::string> OrderText(SqlSession& sql, const std::string& visit) {
  ASSIGN_OR_RETURN(auto row, FindWorkOrder(sql, "order-" + visit));
  if (!row.has_value()) return std::string();
  row->order.clear_version();
  return row->order.ShortDebugString();
}

absl::StatusOr<std::string> HealthText(SqlSession& sql, const std::string& account, int32_t day) {
  ASSIGN_OR_RETURN(const int64_t n, FindAccountNumber(sql, account));
  ASSIGN_OR_RETURN(const std::vector<health::BucketRow> rows, BucketsOfAccount(sql, n));
  ASSIGN_OR_RETURN(const std::vector<v1::Observation> repeats, KnownRepeats(sql, n));
  health::Caps caps;
  caps.repeating_asset_id = health::FindRepeatingAsset(repeats, day);
  ASSIGN_OR_RETURN(const auto score, health::Score(rows, caps, day, health::Model::Default()));
  return score.receipt();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> HearInAnotherOrder(Storage& live, const std::vector<std::string>& visits,
                                                            const std::vector<std::string>& accounts, Random& random) {
  StorageOptions options;
  options.path = live.path() + ".reordered";
  options.vfs = testing::MemoryVfs();
  options.scratch = true;
  options.readers = 0;
  std::vector<std::string> differences;
  absl::Status status;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Storage> storage, Storage::Open(options, random));
    SqlSession& fresh = storage->writer();
    status = live.Read("the truth", [&](SqlSession& sql) -> absl::Status {
      std::vector<Heard> heard;
      ASSIGN_OR_RETURN(heard, ReadInAnotherOrder(sql, random));
      ASSIGN_OR_RETURN(const Accepted accepted, ReadAccepted(sql, visits));
      int64_t last_us = 0;
      RETURN_IF_ERROR(fresh.Transaction([&]() -> absl::Status {
        Recent recent;
        for (Heard& next : heard) {
          last_us = std::max(last_us, next.commit_us);
          RETURN_IF_ERROR(Hear(fresh, recent, next, accepted, random));
        }
        return absl::OkStatus();
      }));
      const auto compare = [&](absl::string_view what, auto text) -> absl::Status {
        ASSIGN_OR_RETURN(const std::string here, text(sql));
        ASSIGN_OR_RETURN(const std::string there, text(fresh));
        if (here != there) differences.push_back(absl::StrCat(what, ": ", here, " or ", there));
        return absl::OkStatus();
      };
      for (const std::string& id : visits) {
        RETURN_IF_ERROR(compare(absl::StrCat("visit ", id), [&](SqlSession& in) { return VisitText(in, id); }));
        RETURN_IF_ERROR(compare(absl::StrCat("order of ", id), [&](SqlSession& in) { return OrderText(in, id); }));
      }
      const auto day = static_cast<int32_t>(last_us / (int64_t{86400} * 1000000));
      for (const std::string& id : accounts) {
        RETURN_IF_ERROR(
            compare(absl::StrCat("health of ", id), [&](SqlSession& in) { return HealthText(in, id, day); }));
      }
      return absl::OkStatus();
    });
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) remove((options.path + suffix).c_str());
  if (!status.ok()) return status;
  return differences;
}

}  // namespace doorstep::sim
