#include "server/apply/frame_admission.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/journal_hash.h"
#include "server/apply/entry_judging.h"
#include "server/apply/rehoming.h"
#include "server/apply/stored_frame.h"
#include "server/openssl_sha256.h"
#include "server/storage/command_table.h"
#include "server/storage/feed_pages.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"

namespace doorstep {
namespace {

struct Admission {
  enum Kind { kNew, kRepeat, kOvertook, kFork };
  Kind kind = kNew;
  uint64_t skip = 0;             // kNew: entries that an earlier frame holds.
  uint64_t last_common_seq = 0;  // kFork.
};

// How far the frame and what is stored are the same, as a lower bound: exact within the frame when its beginning ties
// to the stored chain, else nothing is known.
absl::StatusOr<uint64_t> LastCommonSeq(Group& group, const PreparedFrame& frame, const JournalRow& journal) {
  const uint64_t first = frame.first_seq();
  if (first > 1) {
    ASSIGN_OR_RETURN(const std::string before, StoredHashAfter(group.sql(), journal.device, journal.epoch, first - 1));
    if (before != frame.opened.header.prev_hash()) return 0;
  }
  uint64_t common = first - 1;
  for (uint64_t seq = first; seq <= std::min(frame.last_seq(), journal.mark); ++seq) {
    ASSIGN_OR_RETURN(const std::string stored, StoredHashAfter(group.sql(), journal.device, journal.epoch, seq));
    if (stored != AsBytes(frame.hashes[seq - first])) break;
    common = seq;
  }
  return common;
}

absl::StatusOr<Admission> Classify(Group& group, const PreparedFrame& frame, const JournalRow& journal) {
  const v1::FrameHeader& header = frame.opened.header;
  Admission admission;
  bool same = false;
  if (header.last_seq() <= journal.mark) {
    ASSIGN_OR_RETURN(const std::string stored,
                     StoredHashAfter(group.sql(), journal.device, journal.epoch, header.last_seq()));
    same = stored == header.head_hash() || Planted("dedupe_by_position");
    admission.kind = Admission::kRepeat;
  } else if (header.first_seq() > journal.mark + 1) {
    admission.kind = Admission::kOvertook;
    return admission;
  } else if (header.first_seq() == journal.mark + 1) {
    same = journal.head_hash == header.prev_hash();
  } else {
    admission.skip = journal.mark - header.first_seq() + 1;
    same = journal.head_hash == AsBytes(frame.hashes[admission.skip - 1]) || Planted("dedupe_by_position");
    if (Planted("overlap_not_skipped")) admission.skip = 0;
  }
  if (same) return admission;
  admission.kind = Admission::kFork;
  ASSIGN_OR_RETURN(admission.last_common_seq, LastCommonSeq(group, frame, journal));
  return admission;
}

// The answer to a fork: the epoch to go on in, the same for a repeated push; none in it when it is not the phone that
// asks. Nothing: the device has so many journals that another would not be its last.
absl::StatusOr<std::optional<v1::Fork>> ForkFor(Group& group, const PreparedFrame& frame, const JournalRow& journal,
                                                uint64_t last_common_seq) {
  if (frame.handed_in) return std::optional<v1::Fork>(v1::Fork());
  const v1::FrameHeader& header = frame.opened.header;
  ASSIGN_OR_RETURN(std::optional<ForkRow> known,
                   FindFork(group.sql(), journal.device, journal.epoch, header.head_hash()));
  // What was issued before a restore, or to a clone, may be older than where this phone is.
  if (!known.has_value() || (known->new_epoch <= frame.newest_epoch && !Planted("fork_into_the_past"))) {
    ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(group.sql(), journal.device));
    if (journals.size() >= limits::kEpochsMax) return std::optional<v1::Fork>();
    v1::CommandRecord record;
    record.set_principal("server");
    v1::ForkCommand& fork = *record.mutable_fork();
    fork.set_device(header.device());
    fork.set_epoch(header.epoch());
    fork.set_head_hash(header.head_hash());
    fork.set_last_common_seq(last_common_seq);
    const uint64_t newest =
        Planted("fork_into_the_past") ? journals.back().epoch : std::max(journals.back().epoch, frame.newest_epoch);
    fork.mutable_new_epoch()->set_epoch(newest + (Planted("epoch_issued_twice") ? 0 : 1));
    fork.mutable_new_epoch()->set_salt(group.random().Bytes(kChainSaltBytes));
    const uint32_t ordinal = group.next_ordinal();
    group.set_next_ordinal(ordinal + 1);
    RETURN_IF_ERROR(
        InsertCommand(group.sql(), {group.commit_us(), ordinal, "server", "", "", record.SerializeAsString()}));
    RETURN_IF_ERROR(ApplyFork(group, fork));
    known = ForkRow{journal.device,           journal.epoch,          header.head_hash(), last_common_seq,
                    fork.new_epoch().epoch(), fork.new_epoch().salt()};
  }
  v1::Fork answer;
  answer.set_epoch(known->epoch);
  answer.set_last_common_seq(known->last_common_seq);
  answer.set_new_epoch(known->new_epoch);
  answer.set_new_epoch_salt(known->new_epoch_salt);
  // Where nothing is common, or its bytes are damaged, the phone goes on without the proof.
  if (const auto hash = StoredHashAfter(group.sql(), journal.device, known->epoch, known->last_common_seq); hash.ok()) {
    answer.mutable_common()->set_epoch(known->epoch);
    answer.mutable_common()->set_received_through(known->last_common_seq);
    answer.mutable_common()->set_hash(*hash);
  }
  return std::optional<v1::Fork>(std::move(answer));
}

absl::Status Store(Group& group, PreparedFrame& frame, uint64_t skip, DeviceRow& device, JournalRow& journal) {
  const v1::FrameHeader& header = frame.opened.header;
  FrameRow row;
  row.device = device.n;
  row.epoch = header.epoch();
  row.first_seq = header.first_seq();
  row.last_seq = header.last_seq();
  row.skip = skip;
  row.commit_us = group.commit_us();
  row.prev_hash = header.prev_hash();
  row.head_hash = header.head_hash();
  ASSIGN_OR_RETURN(row.n, InsertFrame(group.sql(), row, frame.bytes));

  journal.mark = header.last_seq();
  journal.head_hash = header.head_hash();
  journal.last_frame_us = group.commit_us();
  RETURN_IF_ERROR(MoveMark(group.sql(), journal));
  group.dirty().journals.insert({device.n, journal.epoch});

  RETURN_IF_ERROR(YieldToOriginals(group, device, frame, skip));
  RETURN_IF_ERROR(JudgeEntries(group, device, frame, skip, row.n));
  if (header.empties_queue() && header.clock_size() > 0) {
    // The first sample is the moment at which the frame was made and nothing else was queued.
    v1::FieldTime made;
    made.set_wall_time_us(header.clock(0).wall_time_us());
    made.set_monotonic_us(header.clock(0).monotonic_us());
    made.set_boot_id(header.clock(0).boot_id());
    RETURN_IF_ERROR(group.MoveReportedThrough(device, CorrectTime(made, header, group.commit_us()).time_us()));
  }
  return absl::OkStatus();
}

FrameResult Refused(absl::Status refusal) {
  FrameResult result;
  result.refusal = std::move(refusal);
  return result;
}

}  // namespace

absl::StatusOr<FrameResult> AdmitFrame(Group& group, PreparedFrame& frame) {
  const v1::FrameHeader& header = frame.opened.header;
  ASSIGN_OR_RETURN(DeviceRow * device, group.FindDevice(header.device()));
  if (device == nullptr) {
    return Refused(
        absl::InvalidArgumentError(absl::StrCat("frame.header.device: \"", header.device(), "\" is unknown here")));
  }
  if (device->lane == v1::LANE_BLOCKED) {
    return Refused(absl::PermissionDeniedError(absl::StrCat("device \"", device->id, "\" is blocked")));
  }
  ASSIGN_OR_RETURN(JournalRow * journal, group.FindJournal(device->n, header.epoch()));
  if (journal == nullptr) {
    // No fault of the frame: the file may have been restored from before the epoch was issued.
    return Refused(absl::FailedPreconditionError(absl::StrCat("frame.header.epoch: ", header.epoch(),
                                                              " is not known here for device \"", device->id,
                                                              "\"; a Hello that claims it makes it known")));
  }

  FrameResult result;
  ASSIGN_OR_RETURN(const Admission admission, Classify(group, frame, *journal));
  if (admission.kind == Admission::kNew) {
    RETURN_IF_ERROR(Store(group, frame, admission.skip, *device, *journal));
  } else if (admission.kind == Admission::kFork && !Planted("clone_undetected")) {
    ASSIGN_OR_RETURN(result.answer.fork, ForkFor(group, frame, *journal, admission.last_common_seq));
    if (!result.answer.fork.has_value()) {
      return Refused(absl::FailedPreconditionError(
          absl::StrCat("frame.header.prev_hash: is of another past, and device \"", device->id, "\" has ",
                       limits::kEpochsMax, " journals, as many as one may; enrol it anew")));
    }
  }
  result.answer.mark.set_epoch(journal->epoch);
  result.answer.mark.set_received_through(journal->mark);
  result.answer.mark.set_hash(journal->head_hash);
  result.answer.mark.set_backed_up_through(journal->backed_up);
  return result;
}

absl::Status ApplyFork(Group& group, const v1::ForkCommand& fork) {
  ASSIGN_OR_RETURN(DeviceRow * device, group.FindDevice(fork.device()));
  if (device == nullptr) return absl::DataLossError("a recorded fork names a device that is not there");
  RETURN_IF_ERROR(WriteFork(group.sql(), {device->n, fork.epoch(), fork.head_hash(), fork.last_common_seq(),
                                          fork.new_epoch().epoch(), fork.new_epoch().salt()}));
  OpensslSha256 hasher;
  const Hash start = ChainStart(hasher, fork.device(), fork.new_epoch().epoch(), fork.new_epoch().salt());
  JournalRow journal;
  journal.device = device->n;
  journal.epoch = fork.new_epoch().epoch();
  journal.salt = fork.new_epoch().salt();
  journal.head_hash = std::string(AsBytes(start));
  RETURN_IF_ERROR(InsertJournal(group.sql(), journal));
  device->current_epoch = fork.new_epoch().epoch();
  device->version = group.NextVersion(v1::ENTITY_KIND_DEVICE, device->id, device->version);
  group.dirty().devices.insert(device->n);
  return UpdateDevice(group.sql(), *device);
}

}  // namespace doorstep
