// The office's side of a measurement: makes accounts, technicians, phones and visits on a running server, through the
// calls that dispatch systems and administrators use.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_OFFICE_H_
#define DOORSTEP_TOOLS_BENCHMARKS_OFFICE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "client_core/base/random.h"
#include "doorstep/v1/import_service.pb.h"

namespace doorstep::benchmarks {

// A phone that has enrolled, by hand: no core, no files.
struct Phone {
  std::string device;
  std::string technician;
  std::string token;
  uint64_t epoch = 0;
  std::string salt;
};

// Not thread-safe. Ends the program when a call fails: a measurement on half a set-up means nothing.
class Office {
 public:
  // `connect_file` is what the server wrote for its administrator.
  explicit Office(const std::string& connect_file);

  const std::string& address() const { return address_; }
  const std::string& token() const { return token_; }
  // A new connection, not shared with others.
  std::shared_ptr<grpc::Channel> Connect() const;

  // Accounts "account-0".. with a site and `assets` assets each.
  void MakeAccounts(int accounts, int assets);
  // Those that another Office has made.
  void UseAccounts(int accounts, int assets);
  // One command, which changes the account's brief wherever it is held.
  void RenameAccount(int account, const std::string& name);
  // Technicians "tech-PREFIX-0"..; returns their ids.
  std::vector<std::string> MakeTechnicians(const std::string& prefix, int count);
  std::string Invite(const std::string& technician);
  Phone Enrol(const std::string& technician);
  // Dispatched visits for `technician` on the day that begins at `day_us`, spread over the accounts. Returns their ids.
  std::vector<std::string> MakeVisits(const std::string& technician, int count, int64_t day_us);
  // Plans a visit for two hours from `start_us`: one command, which moves the feed of its technician.
  void MoveVisit(const std::string& id, int64_t start_us);
  // Visits that `technician` ended on the days before the one of `day_us`, imported from another system.
  void MakePastVisits(const std::string& technician, int count, int64_t day_us, int per_day = 12);
  // What a feed holds, its entities uncompressed.
  struct FeedSize {
    size_t records = 0;
    size_t bytes = 0;
  };
  FeedSize MeasureFeed(const Phone& phone);
  // p99 of reading an account's health and of having it explained, in ms.
  double HealthReadP99Ms(int reads);
  double HealthExplainP99Ms(int reads);
  // Entries per second of making everything again that was computed from what the server has received, and comparing.
  double RebuildPerS();
  int64_t ServerTimeUs();

 private:
  template <typename Request, typename Call>
  double AccountReadP99Ms(int reads, const Call& call);
  std::string RequestId();
  // The account of the next visit: each in turn.
  std::string NextAccount();
  void Import(const v1::ImportRowsRequest& request);
  std::unique_ptr<grpc::ClientContext> Context() const;

  std::string address_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
  int accounts_ = 0;
  int assets_ = 0;
  int next_account_ = 0;
  uint64_t next_request_ = 0;
  SeededRandom random_{20261123};
};

// Metadata and deadline for a call as `token`.
std::unique_ptr<grpc::ClientContext> CallAs(const std::string& token);
// Ends the program when `status` is not OK.
void Check(const grpc::Status& status, const char* doing);

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_OFFICE_H_
