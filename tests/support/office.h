// A server without a network: storage over a real file, the writer, and the office's commands as recorded.
#ifndef DOORSTEP_TESTS_SUPPORT_OFFICE_H_
#define DOORSTEP_TESTS_SUPPORT_OFFICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_core/base/clock.h"
#include "client_core/base/mutex.h"
#include "client_core/base/random.h"
#include "doorstep/v1/command.pb.h"
#include "server/apply/rebuild.h"
#include "server/apply/writer.h"
#include "server/storage/storage.h"
#include "tests/support/field_phone.h"

namespace doorstep::testing {

inline constexpr int64_t kSecond = 1000000;
inline constexpr int64_t kHour = 3600 * kSecond;
inline constexpr int64_t kDay = 24 * kHour;
// Monday 2026-11-23, 00:00 UTC.
inline constexpr int64_t kMonday = int64_t{20780} * kDay;

class SetClock final : public Clock {
 public:
  explicit SetClock(int64_t now_us) : now_us_(now_us) {}
  ClockReading Now() override {
    MutexLock lock(&mutex_);
    ClockReading reading;
    reading.wall_time_us = now_us_;
    reading.monotonic_us = now_us_;
    reading.boot_id = "boot";
    return reading;
  }
  void Set(int64_t now_us) {
    MutexLock lock(&mutex_);
    now_us_ = now_us;
  }

 private:
  Mutex mutex_;
  int64_t now_us_ ABSL_GUARDED_BY(mutex_);
};

// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class Office {
 public:
  explicit Office(WriterOptions options = {});
  ~Office();

  // As after a kill: whatever was committed is there.
  void Reopen();

  SetClock& clock() { return clock_; }
  Storage& storage() { return *storage_; }
  Writer& writer() { return *writer_; }
  SeededRandom& random() { return random_; }
  std::string path() const { return folder_.File("doorstep.db"); }

  absl::Status Do(v1::CommandRecord record);

  absl::StatusOr<FrameAnswer> Push(const FieldPhone& phone, uint64_t first, uint64_t last, bool empties = false);
  absl::StatusOr<FrameAnswer> PushBytes(const std::string& device, std::string bytes, uint64_t newest_epoch = 0);

  // ---- commands ----
  void AddAccount(const std::string& id);
  // An enrolled phone of `technician`.
  FieldPhone AddPhone(const std::string& technician);
  FieldPhone SparePhone(const FieldPhone& phone);
  void AddWorkOrder(const std::string& id, const std::string& account);
  void AddVisit(const std::string& id, const std::string& order);
  void Schedule(const std::string& visit, int64_t start_us, int64_t end_us);
  void Assign(const std::string& visit, const std::string& technician);
  void Reassign(const std::string& visit, const std::string& from, const std::string& to);
  // Work order, visit and assignment at once: `visit` is dispatched for `hour` o'clock on Monday.
  void Plan(const std::string& visit, const std::string& account, const std::string& technician, int hour);
  void Reported(const FieldPhone& phone, int64_t through_us);

  // ---- what the file says ----
  v1::Visit Visit(const std::string& id);
  // Absent: the entry counts, as far as anybody has said.
  std::optional<v1::Judgement> JudgementOf(const FieldPhone& phone, uint64_t seq);
  // What is known of the account now: signal -> how often.
  std::map<v1::Signal, int> Signals(const std::string& account);
  void Read(const std::function<void(SqlSession&)>& body);
  absl::StatusOr<RebuildReport> Rebuild();
  // Everything of the projections follows from the truth.
  void ExpectRebuildEqual();

 private:
  void Open();

  Folder folder_;
  SetClock clock_;
  SeededRandom random_;
  const WriterOptions options_;
  int devices_ = 0;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_OFFICE_H_
