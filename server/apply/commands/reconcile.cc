#include "server/apply/commands/reconcile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/stored_frame.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/meta_table.h"

namespace doorstep {
namespace {

// One Hello's claims against what the file has of this device.
class Reconciliation {
 public:
  Reconciliation(std::string device, int64_t n, Transaction& tx) : device_(std::move(device)), n_(n), tx_(tx) {}

  absl::Status Load() {
    ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(tx_.sql(), n_));
    for (const JournalRow& journal : journals) marks_[journal.epoch] = {journal.mark, journal.head_hash};
    return absl::OkStatus();
  }

  // Whether the server, which said this mark, does not have what it stands for: nothing so far, or something else.
  absl::StatusOr<bool> HasLost(const v1::JournalMark& said) {
    const uint64_t through = said.received_through();
    if (through == 0) return false;
    if (through > MarkOf(said.epoch())) return true;
    const Known& known = marks_.at(said.epoch());
    if (through == known.mark) return said.hash() != known.head_hash;
    ASSIGN_OR_RETURN(const std::string stored, StoredHashAfter(tx_.sql(), n_, said.epoch(), through));
    return said.hash() != stored;
  }

  // 0 when the journal is not known.
  uint64_t MarkOf(uint64_t epoch) const {
    const auto known = marks_.find(epoch);
    return known == marks_.end() ? 0 : known->second.mark;
  }

  void Adopt(const v1::JournalClaim& claim) {
    if (marks_.count(claim.epoch()) > 0 || marks_.size() >= limits::kEpochsMax) return;
    v1::IssuedEpoch& adopted = *command_.add_adopted();
    adopted.set_epoch(claim.epoch());
    adopted.set_salt(claim.salt());
    if (claim.current()) command_.set_current_epoch(claim.epoch());
    marks_[claim.epoch()] = {};
  }

  // The entries after the server's mark are gone on the phone.
  absl::Status GoOnElsewhere(const v1::JournalClaim& claim, uint64_t newest_claimed) {
    if (marks_.count(claim.epoch()) == 0 || claim.forgotten_through() <= MarkOf(claim.epoch())) return absl::OkStatus();
    const std::string said =
        HashSecret(absl::StrCat("doorstep-forgotten-1|", claim.salt(), "|", claim.forgotten_through()));
    ASSIGN_OR_RETURN(std::optional<ForkRow> known, FindFork(tx_.sql(), n_, claim.epoch(), said));
    const bool issues = !known.has_value() || known->new_epoch <= newest_claimed;
    if (issues && marks_.size() >= limits::kEpochsMax) return absl::OkStatus();
    if (issues) {
      v1::ForkCommand& fork = *command_.add_forks();
      fork.set_device(device_);
      fork.set_epoch(claim.epoch());
      fork.set_head_hash(said);
      fork.set_last_common_seq(MarkOf(claim.epoch()));
      fork.mutable_new_epoch()->set_epoch(std::max(marks_.rbegin()->first, newest_claimed) + 1);
      fork.mutable_new_epoch()->set_salt(tx_.random().Bytes(kChainSaltBytes));
      marks_[fork.new_epoch().epoch()] = {};
      known =
          ForkRow{n_, claim.epoch(), said, fork.last_common_seq(), fork.new_epoch().epoch(), fork.new_epoch().salt()};
    }
    v1::Fork answer;
    answer.set_epoch(known->epoch);
    answer.set_last_common_seq(known->last_common_seq);
    answer.set_new_epoch(known->new_epoch);
    answer.set_new_epoch_salt(known->new_epoch_salt);
    forks_.push_back(std::move(answer));
    return absl::OkStatus();
  }

  // The forks that the phone is to take. `recorded`: there was something to write.
  absl::StatusOr<std::vector<v1::Fork>> Finish(bool* recorded) {
    *recorded = command_.adopted_size() > 0 || command_.forks_size() > 0;
    if (!*recorded) return std::move(forks_);
    v1::CommandRecord record;
    command_.set_device(device_);
    *record.mutable_reconcile() = std::move(command_);
    RETURN_IF_ERROR(tx_.Apply(std::move(record)));
    return std::move(forks_);
  }

 private:
  const std::string device_;
  const int64_t n_;
  Transaction& tx_;
  struct Known {
    uint64_t mark = 0;
    std::string head_hash;
  };
  std::map<uint64_t, Known> marks_;  // By epoch, those that this Hello makes known included.
  v1::ReconcileCommand command_;
  std::vector<v1::Fork> forks_;
};

}  // namespace

absl::Status CheckClaims(const v1::HelloRequest& request) {
  if (static_cast<size_t>(request.journals_size()) > limits::kJournalClaimsMax) {
    return FieldError("journals",
                      absl::StrCat("must have at most ", limits::kJournalClaimsMax, ", has ", request.journals_size()));
  }
  for (const v1::JournalClaim& claim : request.journals()) {
    RETURN_IF_ERROR(CheckRange("journals.epoch", claim.epoch(), 1, limits::kEpochMax));
    if (claim.salt().size() != kChainSaltBytes) {
      return FieldError("journals.salt",
                        absl::StrCat("must have ", kChainSaltBytes, " bytes, has ", claim.salt().size()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Reconciled> RunReconcile(const v1::HelloRequest& request, absl::string_view device,
                                        const Countersigner& signer, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto row, FindDevice(tx.sql(), device));
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("no device ", device));
  ASSIGN_OR_RETURN(const std::string generation, ReadGeneration(tx.sql()));
  Reconciled reconciled;
  Reconciliation reconciliation(row->id, row->n, tx);
  RETURN_IF_ERROR(reconciliation.Load());
  for (const v1::JournalClaim& claim : request.journals()) {
    // Another Hello may have shown the same a moment ago.
    if (generation != signer.generation || claim.mark().epoch() != claim.epoch()) continue;
    if (!IsCountersigned(signer, row->id, claim.mark())) continue;
    ASSIGN_OR_RETURN(const bool lost, reconciliation.HasLost(claim.mark()));
    reconciled.set_back |= lost;
  }
  if (reconciled.set_back) RETURN_IF_ERROR(BeginGeneration(tx.sql(), tx.random()).status());
  for (const v1::JournalClaim& claim : request.journals()) reconciliation.Adopt(claim);
  uint64_t newest = 0;
  for (const v1::JournalClaim& claim : request.journals()) newest = std::max<uint64_t>(newest, claim.epoch());
  for (const v1::JournalClaim& claim : request.journals()) RETURN_IF_ERROR(reconciliation.GoOnElsewhere(claim, newest));
  ASSIGN_OR_RETURN(reconciled.forks, reconciliation.Finish(&reconciled.recorded));
  return reconciled;
}

absl::Status ApplyPart(const v1::ReconcileCommand& command, Transaction& tx) {
  for (const v1::IssuedEpoch& adopted : command.adopted()) {
    RETURN_IF_ERROR(
        tx.AdoptEpoch(command.device(), adopted.epoch(), adopted.salt(), adopted.epoch() == command.current_epoch()));
  }
  for (const v1::ForkCommand& fork : command.forks()) RETURN_IF_ERROR(tx.Fork(fork));
  return absl::OkStatus();
}

}  // namespace doorstep
