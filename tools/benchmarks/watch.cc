// What watching costs and how soon a hint is there: `bench_watch CONNECT_FILE SERVER_PID` prints
//   watch_p50_ms, watch_p99_ms   1,000 phones watch and one visit is moved: from the office's call, its commit
//   included,
//                                until the hint is at the phone
//   watch_all_ms                 one commit moves the feeds of all 1,000: from the first hint until the last
//   watch_kb_per_phone           growth of the server's resident memory by 1,000 idle phones, for each of them
//   watch_bare_kb_per_phone      the same of a gRPC server with this contract that does nothing but keep streams open
//   watch_kb_per_stream          by 4,000 idle streams more, as many on a connection as the server allows
//   watch_bare_kb_per_stream     the same of the bare server
// Servers and phones share the machine; nothing is encrypted.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client_core/base/limits.h"
#include "doorstep/v1/account_service.grpc.pb.h"
#include "doorstep/v1/admin_service.grpc.pb.h"
#include "doorstep/v1/attachment_service.grpc.pb.h"
#include "doorstep/v1/dispatch_service.grpc.pb.h"
#include "doorstep/v1/enrollment_service.grpc.pb.h"
#include "doorstep/v1/health_service.grpc.pb.h"
#include "doorstep/v1/import_service.grpc.pb.h"
#include "doorstep/v1/sync_service.grpc.pb.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/office.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kStreams = 5000;
constexpr int kWatchers = 1000;
constexpr size_t kTogether = limits::kStreamsPerConnectionMax;
constexpr int kTechniciansAtOnce = 500;  // Rows of an import.
constexpr int kPhonesOfATechnician = kStreams / kWatchers;
constexpr int kThreads = 16;
constexpr int kMoves = 300;
constexpr int kBursts = 5;
constexpr int64_t kHourUs = int64_t{3600} * 1000000;
constexpr double kPatienceS = 60;

double ResidentKb(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) Fail("the server is gone");
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

// ---- the bare server ----

class IdleStream final : public grpc::ServerWriteReactor<v1::WatchResponse> {
 public:
  IdleStream() {
    message_.set_keep_alive_ms(limits::kWatchKeepAliveMs);
    StartWrite(&message_);
  }
  void OnWriteDone(bool) override { message_.Clear(); }
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  v1::WatchResponse message_;
};

class BareService final : public v1::SyncService::CallbackService {
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(grpc::CallbackServerContext*, const v1::WatchRequest*) override {
    return new IdleStream;
  }
};

[[noreturn]] void ServeBare(int port_to) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // However the measurement ends.
  BareService service;
  // gRPC keeps a table of all methods with each connection: the same contract, so the same table.
  v1::EnrollmentService::CallbackService enrollment;
  v1::DispatchService::CallbackService dispatch;
  v1::AccountService::CallbackService account;
  v1::ImportService::CallbackService import;
  v1::HealthService::CallbackService health;
  v1::AttachmentService::CallbackService attachment;
  v1::AdminService::CallbackService admin;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  for (grpc::Service* other :
       std::initializer_list<grpc::Service*>{&enrollment, &dispatch, &account, &import, &health, &attachment, &admin}) {
    builder.RegisterService(other);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (write(port_to, &port, sizeof(port)) != sizeof(port)) std::exit(1);
  server->Wait();  // Until it is killed.
  std::exit(1);
}

// A process of its own, made before this one knows gRPC.
class BareServer {
 public:
  BareServer() {
    int ends[2];
    if (pipe(ends) != 0) Fail("pipe");
    pid_ = fork();
    if (pid_ < 0) Fail("fork");
    if (pid_ == 0) ServeBare(ends[1]);
    if (read(ends[0], &port_, sizeof(port_)) != sizeof(port_)) Fail("the bare server did not start");
  }
  ~BareServer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

// ---- phones ----

// One stream, which notes when it heard of which head.
class Watcher final : public grpc::ClientReadReactor<v1::WatchResponse> {
 public:
  Watcher(v1::SyncService::Stub& stub, const std::string& token) : context_(CallAs(token)) {
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(20));
    stub.async()->Watch(context_.get(), &request_, this);
    StartRead(&message_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const double now = Seconds();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++messages_;
      heard_at_ = now;
      changed_.notify_all();
    }
    StartRead(&message_);
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    status_ = status;
    changed_.notify_all();
  }

  int messages() {
    std::lock_guard<std::mutex> lock(mutex_);
    return messages_;
  }
  // Waits for a message after the first `messages`; when it came.
  double WaitBeyond(int messages) {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool heard = changed_.wait_for(lock, std::chrono::duration<double>(kPatienceS),
                                         [&] { return messages_ > messages || done_; });
    if (done_) Fail("a stream ended: " + status_.error_message());
    if (!heard) Fail("a hint did not come within a minute");
    return heard_at_;
  }
  void Cancel() { context_->TryCancel(); }
  void WaitForEnd() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return done_; });
  }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  const v1::WatchRequest request_;
  v1::WatchResponse message_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int messages_ = 0;
  double heard_at_ = 0;
  bool done_ = false;
  grpc::Status status_;
};

// Streams with these tokens, all of which have heard their first message.
class Watchers {
 public:
  Watchers(const std::string& address, const std::vector<std::string>& tokens, size_t per_connection) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i % per_connection == 0) {
        grpc::ChannelArguments arguments;
        arguments.SetInt("connection", static_cast<int>(i));
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        stubs_.push_back(v1::SyncService::NewStub(
            grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
      }
      watchers_.push_back(std::make_unique<Watcher>(*stubs_.back(), tokens[i]));
    }
    for (const auto& watcher : watchers_) watcher->WaitBeyond(0);
  }
  ~Watchers() {
    for (const auto& watcher : watchers_) watcher->Cancel();
    for (const auto& watcher : watchers_) watcher->WaitForEnd();
  }
  Watcher& at(size_t i) { return *watchers_[i]; }
  size_t size() const { return watchers_.size(); }

 private:
  std::vector<std::unique_ptr<v1::SyncService::Stub>> stubs_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
};

// ---- the office ----

struct Company {
  std::vector<std::string> technicians;
  std::vector<std::string> visits;  // One of each technician.
  std::vector<std::string> tokens;  // The first phone of each technician, then the others.
};

Company MakeCompany(const std::string& connect_file, Office& office) {
  office.MakeAccounts(1, 1);  // Its brief is in the feeds of all.
  Company company;
  for (int made = 0; made < kWatchers; made += kTechniciansAtOnce) {
    for (std::string& id : office.MakeTechnicians("watch-" + std::to_string(made), kTechniciansAtOnce)) {
      company.technicians.push_back(std::move(id));
    }
  }
  company.visits.resize(kWatchers);
  company.tokens.resize(kStreams);
  const int64_t day_us = office.ServerTimeUs() + kHourUs;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Office own(connect_file);
      own.UseAccounts(1, 1);
      for (int i = t; i < kWatchers; i += kThreads) {
        company.visits[i] = own.MakeVisits(company.technicians[i], 1, day_us)[0];
        for (int p = 0; p < kPhonesOfATechnician; ++p) {
          company.tokens[p * kWatchers + i] = own.Enrol(company.technicians[i]).token;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return company;
}

struct Memory {
  double kb_per_phone = 0;
  double kb_per_stream = 0;
};

// All of them are open at the end, because memory that is given back would be there for the next and not be counted.
Memory MeasureMemory(int pid, const std::string& address, const Company& company) {
  const auto first = company.tokens.begin();
  // What the first connection brings along once is not for each.
  { const Watchers warm(address, {first, first + kTogether}, kTogether); }
  const double before = ResidentKb(pid);
  const Watchers phones(address, {first, first + kWatchers}, 1);
  const double between = ResidentKb(pid);
  const Watchers streams(address, {first + kWatchers, company.tokens.end()}, kTogether);
  return {(between - before) / kWatchers, (ResidentKb(pid) - between) / static_cast<double>(streams.size())};
}

Figures MeasureHints(Office& office, const Company& company) {
  Watchers watchers(office.address(), {company.tokens.begin(), company.tokens.begin() + kWatchers}, kTogether);
  const int64_t day_us = office.ServerTimeUs() + kHourUs;
  std::vector<double> ms;
  for (int i = 0; i < kMoves; ++i) {
    const int one = i * 37 % kWatchers;
    Watcher& watcher = watchers.at(one);
    const int before = watcher.messages();
    const double begin = Seconds();
    office.MoveVisit(company.visits[one], day_us + (i + 1) * int64_t{60} * 1000000);
    ms.push_back((watcher.WaitBeyond(before) - begin) * 1e3);
  }
  std::vector<double> all_ms;
  for (int i = 0; i < kBursts; ++i) {
    std::vector<int> before;
    for (size_t w = 0; w < watchers.size(); ++w) before.push_back(watchers.at(w).messages());
    office.RenameAccount(0, "Customer renamed for the " + std::to_string(i) + ". time");
    double first = 1e18;
    double last = 0;
    for (size_t w = 0; w < watchers.size(); ++w) {
      const double heard = watchers.at(w).WaitBeyond(before[w]);
      first = std::min(first, heard);
      last = std::max(last, heard);
    }
    all_ms.push_back((last - first) * 1e3);
  }
  return {{"watch_p50_ms", Percentile(ms, 0.5)},
          {"watch_p99_ms", Percentile(ms, 0.99)},
          {"watch_all_ms", Percentile(all_ms, 0.5)}};
}

void Run(const std::string& connect_file, int pid, const BareServer& bare) {
  Office office(connect_file);
  const Company company = MakeCompany(connect_file, office);
  const Memory ours = MeasureMemory(pid, office.address(), company);
  const Memory theirs = MeasureMemory(bare.pid(), bare.address(), company);
  Figures figures = {{"watch_kb_per_phone", ours.kb_per_phone},
                     {"watch_bare_kb_per_phone", theirs.kb_per_phone},
                     {"watch_kb_per_stream", ours.kb_per_stream},
                     {"watch_bare_kb_per_stream", theirs.kb_per_stream}};
  for (const auto& figure : MeasureHints(office, company)) figures.push_back(figure);
  Print(figures);
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 3) doorstep::benchmarks::Fail("usage: bench_watch CONNECT_FILE SERVER_PID");
  const doorstep::benchmarks::BareServer bare;
  doorstep::benchmarks::Run(argv[1], std::atoi(argv[2]), bare);
  return 0;
}
