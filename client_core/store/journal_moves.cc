// How a journal begins and goes on: enrolment, forks, and taking over what a salvage has read.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/store/journal.h"
#include "client_core/store/journal_rows.h"
#include "client_core/store/technicians.h"

namespace doorstep {
namespace {

std::pair<uint64_t, uint64_t> FirstPosition(const EntryInfo& info) {
  return info.from_epoch > 0 ? std::pair(info.from_epoch, info.from_seq) : std::pair(info.epoch, info.seq);
}

// Of an epoch that nobody issued: nobody else can tell it, and two copies of this phone agree on it only while they
// hold the same.
std::string OwnSalt(SodiumSha256& hasher, const v1::EnrollResponse& identity, const std::vector<Journal::Row>& rows) {
  hasher.Reset();
  hasher.Update("doorstep-salvage-1");
  hasher.Update(identity.token());
  for (const Journal::Row& row : rows) hasher.Update(AsBytes(row.hash));
  const Hash hash = hasher.Finish();
  return std::string(AsBytes(hash).substr(0, kChainSaltBytes));
}

// Whether the epoch's rows go so far.
bool HasThrough(const std::vector<Journal::Row>& rows, uint64_t epoch, uint64_t seq) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Journal::Row& row) { return row.info.epoch == epoch && row.info.seq >= seq; });
}

absl::Status CheckEpoch(absl::string_view field, uint64_t epoch, absl::string_view salt) {
  if (IsEpoch(epoch, salt)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": needs an epoch of 1 to ", kEntryEpochMax, " and a salt of ",
                                                 kChainSaltBytes, " bytes, has ", epoch, " and ", salt.size(),
                                                 " bytes"));
}

}  // namespace

absl::StatusOr<v1::EnrollRequest> Journal::PrepareEnrolment(const v1::EnrolmentRequest& request, Random& random) {
  RETURN_IF_ERROR(Fresh());
  v1::EnrollRequest kept;
  {
    ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT request FROM identity"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (row && !ParseBytes(read.Blob(0), kept)) return absl::DataLossError("journal: the enrolment is damaged");
  }
  const bool repeated = !kept.request_id().empty() && kept.invitation_code() == request.invitation_code();
  if (!repeated) kept.Clear();
  // Whether the office still knows this device, only the office can say; after a restore it may have forgotten that the
  // code was used, too.
  if (identity_.has_value()) kept.set_former_device(identity_->device());
  if (repeated) return kept;
  kept.set_invitation_code(request.invitation_code());
  kept.set_request_id(absl::BytesToHexString(random.Bytes(16)));
  kept.set_device_name(request.device_name());
  kept.set_platform(request.platform());
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT INTO identity (one, request) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET "
                                "request = $1"));
  const absl::Status written = write.BindBlob(1, kept.SerializeAsString()).Run();
  if (!written.ok()) return ExplainFullDisk(written);
  return kept;
}

absl::Status Journal::WriteIdentity(const v1::EnrollResponse& identity) {
  ASSIGN_OR_RETURN(
      sqlite::Statement write,
      db_->Prepare("INSERT INTO identity (one, request, response) VALUES (1, x'', $1) ON CONFLICT (one) DO "
                   "UPDATE SET response = $1"));
  return write.BindBlob(1, identity.SerializeAsString()).Run();
}

absl::Status Journal::CompleteEnrolment(const v1::EnrollResponse& response) {
  RETURN_IF_ERROR(Fresh());
  if (response.device().empty() || response.device().size() > limits::kDeviceBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("enrolment answer: device must be 1 to ", limits::kDeviceBytesMax, " bytes"));
  }
  if (response.token().empty()) return absl::InvalidArgumentError("enrolment answer: token is missing");
  if (identity_.has_value() && identity_->device() != response.device()) {
    return absl::FailedPreconditionError(absl::StrCat("this phone is already enrolled as ", identity_->device()));
  }
  v1::EnrollResponse identity = response;
  identity.clear_signing_seed();  // Not the server's to say.
  if (identity_.has_value()) {
    // The journal may have moved on since the first answer; only its own generation and epochs are true here.
    *identity.mutable_epoch() = identity_->epoch();
    *identity.mutable_spare_epoch() = identity_->spare_epoch();
    identity.set_generation(identity_->generation());
    identity.set_signing_seed(identity_->signing_seed());
    KeepTechnicians(*identity_, identity);
    return Reload(WriteIdentity(identity));
  }
  RETURN_IF_ERROR(CheckEpoch("enrolment answer: epoch", response.epoch().epoch(), response.epoch().salt()));
  return Reload(db_->Transaction([&]() -> absl::Status {
    EpochMarks current;
    current.epoch = response.epoch().epoch();
    current.salt = response.epoch().salt();
    RETURN_IF_ERROR(WriteMarks(current));
    if (response.spare_epoch().epoch() > 0) {
      RETURN_IF_ERROR(
          CheckEpoch("enrolment answer: spare_epoch", response.spare_epoch().epoch(), response.spare_epoch().salt()));
      EpochMarks spare;
      spare.epoch = response.spare_epoch().epoch();
      spare.salt = response.spare_epoch().salt();
      spare.state = EpochState::kSpare;
      RETURN_IF_ERROR(WriteMarks(spare));
    }
    return WriteIdentity(identity);
  }));
}

absl::Status Journal::SetTechnicians(const v1::EnrollResponse& identity) {
  RETURN_IF_ERROR(Fresh());
  if (!identity_.has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  v1::EnrollResponse after = *identity_;
  *after.mutable_technicians() = identity.technicians();
  *after.mutable_signed_out() = identity.signed_out();
  RETURN_IF_ERROR(ExplainFullDisk(WriteIdentity(after)));
  identity_ = std::move(after);
  return absl::OkStatus();
}

absl::Status Journal::SetSigningSeed(absl::string_view seed) {
  RETURN_IF_ERROR(Fresh());
  if (!identity_.has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  v1::EnrollResponse after = *identity_;
  after.set_signing_seed(std::string(seed));
  RETURN_IF_ERROR(ExplainFullDisk(WriteIdentity(after)));
  identity_ = std::move(after);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Journal::Row>> Journal::RowsAfter(uint64_t epoch, uint64_t after_seq) {
  std::vector<Row> rows;
  SelectRows(epoch, after_seq, kEntrySeqMax, kEntrySeqMax);
  while (true) {
    ASSIGN_OR_RETURN(const bool any, read_after_.Step());
    if (!any) return rows;
    Row row;
    if (!RowFromRow(read_after_, row)) {
      read_after_.Reset();
      return absl::DataLossError("journal: a hash is damaged");
    }
    row.token.clear();  // Stays with the row it was given for.
    rows.push_back(std::move(row));
  }
}

// The same bytes, author and boot under the next seqs of `target`; each names the position it had first.
absl::StatusOr<uint64_t> Journal::Reappend(const std::vector<Row>& rows, EpochMarks& target) {
  for (const Row& before : rows) {
    Row row = before;
    std::tie(row.info.from_epoch, row.info.from_seq) = FirstPosition(before.info);
    if (Planted("fork_forgets_first_position")) row.info.from_epoch = row.info.from_seq = 0;
    if (v1::LogEntry entry; Planted("retry_encodes_again") && ParseBytes(row.entry, entry)) {
      entry.mutable_time()->set_wall_time_us(entry.time().wall_time_us() + 1);
      row.entry = entry.SerializeAsString();
    }
    row.info.epoch = target.epoch;
    row.info.seq = target.head_seq + 1;
    row.hash = ChainNext(hasher_, target.head_hash,
                         {identity_->device(), row.info.epoch, row.info.seq, row.info.author, row.info.from_epoch,
                          row.info.from_seq, row.entry});
    RETURN_IF_ERROR(InsertRow(row));
    target.head_seq = row.info.seq;
    target.head_hash = row.hash;
  }
  return rows.size();
}

absl::StatusOr<ForkResult> Journal::Fork(const v1::Fork& fork) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(fork.epoch());
  if (!identity_.has_value() || found == epochs_.end()) {
    return absl::InvalidArgumentError(absl::StrCat("fork: epoch ", fork.epoch(), " is not of this phone"));
  }
  const EpochMarks& forked = found->second;
  const bool is_left = forked.state == EpochState::kOld;
  uint64_t common = std::max(forked.retained_through, std::min<uint64_t>(fork.last_common_seq(), forked.head_seq));
  // A server that was restored may have lost what was common, and have taken a clone's entries in its place.
  if (is_left) common = std::max({forked.retained_through, forked.received_through, fork.last_common_seq()});
  if (is_left && (common >= forked.common_through || current() == nullptr)) return ForkResult();
  RETURN_IF_ERROR(CheckEpoch("fork: new_epoch", fork.new_epoch(), fork.new_epoch_salt()));
  const auto target = epochs_.find(fork.new_epoch());
  const bool is_free = target == epochs_.end() || target->second.state == EpochState::kSpare;
  const bool is_newest = epochs_.upper_bound(fork.new_epoch()) == epochs_.end();
  if (forked.state == EpochState::kSpare) {
    return absl::InvalidArgumentError(absl::StrCat("fork: epoch ", fork.epoch(), " has no entries"));
  }
  // Epochs are told apart by age. The server said it before it heard how far this phone has come.
  if (!is_free || !is_newest) {
    return absl::AbortedError(absl::StrCat("fork: epoch ", fork.new_epoch(), " is not newer than ",
                                           epochs_.rbegin()->first, ", the newest of this phone"));
  }
  return GoOnIn(fork, common);
}

// The entries of the forked epoch above `common` begin the new one. Of an epoch that had been left, what came after
// them follows, as far as the server is not known to have it: within a journal, the order is that in which things
// happened.
absl::StatusOr<ForkResult> Journal::GoOnIn(const v1::Fork& fork, uint64_t common) {
  ForkResult result;
  result.epoch = fork.new_epoch();
  const absl::Status status = db_->Transaction([&]() -> absl::Status {
    EpochMarks next;
    next.epoch = fork.new_epoch();
    next.salt = fork.new_epoch_salt();
    next.head_hash = ChainStart(hasher_, identity_->device(), next.epoch, next.salt);
    std::vector<Row> moved;
    for (auto it = epochs_.find(fork.epoch()); it != epochs_.end(); ++it) {
      EpochMarks left = it->second;
      if (left.state == EpochState::kSpare) continue;
      const uint64_t through = left.last_own_seq();
      const bool is_current = left.state == EpochState::kCurrent;
      if (left.epoch != fork.epoch()) common = std::max(left.received_through, left.retained_through);
      if (!is_current && common >= through) continue;
      left.state = EpochState::kOld;
      if (left.epoch == fork.epoch() && fork.has_common()) {
        ASSIGN_OR_RETURN(const bool ours, IsOurs(left, fork.common()));
        if (ours) KeepCountermark(fork.common(), left);
      }
      RETURN_IF_ERROR(LeaveEntries(left, std::min(common, through), through, moved));
    }
    // A newer epoch may hold what was recorded earlier: a salvage put there what a server had lost.
    std::sort(moved.begin(), moved.end(),
              [](const Row& a, const Row& b) { return FirstPosition(a.info) < FirstPosition(b.info); });
    ASSIGN_OR_RETURN(result.reappended, Reappend(moved, next));
    RETURN_IF_ERROR(WriteMarks(next));
    v1::EnrollResponse identity = *identity_;
    identity.mutable_epoch()->set_epoch(next.epoch);
    identity.mutable_epoch()->set_salt(next.salt);
    if (identity.spare_epoch().epoch() == next.epoch) identity.clear_spare_epoch();
    return WriteIdentity(identity);
  });
  RETURN_IF_ERROR(Reload(status));
  result.moved = true;
  return result;
}

// In a transaction: adds the entries of `left` above `common` and up to `through`, which go on elsewhere, to `moved`.
absl::Status Journal::LeaveEntries(EpochMarks& left, uint64_t common, uint64_t through, std::vector<Row>& moved) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, RowsAfter(left.epoch, common));
  if (rows.size() > through - common) rows.resize(through - common);
  std::move(rows.begin(), rows.end(), std::back_inserter(moved));
  // What both sides have in common, the server has.
  left.common_through = common;
  left.received_through = common;
  left.backed_up_through = std::min(left.backed_up_through, common);
  left.judged_through = std::min(left.judged_through, common);
  left.settled_through = std::min(left.settled_through, common);
  return WriteMarks(left);
}

absl::StatusOr<uint64_t> Journal::TakeOver(const v1::EnrollResponse& identity, const std::vector<EpochMarks>& epochs,
                                           const std::vector<Row>& rows) {
  // A position never names another entry than before, so what is appended again needs an epoch without any.
  v1::IssuedEpoch issued = identity.spare_epoch();
  uint64_t newest = identity.epoch().epoch();
  for (const EpochMarks& marks : epochs) {
    if (marks.state != EpochState::kSpare) newest = std::max(newest, marks.epoch);
  }
  if (issued.epoch() <= newest || !IsEpoch(issued.epoch(), issued.salt())) {
    issued.set_epoch(newest + 1);
    issued.set_salt(OwnSalt(hasher_, identity, rows));
  }
  if (Planted("salvage_reuses_epoch")) issued = identity.epoch();
  RETURN_IF_ERROR(CheckEpoch("salvage: epoch", issued.epoch(), issued.salt()));
  uint64_t reappended = 0;
  const absl::Status status = db_->Transaction([&]() -> absl::Status {
    identity_ = identity;
    v1::EnrollResponse after = identity;
    EpochMarks target;
    target.epoch = issued.epoch();
    target.salt = issued.salt();
    target.head_hash = ChainStart(hasher_, identity.device(), target.epoch, target.salt);

    // A fork leaves a token with the copy that it was given for, which may get no place here: it goes on with the
    // entry.
    std::map<std::pair<uint64_t, uint64_t>, std::string> tokens;  // By first position; those not written yet.
    for (const Row& row : rows) {
      if (!row.token.empty()) tokens[FirstPosition(row.info)] = row.token;
    }
    std::set<std::string> given;  // Where two rows have one token, damage has made it theirs.
    const auto with_token = [&tokens, &given](Row row) {
      const auto token = tokens.extract(FirstPosition(row.info));
      const bool own = !token.empty() && given.insert(token.mapped()).second;
      row.token = own ? token.mapped() : "";
      return row;
    };

    std::set<std::pair<uint64_t, uint64_t>> placed;  // First positions that need no new place.
    for (EpochMarks marks : epochs) {
      if (marks.epoch == target.epoch) continue;
      // No server takes it any more. What stood there is sent again elsewhere.
      if (!IsEpoch(marks.epoch, marks.salt)) continue;
      // What the server has stays under its old position, as far as it is gapless. A mark beyond what is there may be
      // as damaged as that: then everything is sent again, and counts once.
      const bool is_sound = HasThrough(rows, marks.epoch, marks.received_through);
      const uint64_t own_through =
          !is_sound ? marks.retained_through
                    : std::min(marks.received_through,
                               marks.state == EpochState::kOld ? marks.common_through : marks.received_through);
      uint64_t through = marks.retained_through;
      for (const Row& row : rows) {
        if (row.info.epoch != marks.epoch || row.info.seq != through + 1 || row.info.seq > own_through) continue;
        RETURN_IF_ERROR(InsertRow(with_token(row)));
        placed.insert(FirstPosition(row.info));
        through = row.info.seq;
      }
      marks.common_through = through;
      marks.received_through = through;
      marks.backed_up_through = std::min(marks.backed_up_through, through);
      marks.judged_through = std::min(marks.judged_through, through);
      marks.settled_through = std::min(marks.settled_through, through);
      marks.state = EpochState::kOld;
      RETURN_IF_ERROR(WriteMarks(marks));
    }
    // Of several copies of one entry the last is taken: it names the same first position. By those, because an earlier
    // copy may have to stand in for one that could not be read.
    std::map<std::pair<uint64_t, uint64_t>, const Row*> last;
    for (const Row& row : rows) last[FirstPosition(row.info)] = &row;
    std::vector<Row> rest;
    for (const auto& [first, row] : last) {
      if (placed.count(first) == 0) rest.push_back(with_token(*row));
    }
    if (Planted("salvage_by_place")) {
      std::sort(rest.begin(), rest.end(), [](const Row& a, const Row& b) {
        return std::pair(a.info.epoch, a.info.seq) < std::pair(b.info.epoch, b.info.seq);
      });
    }
    target.state = EpochState::kCurrent;
    ASSIGN_OR_RETURN(reappended, Reappend(rest, target));
    RETURN_IF_ERROR(WriteMarks(target));
    after.mutable_epoch()->set_epoch(target.epoch);
    after.mutable_epoch()->set_salt(target.salt);
    after.clear_spare_epoch();
    return WriteIdentity(after);
  });
  RETURN_IF_ERROR(Reload(status));
  return reappended;
}

}  // namespace doorstep
