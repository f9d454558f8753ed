// A phone's session over a server in memory: what the tests of the session share.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_SESSION_FIXTURE_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_SESSION_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/session/session.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {

inline constexpr int64_t kStartUs = int64_t{1763900000} * 1000000;

// Every look at it is a millisecond later.
class TickingClock final : public Clock {
 public:
  ClockReading Now() override {
    const int64_t us = ++looks_ * 1000;
    return {kStartUs + us, 5000000 + us, 3600, boot_};
  }
  explicit TickingClock(std::string boot) : boot_(std::move(boot)) {}

 private:
  const std::string boot_;
  std::atomic<int64_t> looks_{0};
};

inline v1::AppendRequest NoteRequest(const std::string& visit, const std::string& text, const std::string& token = "") {
  v1::AppendRequest request;
  request.mutable_entry()->set_visit_id(visit);
  request.mutable_entry()->mutable_note()->set_text(text);
  request.set_token(token);
  return request;
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string path = testing::TempDir() + "/session-XXXXXX";
    directory_ = mkdtemp(path.data());
  }
  ~SessionTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open(std::unique_ptr<Transport> transport = nullptr, const std::string& boot = "boot-1",
            std::optional<HostSigner> signer = {}) {
    session_.reset();
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<TickingClock>(boot);
    parts.random = std::make_unique<SeededRandom>(++opened_);
    parts.transport = transport != nullptr ? std::move(transport) : std::make_unique<FakeTransport>(&server_);
    parts.signer = std::move(signer);
    parts.metrics = [this](const Metric& metric) {
      MutexLock lock(&measured_mutex_);
      measured_.push_back(absl::StrCat(metric.what, " ", metric.method, " ", absl::StatusCodeToString(metric.code)));
      EXPECT_GE(metric.duration_us, 0);
    };
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts));
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }

  absl::Status Enrol() {
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    request.set_device_name("Ana's phone");
    return session_->Enrol(request);
  }

  void OpenEnrolled() {
    Open();
    const absl::Status enrolled = Enrol();
    ASSERT_TRUE(enrolled.ok()) << enrolled;
  }

  void AppendNotes(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::StatusOr<v1::AppendResponse> response =
          session_->Append(NoteRequest("visit-1", absl::StrCat("note ", ++notes_)));
      ASSERT_TRUE(response.ok()) << response.status();
    }
  }

  v1::SyncReport Sync(uint32_t time_ms = 500) {
    v1::SyncBudget budget;
    budget.set_time_ms_max(time_ms);
    const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::SyncReport();
  }

  v1::PhoneStatus Status() {
    const absl::StatusOr<v1::PhoneStatus> status = session_->Status();
    EXPECT_TRUE(status.ok()) << status.status();
    return status.ok() ? *status : v1::PhoneStatus();
  }

  // "call /doorstep.v1.SyncService/Push OK", in the order in which they were told.
  std::vector<std::string> Measured() {
    MutexLock lock(&measured_mutex_);
    return measured_;
  }

  // The notes that the server holds, each once, in order of recording.
  std::vector<std::string> NotesAtServer() const {
    std::vector<std::string> notes;
    for (const v1::LogEntry& entry : server_.Entries()) notes.push_back(entry.note().text());
    return notes;
  }
  std::vector<std::string> NotesRecorded() const {
    std::vector<std::string> notes;
    for (int i = 1; i <= notes_; ++i) notes.push_back(absl::StrCat("note ", i));
    return notes;
  }

  bool HasEvent(v1::PhoneEvent::Kind kind) {
    const absl::StatusOr<v1::EventsPollResponse> response = session_->EventsPoll(1000, 0);
    if (!response.ok()) return false;
    for (const v1::PhoneEvent& event : response->events()) seen_.push_back(event);
    for (const v1::PhoneEvent& event : seen_) {
      if (event.kind() == kind) return true;
    }
    return false;
  }

  std::string directory_;
  FakeServer server_;
  Mutex measured_mutex_;
  std::vector<std::string> measured_ ABSL_GUARDED_BY(measured_mutex_);
  std::unique_ptr<Session> session_;
  std::vector<v1::PhoneEvent> seen_;
  int notes_ = 0;
  uint64_t opened_ = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_SESSION_FIXTURE_H_
