// The truth, group by group, made ready to be applied again. Reading, decompressing and decoding it takes a thread of
// its own, which stays a little ahead of who applies it.
#ifndef DOORSTEP_SERVER_APPLY_TRUTH_READER_H_
#define DOORSTEP_SERVER_APPLY_TRUTH_READER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"
#include "doorstep/v1/command.pb.h"
#include "server/apply/prepared_frame.h"
#include "server/storage/command_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// What one commit added to the truth.
struct TruthGroup {
  struct Frame {
    FrameRow row;  // Its bytes stand in `prepared`.
    std::unique_ptr<PreparedFrame> prepared;
  };
  struct Command {
    CommandRow row;
    v1::CommandRecord record;
  };
  int64_t commit_us = 0;
  std::vector<Frame> frames;  // In the order of their numbers.
  std::vector<Command> commands;
  // What applying it leaves over: goes when the group does.
  std::vector<std::shared_ptr<void>> leftovers;
};

class TruthReader {
 public:
  // `sql` must outlive the reader and is the reader's until then.
  explicit TruthReader(SqlSession* sql);
  ~TruthReader();

  // `group` is filled anew; what it held is freed by the reader's thread. False: no more. DATA_LOSS: the next group
  // holds a row that is damaged.
  absl::StatusOr<bool> Next(TruthGroup& group);

 private:
  void Loop();
  absl::Status ReadAll();
  // The rows of the next commit; false: no more.
  absl::StatusOr<bool> ReadGroup(TruthGroup& group);
  absl::Status FillRows();
  // False: nobody wants more.
  bool Offer(TruthGroup group);

  SqlSession* const sql_;
  // The caller's own.
  std::deque<TruthGroup> taken_;
  std::deque<TruthGroup> done_;
  // The thread's own: rows that were read and belong to no group yet.
  std::deque<FrameRow> frames_;
  std::deque<CommandRow> commands_;
  int64_t last_frame_ = 0;
  int64_t last_us_ = -1;
  int64_t last_ordinal_ = 0;

  Mutex mutex_;
  CondVar changed_;
  std::deque<TruthGroup> ready_ ABSL_GUARDED_BY(mutex_);
  std::deque<TruthGroup> used_ ABSL_GUARDED_BY(mutex_);
  size_t ready_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_TRUTH_READER_H_
