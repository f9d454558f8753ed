// A real server on a loopback port and an empty folder, with stubs for every service. Only its clock is made up: it
// stands where the test puts it relative to the system's.
#ifndef DOORSTEP_TESTS_UNIT_SERVER_SERVICES_TEST_SERVER_H_
#define DOORSTEP_TESTS_UNIT_SERVER_SERVICES_TEST_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "doorstep/v1/account_service.grpc.pb.h"
#include "doorstep/v1/admin_service.grpc.pb.h"
#include "doorstep/v1/dispatch_service.grpc.pb.h"
#include "doorstep/v1/enrollment_service.grpc.pb.h"
#include "doorstep/v1/health_service.grpc.pb.h"
#include "doorstep/v1/import_service.grpc.pb.h"
#include "doorstep/v1/sync_service.grpc.pb.h"
#include "server/server.h"

namespace doorstep::testing {

inline constexpr int64_t kMinuteUs = int64_t{60} * 1000 * 1000;
inline constexpr int64_t kHourUs = 60 * kMinuteUs;
inline constexpr int64_t kDayUs = 24 * kHourUs;

// Gone with all that is in it when the test ends.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One phone: its device, token and the journal it writes.
struct Phone {
  v1::EnrollResponse enrolled;
  std::string technician_id;
  uint64_t last_seq = 0;
  std::string head_hash;  // Empty: the start of the chain.
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest();

  // Ends the server and starts another on the same folder.
  void Restart();
  void MoveClock(int64_t by_us);
  int64_t NowUs() const;

  // `token` empty: none.
  std::unique_ptr<grpc::ClientContext> As(const std::string& token) const;

  // Calls `method` of `stub` as `token` and returns the status.
  template <typename Stub, typename Method, typename Request, typename Response>
  grpc::Status Call(const std::string& token, Stub& stub, Method method, const Request& request, Response* response) {
    const auto context = As(token);
    return ((*stub).*method)(context.get(), request, response);
  }
  // The same as the administrator.
  template <typename Stub, typename Method, typename Request, typename Response>
  grpc::Status Ask(Stub& stub, Method method, const Request& request, Response* response) {
    return Call(admin_token_, stub, method, request, response);
  }

  // 16 characters, another at every call.
  std::string NextRequestId();

  // One account A-1 with site S-1, asset E-1 and technicians T-1 and T-2.
  void ImportBasics();
  v1::ImportRowsResponse Import(const std::vector<v1::ImportRow>& rows, bool dry_run = false);
  // A visit of a new work order for A-1, asset E-1, in the state SCHEDULED or DISPATCHED to `technician_id`. The
  // promised window is the hour that begins `starts_in_us` from now.
  v1::Visit ScheduledVisit(const std::string& id, int64_t starts_in_us = kHourUs);
  v1::Visit DispatchedVisit(const std::string& id, const std::string& technician_id, int64_t starts_in_us = kHourUs);

  std::string Invite(const std::string& technician_id);
  Phone Enroll(const std::string& technician_id);
  // A frame with these entries at the end of the phone's journal. Times of entries left at 0 are now.
  std::string MakeFrame(Phone& phone, std::vector<v1::LogEntry> entries, bool empties_queue = true);
  v1::PushResponse Push(Phone& phone, const std::vector<v1::LogEntry>& entries);

  TempFolder folder_;
  std::unique_ptr<Server> server_;
  std::string admin_token_;
  std::unique_ptr<v1::SyncService::Stub> sync_;
  std::unique_ptr<v1::EnrollmentService::Stub> enrollment_;
  std::unique_ptr<v1::DispatchService::Stub> dispatch_;
  std::unique_ptr<v1::AccountService::Stub> account_;
  std::unique_ptr<v1::ImportService::Stub> import_;
  std::unique_ptr<v1::HealthService::Stub> health_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  void Start();

  int64_t shift_us_ = 0;
  int requests_ = 0;
};

// Rows of the basics, for tests that change them.
v1::ImportRow AccountRow(const std::string& id, const std::string& name);
v1::ImportRow TechnicianRow(const std::string& id, const std::string& name);
v1::ImportRow PastVisitRow(const std::string& id, const std::string& asset_id, int64_t ended_time_us,
                           v1::OutcomeCode outcome);

// Facts for `visit_id`, without a time.
v1::LogEntry NoteEntry(const std::string& visit_id, const std::string& text);
v1::LogEntry ArrivedEntry(const std::string& visit_id);
v1::LogEntry WorkStartedEntry(const std::string& visit_id);
v1::LogEntry OutcomeEntry(const std::string& visit_id, v1::OutcomeCode code);

// A status with its message, for comparisons that show both.
#define EXPECT_CODE(status, code_want, text)                                                       \
  do {                                                                                             \
    const grpc::Status status_got = (status);                                                      \
    EXPECT_EQ(status_got.error_code(), grpc::StatusCode::code_want) << status_got.error_message(); \
    EXPECT_THAT(status_got.error_message(), ::testing::HasSubstr(text));                           \
  } while (false)
#define ASSERT_OK(status)                                       \
  do {                                                          \
    const grpc::Status status_got = (status);                   \
    ASSERT_TRUE(status_got.ok()) << status_got.error_message(); \
  } while (false)

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_UNIT_SERVER_SERVICES_TEST_SERVER_H_
