// A phone's folder, an enrolled store in it, and an office that makes pages: what the tests of the store share.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_STORE_FIXTURE_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_STORE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/sqlite/database.h"
#include "client_core/store/local_store.h"
#include "tests/support/enrolment.h"
#include "tests/support/office_feed.h"

namespace doorstep {

inline constexpr int64_t kNineOClockUs = int64_t{1795420800} * 1000000;
inline constexpr uint64_t kNoBound = 1000000;

// Fails the test with the status instead of crashing on a value that is not there.
#define ASSERT_OK(expr)                                \
  do {                                                 \
    const absl::Status asserted = (expr);              \
    ASSERT_TRUE(asserted.ok()) << asserted.ToString(); \
  } while (false)

inline v1::LogEntry EntryOf(const std::string& visit_id, v1::LogEntry::FactCase fact, int minute = 0,
                            const std::string& boot = "boot-1") {
  v1::LogEntry entry;
  entry.set_visit_id(visit_id);
  entry.mutable_time()->set_wall_time_us(kNineOClockUs + int64_t{minute} * 60000000);
  entry.mutable_time()->set_monotonic_us(int64_t{minute} * 60000000);
  entry.mutable_time()->set_boot_id(boot);
  switch (fact) {
    case v1::LogEntry::kTravelStarted:
      entry.mutable_travel_started();
      break;
    case v1::LogEntry::kArrived:
      entry.mutable_arrived();
      break;
    case v1::LogEntry::kWorkStarted:
      entry.mutable_work_started();
      break;
    default:
      entry.mutable_note()->set_text("the valve seat is worn on cylinder 3");
      entry.set_nonce(std::string(16, 'n'));
  }
  return entry;
}

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "doorstep-store-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    options_.directory = folder;
  }
  void TearDown() override {
    store_.reset();
    const std::string command = "rm -rf '" + options_.directory + "'";
    ASSERT_EQ(system(command.c_str()), 0);
  }

  absl::Status Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<LocalStore>> opened = LocalStore::Open(options_);
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return absl::OkStatus();
  }
  void OpenEnrolled() {
    ASSERT_OK(Open());
    ASSERT_OK(journal().PrepareEnrolment(Invitation(), random_).status());
    ASSERT_OK(store_->CompleteEnrolment(Enrolment()));
  }
  // What a damaged file might say; closes the store.
  void EditFile(const std::string& file, const std::string& sql) {
    store_.reset();
    sqlite::OpenOptions options;
    options.path = Path(file);
    const auto db = sqlite::Database::Open(options);
    ASSERT_OK(db.status());
    ASSERT_OK((*db)->Execute(sql));
  }
  static v1::EnrolmentRequest Invitation() {
    v1::EnrolmentRequest request;
    request.set_invitation_code("blue-kite-42");
    request.set_device_name("Ana's phone");
    return request;
  }
  // Appends and returns the seq; 0 when refused.
  uint64_t Append(const v1::LogEntry& entry, const std::string& token = "") {
    const absl::StatusOr<AppendResult> result = store_->Append("ana", entry, token);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    return result.ok() ? result->position.seq() : 0;
  }
  void AppendNotes(int count) {
    for (int i = 0; i < count; ++i) Append(EntryOf("v1", v1::LogEntry::kNote, i));
  }
  v1::JournalMark MarkAt(uint64_t epoch, uint64_t seq, uint64_t backed_up = 0) {
    v1::JournalMark mark;
    mark.set_epoch(epoch);
    mark.set_received_through(seq);
    mark.set_backed_up_through(backed_up);
    const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(epoch, 0, seq, kNoBound);
    if (frame.ok() && frame->last_seq == seq) mark.set_hash(std::string(AsBytes(frame->head_hash)));
    return mark;
  }
  v1::JournalState Judged(uint64_t epoch, uint64_t seq) {
    v1::JournalState state;
    *state.mutable_mark() = MarkAt(epoch, seq);
    state.set_judged_through(seq);
    return state;
  }
  // The server's answer to a clone: both have epoch `epoch` in common through `last_common_seq`.
  static v1::Fork ForkOf(uint64_t epoch, uint64_t last_common_seq, uint64_t new_epoch) {
    v1::Fork fork;
    fork.set_epoch(epoch);
    fork.set_last_common_seq(last_common_seq);
    fork.set_new_epoch(new_epoch);
    fork.set_new_epoch_salt(std::string(16, 'f'));
    return fork;
  }
  static v1::Visit VisitRow(const std::string& id, uint64_t folded_seq = 0, uint64_t epoch = 1) {
    v1::Visit visit;
    visit.set_id(id);
    visit.set_account_id("mill");
    visit.set_state(v1::VISIT_STATE_DISPATCHED);
    v1::Assignment& assignment = *visit.add_assignments();
    assignment.set_technician_id("ana");
    assignment.set_role(v1::ASSIGNMENT_ROLE_LEAD);
    assignment.set_state(v1::ASSIGNMENT_STATE_ASSIGNED);
    if (folded_seq > 0) {
      v1::FoldedJournal& folded = *visit.add_folded();
      folded.set_device("d7");
      folded.set_epoch(epoch);
      folded.set_seq(folded_seq);
    }
    return visit;
  }
  // C1 of a delta from where the replica stands.
  PageChanges Apply(const OfficeFeed& feed, const v1::PullResponse& page) {
    const absl::StatusOr<PageChanges> changes =
        store_->ApplyPage(feed.name(), store_->replica().Cursor(feed.name()), page);
    EXPECT_TRUE(changes.ok()) << changes.status().ToString();
    return changes.ok() ? *changes : PageChanges();
  }
  PageChanges ApplyDelta(const OfficeFeed& feed) { return Apply(feed, feed.Delta(0)); }
  void Settle() { ASSERT_OK(store_->Settle().status()); }
  std::vector<std::string> VisitIds() {
    std::vector<std::string> ids;
    const absl::StatusOr<std::vector<v1::LocalVisit>> visits = store_->view().Visits("");
    EXPECT_TRUE(visits.ok()) << visits.status().ToString();
    if (!visits.ok()) return ids;
    for (const v1::LocalVisit& local : *visits) ids.push_back(local.visit().id());
    return ids;
  }
  // One line each.
  std::string Explained(const v1::ExplainRequest& request) {
    const absl::StatusOr<v1::Explanation> explanation = Explain(journal(), store_->replica(), request);
    if (!explanation.ok()) return explanation.status().ToString();
    std::string text;
    for (const std::string& line : explanation->lines()) text += line + "\n";
    return text;
  }

  Journal& journal() { return store_->journal(); }
  std::string Path(const std::string& file) const { return options_.directory + "/" + file; }
  std::string ReadFile(const std::string& file) const {
    std::ifstream in(Path(file), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  }
  void OverwriteFile(const std::string& file, size_t offset, const std::string& bytes) const {
    std::fstream out(Path(file), std::ios::binary | std::ios::in | std::ios::out);
    ASSERT_TRUE(out.seekp(static_cast<std::streamoff>(offset)).write(bytes.data(), bytes.size()).good());
  }

  StoreOptions options_;
  SeededRandom random_{7};
  OfficeFeed device_feed_{"device"};
  OfficeFeed ana_feed_{"technician:ana"};
  std::unique_ptr<LocalStore> store_;
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_STORE_FIXTURE_H_
