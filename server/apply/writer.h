// The one thread that writes. It takes everything that waits, up to a bound, and makes one commit of it.
//
// Invariants: an answer leaves only after the commit that it speaks of; all of one group share commit_us, which grows
// from group to group; a request that fails alone takes nothing else with it.
#ifndef DOORSTEP_SERVER_APPLY_WRITER_H_
#define DOORSTEP_SERVER_APPLY_WRITER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/mutex.h"
#include "client_core/base/random.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/frame_answer.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/recent.h"
#include "server/apply/transaction.h"
#include "server/storage/feed_table.h"
#include "server/storage/push_table.h"
#include "server/storage/storage.h"

namespace doorstep {

// A mutation of any service. `run` checks the request against the data, calls Transaction::Apply with the completed
// record, and returns the answer as bytes; it may run more than once, and only the last run counts.
struct Command {
  std::string principal;
  // Empty: repeating it is safe by other means, and its answer is not kept. Else the answer is kept by (principal,
  // request_id): the same id with another body_hash is ALREADY_EXISTS.
  std::string request_id;
  std::string body_hash;
  std::function<absl::StatusOr<std::string>(Transaction& tx)> run;
};

// Completions run on the writer's thread after the commit: keep them cheap, and do not wait in them.
using FrameDone = std::function<void(absl::StatusOr<FrameAnswer>)>;
using CommandDone = std::function<void(absl::StatusOr<std::string>)>;

// What a commit has done to those who watch, or sleep.
struct Committed {
  // Of the feeds that the group looked at, whether they moved or not.
  const std::vector<FeedHead>& heads;
  // Whose state has changed, and with it perhaps what they may read.
  const std::vector<std::string>& devices;
  // For whom something urgent waits now.
  const std::vector<WantedWake>& wakes;
};

struct WriterOptions {
  // Moves the write-ahead log into the file when it has grown by so much.
  int64_t checkpoint_bytes = 32 * 1024 * 1024;
  // Told after each commit, on the writer's thread and before the answers. Cheap, and waits for nothing.
  std::function<void(const Committed&)> committed;
  // For simulations: no thread; what was submitted waits for RunGroup, and is dropped when the writer goes.
  bool own_thread = true;
  // For tests: an error makes applying the entry at this position fail.
  std::function<absl::Status(const v1::JournalPosition&)> fault;
};

class Writer {
 public:
  // All must outlive the writer. Reads where the file stands, then starts the thread.
  static absl::StatusOr<std::unique_ptr<Writer>> Start(Storage* storage, Clock* clock, Random* random,
                                                       ApplyCommand apply, LogSink log, WriterOptions options = {});
  // Drains.
  ~Writer();

  // False: the queue is full, and `done` is never called. Thread-safe.
  bool SubmitFrame(std::unique_ptr<PreparedFrame> frame, FrameDone done);
  bool SubmitCommand(Command command, CommandDone done);
  // False: the queue is so full that a request of `bytes` would not be taken. For who would rather not begin.
  bool HasRoom(size_t bytes) const;
  // Submits and waits; for programs and tests, never on the writer's thread. RESOURCE_EXHAUSTED when the queue is full.
  absl::StatusOr<FrameAnswer> ApplyFrame(std::unique_ptr<PreparedFrame> frame);
  absl::StatusOr<std::string> RunCommand(Command command);

  // Without a thread of its own: what the thread does when something waits, once; completions run here. False: nothing
  // waits.
  bool RunGroup();

  // Takes nothing more (Submit answers false), finishes what waits, and ends the thread. Repeating is safe.
  void Drain();

  // Requests that wait.
  size_t queued() const;

 private:
  struct Request {
    std::unique_ptr<PreparedFrame> frame;  // Null: a command.
    FrameDone frame_done;
    Command command;
    CommandDone command_done;
    size_t bytes = 0;
    // Filled while the group is worked on.
    absl::Status status;
    FrameAnswer frame_answer;
    std::string command_answer;
  };
  using Requests = std::vector<Request>;

  using Quarantines = std::vector<v1::QuarantineCommand>;

  Writer(Storage* storage, Clock* clock, Random* random, ApplyCommand apply, LogSink log, WriterOptions options);
  bool Submit(Request request);
  bool Fits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Loop();
  Requests TakeGroup(bool wait);
  void Finish(Requests requests);
  void CommitGroup(Requests& requests);
  // Everything of `requests` in one transaction; an error has left nothing behind.
  absl::Status TryGroup(absl::Span<Request> requests, const Quarantines& quarantines);
  void CommitAlone(Request& request);
  // Entries of a frame that fail on their own.
  Quarantines FindCulprits(Request& request);
  // What applying the first `entries` entries of the frame comes to. Leaves nothing behind.
  absl::Status Probe(Request& request, const Quarantines& quarantines, size_t entries);
  std::unique_ptr<Group> BeginGroup(const Quarantines& quarantines);
  absl::Status FollowClock(Group& group);
  void WarnOfClock(const Group& group);
  absl::Status RunAll(Group& group, absl::Span<Request> requests, const Quarantines& quarantines);
  absl::Status RunFrame(Group& group, Request& request);
  absl::Status RunCommand(Group& group, Request& request);
  absl::Status AnswerFrames(Group& group, absl::Span<Request> requests);
  void Fail(Request& request, const absl::Status& status);
  void Answer(absl::Span<Request> requests);
  void CheckpointWhenGrown();

  Storage* const storage_;
  Clock* const clock_;
  Random* const random_;
  const ApplyCommand apply_;
  const LogSink log_;
  const WriterOptions options_;
  int64_t last_commit_us_ = 0;
  bool clock_is_behind_ = false;  // Far behind last_commit_us_, when it was looked at last.
  Recent recent_;

  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Request> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_WRITER_H_
