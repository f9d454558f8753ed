// The naive reference: a unary gRPC call and a FULL commit per entry, a server thread a call. `bench_naive DIR` prints
//   naive_entries_per_s   50 phones at once
//   naive_210_ms          one phone's 210 entries, warm
#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client_core/sqlite/database.h"
#include "naive/naive.grpc.pb.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kPhones = 50;

class Service final : public naive::Naive::Service {
 public:
  explicit Service(const std::string& path) {
    auto db = sqlite::Database::Open({.path = path});
    if (!db.ok()) Fail(db.status().ToString());
    db_ = *std::move(db);
    const absl::Status made =
        db_->Execute("CREATE TABLE entry(phone TEXT, seq INTEGER, bytes BLOB, PRIMARY KEY(phone, seq)) WITHOUT ROWID");
    auto insert = db_->Prepare("INSERT OR IGNORE INTO entry(phone, seq, bytes) VALUES($1, $2, $3)");
    if (!made.ok() || !insert.ok()) Fail("making the table");
    insert_ = *std::move(insert);
  }

  grpc::Status Add(grpc::ServerContext*, const naive::AddRequest* request, naive::AddResponse* response) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const absl::Status status = insert_.BindText(1, request->phone())
                                    .Bind(2, static_cast<int64_t>(request->seq()))
                                    .BindBlob(3, request->entry())
                                    .Run();
    if (!status.ok()) return grpc::Status(grpc::StatusCode::INTERNAL, std::string(status.message()));
    response->set_seq(request->seq());
    return grpc::Status::OK;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<sqlite::Database> db_;
  sqlite::Statement insert_;
};

void PushAll(naive::Naive::Stub& stub, const std::string& phone, uint64_t first,
             const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    grpc::ClientContext context;
    naive::AddRequest request;
    naive::AddResponse response;
    request.set_phone(phone);
    request.set_seq(first++);
    request.set_entry(entry);
    const grpc::Status status = stub.Add(&context, request, &response);
    if (!status.ok()) Fail(status.error_message());
  }
}

std::vector<std::string> Shift(uint64_t seed) {
  SeededRandom random(seed);
  std::vector<std::string> entries;
  for (int i = 0; i < kVisitsPerShift; ++i) {
    for (std::string& entry : VisitEntries("visit-" + std::to_string(i), 1700000000000000, random)) {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

void Run(const std::string& directory) {
  Service service(directory + "/naive.db");
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);

  std::vector<std::unique_ptr<naive::Naive::Stub>> stubs;
  for (int i = 0; i < kPhones; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("phone", i);  // A connection a phone.
    stubs.push_back(
        naive::Naive::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
  PushAll(*stubs[0], "warm", 1, {"warm"});
  std::vector<double> single_ms;
  for (int round = 0; round < 5; ++round) {
    const std::vector<std::string> entries = Shift(1000 + round);
    const double begin = Seconds();
    PushAll(*stubs[0], "single", 1 + round * kEntriesPerShift, entries);
    single_ms.push_back((Seconds() - begin) * 1e3);
  }

  std::vector<std::vector<std::string>> shifts;
  for (int i = 0; i < kPhones; ++i) shifts.push_back(Shift(i));
  std::vector<std::thread> phones;
  const double begin = Seconds();
  for (int i = 0; i < kPhones; ++i) {
    phones.emplace_back([&, i] { PushAll(*stubs[i], "phone-" + std::to_string(i), 1, shifts[i]); });
  }
  for (std::thread& phone : phones) phone.join();
  const double seconds = Seconds() - begin;
  server->Shutdown();
  Print({{"naive_entries_per_s", kPhones * kEntriesPerShift / seconds}, {"naive_210_ms", Percentile(single_ms, 0.5)}});
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 2) doorstep::benchmarks::Fail("usage: bench_naive EMPTY_FOLDER");
  doorstep::benchmarks::Run(argv[1]);
  return 0;
}
