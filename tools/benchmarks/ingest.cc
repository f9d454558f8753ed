// What the server takes: `bench_server CONNECT_FILE SERVER_PID DATA_FOLDER` pushes prepared shifts and prints
//   ingest_per_s            50 phones at once, five shifts each, frames of 210 entries (a whole shift in a frame)
//   ingest_64_per_s         the same in frames of at most 64
//   live_per_s              50 phones, frames of one entry
//   cpu_us_per_entry        server's user and system time, of the first figure's run
//   disk_bytes_per_entry    growth of the database file, of the runs with frames of 64 and of 210
//   one_phone_210_ms        one phone's shift to durable acknowledgement, warm, a frame
//   wire_up_bytes_per_entry bytes of the Push requests, frames of at most 64
//   health_read_p99_ms      over one connection, after all of it
//   rebuild_per_s           entries of all of it, computed again and compared: what `doorstep rebuild` does
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client_core/sqlite/database.h"
#include "doorstep/v1/sync_service.grpc.pb.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/office.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kPhones = 50;
constexpr int kShifts = 5;
constexpr int kAccounts = 500;  // A company with 50 technicians has more; each day touches other ones.

// One phone that pushes its frames one after another, without a thread of its own.
class Pusher {
 public:
  Pusher(std::shared_ptr<grpc::Channel> channel, std::string token, std::vector<std::string> frames)
      : channel_(std::move(channel)),
        stub_(v1::SyncService::NewStub(channel_)),
        token_(std::move(token)),
        frames_(std::move(frames)) {}

  // `done` is called once, after the last acknowledgement.
  void Start(std::function<void()> done) {
    done_ = std::move(done);
    Next();
  }
  size_t bytes() const { return bytes_; }

 private:
  void Next() {
    if (next_ == frames_.size()) return done_();
    context_ = CallAs(token_);
    request_.set_frame(frames_[next_]);
    bytes_ += request_.ByteSizeLong();
    stub_->async()->Push(context_.get(), &request_, &response_, [this](const grpc::Status& status) {
      Check(status, "push");
      if (response_.has_fork()) Fail("push: answered with a fork");
      // A busy server asks to be asked again.
      if (response_.grant().wait_ms() == 0) ++next_;
      Next();
    });
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SyncService::Stub> stub_;
  const std::string token_;
  const std::vector<std::string> frames_;
  std::function<void()> done_;
  size_t next_ = 0;
  size_t bytes_ = 0;
  std::unique_ptr<grpc::ClientContext> context_;
  v1::PushRequest request_;
  v1::PushResponse response_;
};

// A phone with its connection and its journal.
struct Rig {
  Phone phone;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<FrameMaker> maker;
};

class Measurement {
 public:
  Measurement(Office& office, int pid, std::string folder) : office_(office), pid_(pid), folder_(std::move(folder)) {
    office_.MakeAccounts(kAccounts, 3);
    for (const std::string& technician : office_.MakeTechnicians("ingest", kPhones)) {
      Rig rig{office_.Enrol(technician), office_.Connect(), nullptr};
      rig.maker = std::make_unique<FrameMaker>(rig.phone.device, technician, rig.phone.epoch, rig.phone.salt);
      rigs_.push_back(std::move(rig));
    }
  }

  struct Run {
    double seconds = 0;
    double cpu_seconds = 0;
    double disk_bytes = 0;
    size_t wire_bytes = 0;
    int entries = 0;
  };

  // `phones` push `shifts` shifts each at once, in frames of `frame_entries`.
  Run Push(int phones, int shifts, size_t frame_entries) {
    std::vector<std::unique_ptr<Pusher>> pushers;
    Run run;
    for (int p = 0; p < phones; ++p) {
      Rig& rig = rigs_[p];
      std::vector<std::string> frames;
      for (int s = 0; s < shifts; ++s) {
        const int64_t now_us = office_.ServerTimeUs();
        std::vector<std::string> entries;
        for (const std::string& visit : office_.MakeVisits(rig.phone.technician, kVisitsPerShift, now_us)) {
          for (std::string& entry : VisitEntries(visit, now_us, random_)) entries.push_back(std::move(entry));
        }
        run.entries += static_cast<int>(entries.size());
        for (std::string& frame : rig.maker->Frames(entries, frame_entries, now_us)) frames.push_back(std::move(frame));
      }
      pushers.push_back(std::make_unique<Pusher>(rig.channel, rig.phone.token, std::move(frames)));
    }
    const double disk = DiskBytes();
    const double cpu = CpuSeconds(pid_);
    std::promise<void> all;
    std::atomic<int> left = phones;
    const double begin = Seconds();
    for (auto& pusher : pushers) {
      pusher->Start([&] {
        if (--left == 0) all.set_value();
      });
    }
    all.get_future().wait();
    run.seconds = Seconds() - begin;
    run.cpu_seconds = CpuSeconds(pid_) - cpu;
    run.disk_bytes = DiskBytes() - disk;
    for (auto& pusher : pushers) run.wire_bytes += pusher->bytes();
    return run;
  }

 private:
  // The database file, after what waited in the write-ahead log has been moved into it.
  double DiskBytes() {
    double bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().extension() != ".db") continue;
      auto db = sqlite::Database::Open({.path = file.path().string()});
      absl::Status moved = db.ok() ? (*db)->Checkpoint() : db.status();
      for (int tries = 0; absl::IsUnavailable(moved) && tries < 1000; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));  // The server is moving it itself.
        moved = (*db)->Checkpoint();
      }
      if (!moved.ok()) Fail("checkpoint of " + file.path().string() + ": " + std::string(moved.message()));
      bytes += static_cast<double>(std::filesystem::file_size(file.path()));
    }
    return bytes;
  }

  Office& office_;
  const int pid_;
  const std::string folder_;
  std::vector<Rig> rigs_;
  SeededRandom random_{20261122};
};

void Run(const std::string& connect_file, int pid, const std::string& folder) {
  Office office(connect_file);
  Measurement measurement(office, pid, folder);
  measurement.Push(kPhones, 1, 64);  // Warm: connections, caches, the database's first pages.
  std::vector<double> single_ms;
  for (int i = 0; i < 5; ++i) single_ms.push_back(measurement.Push(1, 1, kEntriesPerShift).seconds * 1e3);
  const Measurement::Run live = measurement.Push(kPhones, 1, 1);
  const Measurement::Run small = measurement.Push(kPhones, kShifts, 64);
  const Measurement::Run whole = measurement.Push(kPhones, kShifts, kEntriesPerShift);
  Print({{"ingest_per_s", whole.entries / whole.seconds},
         {"ingest_64_per_s", small.entries / small.seconds},
         {"live_per_s", live.entries / live.seconds},
         {"cpu_us_per_entry", whole.cpu_seconds * 1e6 / whole.entries},
         {"disk_bytes_per_entry", (small.disk_bytes + whole.disk_bytes) / (small.entries + whole.entries)},
         {"one_phone_210_ms", Percentile(single_ms, 0.5)},
         {"wire_up_bytes_per_entry", static_cast<double>(small.wire_bytes) / small.entries},
         {"health_read_p99_ms", office.HealthReadP99Ms(500)},
         {"health_explain_p99_ms", office.HealthExplainP99Ms(500)},
         {"rebuild_per_s", office.RebuildPerS()}});
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 4) doorstep::benchmarks::Fail("usage: bench_server CONNECT_FILE SERVER_PID DATA_FOLDER");
  doorstep::benchmarks::Run(argv[1], std::atoi(argv[2]), argv[3]);
  return 0;
}
