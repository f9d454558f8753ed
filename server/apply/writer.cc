#include "server/apply/writer.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client_core/base/ids.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "server/apply/frame_admission.h"
#include "server/apply/group.h"
#include "server/storage/command_table.h"
#include "server/storage/feed_pages.h"
#include "server/storage/frame_table.h"

namespace doorstep {
namespace {

// What a phone is told to wait when its frame could not be stored.
constexpr uint32_t kTroubleWaitMs = 5000;
// A frame with more culprits than this is quarantined as a whole; those for one damaged visit are one.
constexpr size_t kCulpritsMax = 32;

// Trouble of the machine and not of a request: asking one by one would not help. DATA_LOSS is none: a damaged row stops
// what needs that row and nothing else.
bool IsTrouble(const absl::Status& status) { return absl::IsResourceExhausted(status) || absl::IsUnavailable(status); }

std::string UtcText(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Start(Storage* storage, Clock* clock, Random* random,
                                                      ApplyCommand apply, LogSink log, WriterOptions options) {
  std::unique_ptr<Writer> writer(
      new Writer(storage, clock, random, std::move(apply), std::move(log), std::move(options)));
  ASSIGN_OR_RETURN(const int64_t last_frame_us, LastFrameCommit(storage->writer()));
  ASSIGN_OR_RETURN(const int64_t last_command_us, LastCommandCommit(storage->writer()));
  writer->last_commit_us_ = std::max(last_frame_us, last_command_us);
  if (writer->options_.own_thread) writer->thread_ = std::thread([raw = writer.get()] { raw->Loop(); });
  return writer;
}

Writer::Writer(Storage* storage, Clock* clock, Random* random, ApplyCommand apply, LogSink log, WriterOptions options)
    : storage_(storage),
      clock_(clock),
      random_(random),
      apply_(std::move(apply)),
      log_(std::move(log)),
      options_(std::move(options)) {}

Writer::~Writer() { Drain(); }

// ---- the queue ----

bool Writer::SubmitFrame(std::unique_ptr<PreparedFrame> frame, FrameDone done) {
  Request request;
  request.bytes = frame->bytes.size() + frame->opened.header.raw_bytes();
  request.frame = std::move(frame);
  request.frame_done = std::move(done);
  return Submit(std::move(request));
}

bool Writer::SubmitCommand(Command command, CommandDone done) {
  Request request;
  request.bytes = 1024;
  request.command = std::move(command);
  request.command_done = std::move(done);
  return Submit(std::move(request));
}

bool Writer::Submit(Request request) {
  MutexLock lock(&mutex_);
  if (!Fits(request.bytes)) return false;
  queue_bytes_ += request.bytes;
  queue_.push_back(std::move(request));
  if (queue_.size() == 1) work_.NotifyOne();
  return true;
}

bool Writer::Fits(size_t bytes) const {
  return !draining_ && queue_.size() < limits::kQueueRequestsMax && queue_bytes_ + bytes <= limits::kQueueBytesMax;
}

bool Writer::HasRoom(size_t bytes) const {
  MutexLock lock(&mutex_);
  return Fits(bytes);
}

absl::StatusOr<FrameAnswer> Writer::ApplyFrame(std::unique_ptr<PreparedFrame> frame) {
  std::promise<absl::StatusOr<FrameAnswer>> answer;
  if (!SubmitFrame(std::move(frame), [&](absl::StatusOr<FrameAnswer> a) { answer.set_value(std::move(a)); })) {
    return absl::ResourceExhaustedError("the server's queue is full");
  }
  while (!options_.own_thread && RunGroup()) continue;
  return answer.get_future().get();
}

absl::StatusOr<std::string> Writer::RunCommand(Command command) {
  std::promise<absl::StatusOr<std::string>> answer;
  if (!SubmitCommand(std::move(command), [&](absl::StatusOr<std::string> a) { answer.set_value(std::move(a)); })) {
    return absl::ResourceExhaustedError("the server's queue is full");
  }
  while (!options_.own_thread && RunGroup()) continue;
  return answer.get_future().get();
}

void Writer::Drain() {
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    work_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

size_t Writer::queued() const {
  MutexLock lock(&mutex_);
  return queue_.size();
}

Writer::Requests Writer::TakeGroup(bool wait) {
  MutexLock lock(&mutex_);
  while (wait && queue_.empty() && !draining_) work_.Wait(&mutex_);
  Requests requests;
  size_t bytes = 0;
  while (!queue_.empty() && requests.size() < limits::kGroupRequestsMax && bytes < limits::kGroupBytesMax) {
    bytes += queue_.front().bytes;
    requests.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  return requests;
}

void Writer::Loop() {
  while (true) {
    Requests requests = TakeGroup(/*wait=*/true);
    if (requests.empty()) return;  // Drained.
    Finish(std::move(requests));
  }
}

bool Writer::RunGroup() {
  Requests requests = TakeGroup(/*wait=*/false);
  if (requests.empty()) return false;
  Finish(std::move(requests));
  return true;
}

void Writer::Finish(Requests requests) {
  CommitGroup(requests);
  Answer(absl::MakeSpan(requests));
  CheckpointWhenGrown();
}

void Writer::Answer(absl::Span<Request> requests) {
  for (Request& request : requests) {
    if (const FrameDone done = std::exchange(request.frame_done, nullptr)) {
      done(request.status.ok() ? absl::StatusOr<FrameAnswer>(std::move(request.frame_answer))
                               : absl::StatusOr<FrameAnswer>(request.status));
    }
    if (const CommandDone done = std::exchange(request.command_done, nullptr)) {
      done(request.status.ok() ? absl::StatusOr<std::string>(std::move(request.command_answer))
                               : absl::StatusOr<std::string>(request.status));
    }
  }
}

void Writer::CheckpointWhenGrown() {
  sqlite::Database& db = storage_->writer().database();
  if (db.WalBytes() < options_.checkpoint_bytes) return;
  const absl::Status status = db.Checkpoint();
  if (!status.ok()) Log(log_, LogLevel::kWarning, absl::StrCat("writer: ", status.message()));
}

// ---- one group ----

void Writer::CommitGroup(Requests& requests) {
  // Frames by (device, epoch, first seq), then commands in their order: the order that a rebuild repeats.
  std::stable_sort(requests.begin(), requests.end(), [](const Request& a, const Request& b) {
    if (a.frame == nullptr || b.frame == nullptr) return a.frame != nullptr && b.frame == nullptr;
    const v1::FrameHeader& ha = a.frame->opened.header;
    const v1::FrameHeader& hb = b.frame->opened.header;
    if (const int c = ha.device().compare(hb.device()); c != 0) return c < 0;
    return std::make_tuple(ha.epoch(), ha.first_seq()) < std::make_tuple(hb.epoch(), hb.first_seq());
  });
  const absl::Status status = TryGroup(absl::MakeSpan(requests), {});
  if (status.ok()) return;
  if (IsTrouble(status)) {
    Log(log_, LogLevel::kError, absl::StrCat("writer: nothing could be written: ", status.message()));
    for (Request& request : requests) Fail(request, status);
    return;
  }
  Log(log_, LogLevel::kError, absl::StrCat("writer: a group failed, going on one by one: ", status.message()));
  for (Request& request : requests) CommitAlone(request);
}

void Writer::CommitAlone(Request& request) {
  absl::Status status = TryGroup(absl::MakeSpan(&request, 1), {});
  if (status.ok()) return;
  if (request.frame != nullptr && !IsTrouble(status)) {
    const Quarantines culprits = FindCulprits(request);
    if (!culprits.empty()) status = TryGroup(absl::MakeSpan(&request, 1), culprits);
  }
  if (!status.ok()) Fail(request, status);
}

void Writer::Fail(Request& request, const absl::Status& status) {
  request.status = status;
  if (request.frame == nullptr || !IsTrouble(status)) return;
  // A phone keeps what it has and asks again.
  request.status = absl::OkStatus();
  request.frame_answer = FrameAnswer();
  request.frame_answer.wait_ms = kTroubleWaitMs;
  request.frame_answer.server_time_us = clock_->Now().wall_time_us;
}

std::unique_ptr<Group> Writer::BeginGroup(const Quarantines& quarantines) {
  const int64_t clock_us = clock_->Now().wall_time_us;
  const int64_t commit_us = std::max(clock_us, last_commit_us_ + 1);
  auto group = std::make_unique<Group>(&storage_->writer(), &recent_, commit_us, random_);
  if (commit_us - clock_us > limits::kClockLeapUs) group->now_us = clock_us;
  group->fault = options_.fault;
  for (const v1::QuarantineCommand& quarantine : quarantines) {
    group->forced_quarantine.insert(FormatPosition(quarantine.position()));
  }
  return group;
}

absl::Status Writer::TryGroup(absl::Span<Request> requests, const Quarantines& quarantines) {
  const std::unique_ptr<Group> group = BeginGroup(quarantines);
  RETURN_IF_ERROR(storage_->writer().Transaction([&]() -> absl::Status {
    RETURN_IF_ERROR(RunAll(*group, requests, quarantines));
    KillPoint("feeds");
    if (Planted("ack_before_commit")) Answer(requests);
    return absl::OkStatus();
  }));
  KillPoint("commit");
  last_commit_us_ = group->commit_us();
  WarnOfClock(*group);
  for (const std::string& damage : group->passed_over) {
    Log(log_, LogLevel::kError, absl::StrCat("writer: went on without what is damaged: ", damage));
  }
  if (options_.committed) {
    std::vector<FeedHead> heads;
    for (const std::unique_ptr<OpenFeed>& feed : group->feeds) heads.push_back(feed->head);
    options_.committed({heads, group->changed_devices, group->wakes});
  }
  group->HandOver();
  return absl::OkStatus();
}

// The order of commits outlives a clock that was set back, but phones are to hold the visits of the right days.
absl::Status Writer::FollowClock(Group& group) {
  ASSIGN_OR_RETURN(const int32_t today, group.Today());
  const int32_t clock_day = CivilDay(group.now_us, /*utc_offset_s=*/0);
  if (clock_day == today) return absl::OkStatus();
  v1::CommandRecord record;
  record.mutable_tick()->set_day(clock_day);
  return Transaction(&group, &apply_, "server", "", "").Apply(std::move(record));
}

void Writer::WarnOfClock(const Group& group) {
  const bool behind = group.now_us != group.commit_us();
  if (behind && !clock_is_behind_) {
    Log(log_, LogLevel::kWarning,
        absl::StrCat("writer: the clock says ", UtcText(group.now_us), ", and there are commits of ",
                     UtcText(group.commit_us()),
                     ": it was wrong then, or is wrong now. What comes is noted as received "
                     "right after those until the clock has caught up; everything else goes by the clock"));
  }
  clock_is_behind_ = behind;
}

absl::Status Writer::RunAll(Group& group, absl::Span<Request> requests, const Quarantines& quarantines) {
  RETURN_IF_ERROR(FollowClock(group));
  for (const v1::QuarantineCommand& quarantine : quarantines) {
    v1::CommandRecord record;
    record.set_principal("server");
    *record.mutable_quarantine() = quarantine;
    const uint32_t ordinal = group.next_ordinal();
    group.set_next_ordinal(ordinal + 1);
    RETURN_IF_ERROR(
        InsertCommand(group.sql(), {group.commit_us(), ordinal, "server", "", "", record.SerializeAsString()}));
  }
  for (Request& request : requests) {
    RETURN_IF_ERROR(request.frame != nullptr ? RunFrame(group, request) : RunCommand(group, request));
  }
  RETURN_IF_ERROR(group.Finish());
  return AnswerFrames(group, requests);
}

absl::Status Writer::RunFrame(Group& group, Request& request) {
  ASSIGN_OR_RETURN(FrameResult result, AdmitFrame(group, *request.frame));
  request.status = std::move(result.refusal);
  request.frame_answer = std::move(result.answer);
  if (const std::optional<v1::Fork>& fork = request.frame_answer.fork; fork.has_value()) {
    const std::string& device = request.frame->opened.header.device();
    Log(log_, LogLevel::kWarning,
        absl::StrCat("device ", device, " showed another past of its journal ", fork->epoch(), " and goes on in ",
                     fork->new_epoch(), ": two phones may be using it, or it was put back from a copy"));
  }
  request.frame_answer.server_time_us = group.now_us;
  return absl::OkStatus();
}

absl::Status Writer::RunCommand(Group& group, Request& request) {
  Command& command = request.command;
  request.command_answer.clear();
  request.status = absl::OkStatus();
  if (Planted("request_ids_ignored")) command.request_id.clear();
  if (!command.request_id.empty()) {
    ASSIGN_OR_RETURN(std::optional<RequestRow> known, FindRequest(group.sql(), command.principal, command.request_id));
    if (known.has_value()) {
      if (known->body_hash == command.body_hash) {
        request.command_answer = std::move(known->answer);
      } else {
        request.status = absl::AlreadyExistsError(
            "request_id: it was used before with another request; make a new one for a new request");
      }
      return absl::OkStatus();
    }
  }
  request.status = group.RunCommand([&]() -> absl::Status {
    Transaction tx(&group, &apply_, command.principal, command.request_id, command.body_hash);
    ASSIGN_OR_RETURN(request.command_answer, command.run(tx));
    if (command.request_id.empty()) return absl::OkStatus();
    return InsertRequest(group.sql(), command.principal, command.request_id,
                         {command.body_hash, request.command_answer}, group.commit_us());
  });
  return IsTrouble(request.status) ? request.status : absl::OkStatus();
}

absl::Status Writer::AnswerFrames(Group& group, absl::Span<Request> requests) {
  for (Request& request : requests) {
    if (request.frame == nullptr || !request.status.ok()) continue;
    const std::string& device = request.frame->opened.header.device();
    const auto moved = group.device_feed_seqs.find(device);
    if (moved != group.device_feed_seqs.end()) {
      request.frame_answer.device_feed_seq = moved->second;
    } else {
      ASSIGN_OR_RETURN(request.frame_answer.device_feed_seq, FeedSeq(group.sql(), DeviceFeed(device)));
    }
  }
  return absl::OkStatus();
}

// ---- a frame that fails alone ----

absl::Status Writer::Probe(Request& request, const Quarantines& quarantines, size_t entries) {
  const std::unique_ptr<Group> group = BeginGroup(quarantines);
  group->entry_limit = entries;
  absl::Status outcome;
  const absl::Status undone = storage_->writer().Transaction([&]() -> absl::Status {
    outcome = RunAll(*group, absl::MakeSpan(&request, 1), {});
    return absl::CancelledError("only tried");
  });
  return absl::IsCancelled(undone) ? outcome : undone;
}

Writer::Quarantines Writer::FindCulprits(Request& request) {
  const size_t size = static_cast<size_t>(request.frame->opened.body.entries_size());
  auto culprit = [&](size_t index) {
    v1::QuarantineCommand quarantine;
    const v1::FrameHeader& header = request.frame->opened.header;
    *quarantine.mutable_position() = MakePosition(header.device(), header.epoch(), header.first_seq() + index);
    return quarantine;
  };
  Quarantines found;
  size_t rounds = 0;
  while (rounds < kCulpritsMax) {
    const absl::Status whole = Probe(request, found, size);
    if (whole.ok()) return found;
    if (IsTrouble(whole) || !Probe(request, found, 0).ok()) return {};  // Not an entry's fault.
    // The shortest beginning that fails ends with a culprit.
    size_t good = 0;
    size_t bad = size;
    while (bad - good > 1) {
      const size_t middle = good + (bad - good) / 2;
      (Probe(request, found, middle).ok() ? good : bad) = middle;
    }
    // Where the row of a visit is damaged, none of what follows for that visit can be applied either.
    const std::string visit_id = absl::IsDataLoss(whole) ? request.frame->entries[bad - 1].visit_id : "";
    for (size_t index = bad - 1; index < size; ++index) {
      if (index >= bad && (visit_id.empty() || request.frame->entries[index].visit_id != visit_id)) continue;
      found.push_back(culprit(index));
      found.back().set_detail(std::string(whole.message().substr(0, limits::kShortTextBytesMax)));
    }
    ++rounds;
  }
  found.clear();
  for (size_t index = 0; index < size; ++index) found.push_back(culprit(index));
  return found;
}

}  // namespace doorstep
