// A phone's photos through the whole core: added, named, sent after the entry, gone on with after a kill, explained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/limits.h"
#include "client_core/session/session.h"
#include "doorstep/v1/attachment.pb.h"
#include "tests/support/photo.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HashOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Photo;

constexpr int64_t kStartUs = int64_t{1763900000} * 1000000;
constexpr uint64_t kPiece = limits::kAttachmentChunkBytesMax;
const char kPut[] = "/doorstep.v1.AttachmentService/PutChunk";

class TickingClock final : public Clock {
 public:
  ClockReading Now() override {
    const int64_t us = ++looks_ * 1000;
    return {kStartUs + us, 5000000 + us, 3600, "boot-1"};
  }

 private:
  std::atomic<int64_t> looks_{0};
};

// What an office does with pieces, in memory.
class PhotoOffice {
 public:
  explicit PhotoOffice(FakeServer* server) : server_(server) {}

  absl::StatusOr<std::string> Handle(const std::string& method, const std::string& bytes) {
    if (method == kPut) {
      v1::PutChunkRequest request;
      EXPECT_TRUE(request.ParseFromString(bytes));
      v1::PutChunkResponse response;
      response.set_generation(server_->generation);
      *response.mutable_progress() = Put(request);
      return response.SerializeAsString();
    }
    v1::CheckAttachmentsRequest request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    v1::CheckAttachmentsResponse response;
    response.set_generation(server_->generation);
    for (const v1::AttachmentClaim& claim : request.attachments()) *response.add_progress() = Say(claim);
    ++questions;
    return response.SerializeAsString();
  }

  std::map<std::string, std::string> partial;
  std::map<std::string, std::string> whole;
  std::vector<std::string> order;  // Hashes in the order in which they became whole.
  std::vector<uint64_t> offsets;   // Of every piece.
  int questions = 0;
  int spoil = 0;  // So many pieces are spoiled on their way.
  bool disk_full = false;

 private:
  v1::AttachmentProgress Say(const v1::AttachmentClaim& claim) {
    v1::AttachmentProgress progress;
    progress.set_sha256(claim.sha256());
    const bool stored = whole.count(claim.sha256()) > 0;
    progress.set_state(stored ? v1::ATTACHMENT_STATE_STORED : v1::ATTACHMENT_STATE_RECEIVING);
    progress.set_stored_through(stored ? claim.size_bytes() : partial[claim.sha256()].size());
    return progress;
  }
  v1::AttachmentProgress Put(const v1::PutChunkRequest& request) {
    const v1::AttachmentClaim& claim = request.attachment();
    offsets.push_back(request.offset());
    const auto journal = server_->journals.find(claim.epoch());
    EXPECT_TRUE(journal != server_->journals.end() && claim.seq() <= journal->second.entries.size())
        << "the entry goes first";
    std::string& have = partial[claim.sha256()];
    if (disk_full) {
      v1::AttachmentProgress full = Say(claim);
      full.set_state(v1::ATTACHMENT_STATE_DISK_FULL);
      full.set_wait_ms(60000);
      full.set_message("the office's disk has no room for attachments");
      return full;
    }
    if (request.offset() <= have.size() && request.offset() + request.data().size() > have.size()) {
      have += request.data().substr(have.size() - request.offset());
    }
    if (spoil > 0 && spoil-- > 0) have[0] = static_cast<char>(have[0] + 1);
    if (have.size() < claim.size_bytes()) return Say(claim);
    if (HashOf(have) != claim.sha256()) {
      have.clear();
      v1::AttachmentProgress mismatch = Say(claim);
      mismatch.set_state(v1::ATTACHMENT_STATE_MISMATCH);
      return mismatch;
    }
    if (whole.emplace(claim.sha256(), have).second) order.push_back(claim.sha256());
    return Say(claim);
  }

  FakeServer* const server_;
};

class AttachmentsSessionTest : public ::testing::Test {
 protected:
  AttachmentsSessionTest() {
    std::string path = ::testing::TempDir() + "/session-XXXXXX";
    directory_ = mkdtemp(path.data());
    server_.attachments = [this](const std::string& method, const std::string& request) {
      return office_.Handle(method, request);
    };
    Open();
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    const absl::Status enrolled = session_->Enrol(request);
    EXPECT_TRUE(enrolled.ok()) << enrolled;
  }
  ~AttachmentsSessionTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }
  void Open() {
    session_.reset();
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<TickingClock>();
    parts.random = std::make_unique<SeededRandom>(++opened_);
    parts.transport = std::make_unique<FakeTransport>(&server_);
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts));
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }

  void Add(const std::string& photo, v1::AttachmentKind kind = v1::ATTACHMENT_KIND_ORIGINAL) {
    v1::AttachmentAddRequest request;
    request.set_content(photo);
    request.set_kind(kind);
    const auto added = session_->AttachmentAdd(request);
    ASSERT_TRUE(added.ok()) << added.status();
    EXPECT_EQ(added->sha256(), HashOf(photo));
  }
  v1::AppendResponse Name(const std::string& photo, const std::string& preview = "") {
    v1::AppendRequest request;
    request.mutable_entry()->set_visit_id("visit-1");
    v1::AttachmentAdded& added = *request.mutable_entry()->mutable_attachment_added();
    added.set_sha256(HashOf(photo));
    added.set_size_bytes(photo.size());
    if (!preview.empty()) {
      added.set_preview_sha256(HashOf(preview));
      added.set_preview_size_bytes(preview.size());
    }
    const auto appended = session_->Append(request);
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? *appended : v1::AppendResponse();
  }
  // One call; what fails in it is put off beyond its end.
  v1::SyncReport Sync(v1::NetworkClass network = v1::NETWORK_CLASS_UNSPECIFIED, uint64_t bytes_max = 0) {
    v1::SyncBudget budget;
    budget.set_time_ms_max(900);
    budget.set_bytes_max(bytes_max);
    budget.set_network_class(network);
    const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::SyncReport();
  }
  // As often as it takes, within a bound.
  bool SyncAll() {
    for (int i = 0; i < 12; ++i) {
      if (Sync().complete()) return true;
    }
    return false;
  }
  std::vector<std::string> ExplainVisit() {
    v1::ExplainRequest request;
    request.set_visit_id("visit-1");
    const auto explained = session_->Explain(request);
    EXPECT_TRUE(explained.ok()) << explained.status();
    return explained.ok() ? std::vector<std::string>(explained->lines().begin(), explained->lines().end())
                          : std::vector<std::string>();
  }
  v1::LocalAttachment Listed(const std::string& photo) {
    v1::AttachmentsListRequest request;
    request.set_sha256(HashOf(photo));
    const auto list = session_->AttachmentsList(request);
    EXPECT_TRUE(list.ok() && list->attachments_size() == 1) << list.status();
    return list.ok() && list->attachments_size() == 1 ? list->attachments(0) : v1::LocalAttachment();
  }

  std::string directory_;
  FakeServer server_;
  PhotoOffice office_{&server_};
  uint64_t opened_ = 0;
  std::unique_ptr<Session> session_;
};

TEST_F(AttachmentsSessionTest, PhotosFollowTheirEntriesAndPreviewsGoFirst) {
  const std::string one = Photo(3 * kPiece + 17, 1);
  const std::string two = Photo(100, 2);
  const std::string preview = Photo(50, 3);
  Add(one);
  Add(two);
  Add(preview, v1::ATTACHMENT_KIND_PREVIEW);
  EXPECT_THAT(Name(one).warnings(), ::testing::Not(Contains(HasSubstr("attachment"))));
  Name(two, preview);
  EXPECT_THAT(ExplainVisit(), Contains("0 of 2 photos safe at the office."));
  const v1::SyncReport report = Sync();
  EXPECT_TRUE(report.complete()) << report.stopped_because();
  EXPECT_EQ(report.attachments_sent(), 3u);
  EXPECT_EQ(report.attachments_left(), 0u);
  EXPECT_THAT(office_.order, ElementsAre(HashOf(preview), HashOf(one), HashOf(two)));
  EXPECT_EQ(office_.whole[HashOf(one)], one);
  EXPECT_THAT(ExplainVisit(), Contains("2 of 2 photos safe at the office."));
  EXPECT_EQ(Listed(one).stage(), v1::ATTACHMENT_STAGE_SAFE_AT_OFFICE);
  EXPECT_EQ(Listed(one).named_by().seq(), 1u);
}

TEST_F(AttachmentsSessionTest, AnEntryCountsBeforeItsPhotoHasCome) {
  const std::string photo = Photo(1000);
  Add(photo);
  const v1::JournalPosition position = Name(photo).position();
  const v1::SyncReport report = Sync(v1::NETWORK_CLASS_METERED);
  EXPECT_TRUE(report.complete()) << report.stopped_because();
  EXPECT_EQ(report.attachments_left(), 1u);
  EXPECT_THAT(office_.offsets, IsEmpty());
  EXPECT_EQ(session_->EntryStatus(position)->stage(), v1::ENTRY_STAGE_COUNTED);
  v1::ExplainRequest request;
  *request.mutable_entry() = position;
  EXPECT_THAT(session_->Explain(request)->lines(), Contains(HasSubstr("nothing of 1000 bytes sent")));
  EXPECT_TRUE(Sync(v1::NETWORK_CLASS_UNMETERED).complete());
  EXPECT_EQ(office_.whole.size(), 1u);
}

TEST_F(AttachmentsSessionTest, AMeteredNoticeHoldsOriginalsUntilTheNextOne) {
  const std::string photo = Photo(1000);
  Add(photo);
  Name(photo);
  ASSERT_TRUE(session_->Notify(v1::PHONE_NOTICE_NETWORK_METERED).ok());
  Sync();
  EXPECT_EQ(session_->Status()->attachments_waiting(), 1u);
  EXPECT_EQ(session_->Status()->attachments_queued_bytes(), 1000u);
  EXPECT_THAT(Listed(photo).text(), HasSubstr("not metered"));
  ASSERT_TRUE(session_->Notify(v1::PHONE_NOTICE_NETWORK_UNMETERED).ok());
  Sync();
  EXPECT_EQ(session_->Status()->attachments_queued(), 0u);
}

TEST_F(AttachmentsSessionTest, AKilledPhoneGoesOnWhereTheOfficeIs) {
  const std::string photo = Photo(8 * kPiece);
  Add(photo);
  Name(photo);
  Sync(v1::NETWORK_CLASS_UNMETERED, 3 * kPiece);  // The budget ends in the midst of it.
  const size_t sent = office_.partial[HashOf(photo)].size();
  ASSERT_GT(sent, 0u);
  ASSERT_LT(sent, photo.size());
  Open();
  office_.offsets.clear();
  EXPECT_TRUE(SyncAll());
  EXPECT_EQ(office_.offsets.front(), sent);
  EXPECT_EQ(office_.whole[HashOf(photo)], photo);
}

TEST_F(AttachmentsSessionTest, ALostAnswerIsNotSentTwiceFromTheBeginning) {
  const std::string photo = Photo(4 * kPiece);
  Add(photo);
  Name(photo);
  int lost = 0;
  server_.fate = [&](const std::string& method, const std::string&) -> FakeServer::Fate {
    if (method == kPut && ++lost <= 3) return {absl::UnavailableError("lost"), /*after=*/true};
    return {};
  };
  EXPECT_TRUE(SyncAll());
  EXPECT_EQ(office_.whole[HashOf(photo)], photo);
}

TEST_F(AttachmentsSessionTest, APieceThatWasSpoiledOnItsWayIsSentAgain) {
  const std::string photo = Photo(2 * kPiece);
  Add(photo);
  Name(photo);
  office_.spoil = 1;
  EXPECT_TRUE(SyncAll());
  EXPECT_EQ(office_.whole[HashOf(photo)], photo);
  EXPECT_EQ(session_->Status()->attachments_damaged(), 0u);
}

TEST_F(AttachmentsSessionTest, AFullDiskAtTheOfficeHoldsUpPhotosOnly) {
  const std::string photo = Photo(1000);
  Add(photo);
  Name(photo);
  office_.disk_full = true;
  const v1::SyncReport report = Sync();
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.stopped_because(), HasSubstr("no room"));
  EXPECT_EQ(report.entries_left(), 0u);
  EXPECT_THAT(Listed(photo).text(), HasSubstr("no room for attachments"));
}

TEST_F(AttachmentsSessionTest, ARestoredOfficeGetsAgainWhatItLost) {
  const std::string photo = Photo(1000);
  Add(photo);
  Name(photo);
  EXPECT_TRUE(SyncAll());
  ASSERT_EQ(office_.whole.size(), 1u);
  server_.Restore("g2", 1, 0);
  office_.whole.clear();
  office_.partial.clear();
  EXPECT_TRUE(SyncAll());
  EXPECT_GT(office_.questions, 0);
  EXPECT_EQ(office_.whole[HashOf(photo)], photo);
}

TEST_F(AttachmentsSessionTest, AnOlderServerTakesEntriesAllTheSame) {
  server_.attachments = nullptr;
  const std::string photo = Photo(1000);
  Add(photo);
  Name(photo);
  const v1::SyncReport report = Sync();
  EXPECT_EQ(report.entries_left(), 0u);
  EXPECT_EQ(report.attachments_left(), 1u);
  EXPECT_THAT(report.stopped_because(), ::testing::HasSubstr("the server is older than this app"));
  EXPECT_EQ(server_.calls[kPut], 1);
}

TEST_F(AttachmentsSessionTest, AnEntryWithoutItsPhotoIsRecordedAndSaysSo) {
  const std::string photo = Photo(1000);
  EXPECT_THAT(Name(photo).warnings(), Contains(HasSubstr("its attachment is not on this phone")));
  EXPECT_TRUE(SyncAll());
  EXPECT_THAT(ExplainVisit(), Contains("0 of 1 photo safe at the office."));
  Add(photo);
  EXPECT_TRUE(SyncAll()) << "added afterwards it goes all the same";
  EXPECT_EQ(office_.whole.size(), 1u);
}

TEST_F(AttachmentsSessionTest, AFileIsCopiedAndReadBack) {
  const std::string photo = Photo(kPiece + 100);
  const std::string path = directory_ + "/photo.jpg";
  std::ofstream(path, std::ios::binary) << photo;
  v1::AttachmentAddRequest request;
  request.set_path(path);
  request.set_content_type("image/jpeg");
  const auto added = session_->AttachmentAdd(request);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->size_bytes(), photo.size());
  std::filesystem::remove(path);
  v1::AttachmentReadRequest read;
  read.set_sha256(added->sha256());
  read.set_length(limits::kAttachmentRangeBytesMax);
  EXPECT_EQ(session_->AttachmentRead(read)->data(), photo);
  request.set_path(path);
  EXPECT_EQ(session_->AttachmentAdd(request).status().code(), absl::StatusCode::kNotFound);
  request.set_path(directory_);
  EXPECT_EQ(session_->AttachmentAdd(request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(session_->AttachmentAdd(v1::AttachmentAddRequest()).status().code(), absl::StatusCode::kInvalidArgument);
}

// A pipe is open only when somebody writes into it: a core that waits for that never ends this test.
TEST_F(AttachmentsSessionTest, APathOfWhatIsNoFileOrTooLargeIsRefusedAtOnce) {
  v1::AttachmentAddRequest request;
  const auto refusal = [&](const std::string& path) {
    request.set_path(path);
    const absl::Status status = session_->AttachmentAdd(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  const std::string pipe = directory_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal(pipe), "path: " + pipe + " is a pipe, no file");
  EXPECT_EQ(refusal(directory_), "path: " + directory_ + " is a folder, no file");
  EXPECT_EQ(refusal("/dev/zero"), "path: /dev/zero is a device, no file");

  const std::string large = directory_ + "/large.jpg";
  std::ofstream(large) << 'x';
  std::filesystem::resize_file(large, limits::kAttachmentBytesMax + 1);
  EXPECT_EQ(refusal(large), "path: " + large + " has 33554433 bytes, at most 33554432 may be added");
  std::filesystem::resize_file(large, limits::kPreviewBytesMax + 1);
  request.set_kind(v1::ATTACHMENT_KIND_PREVIEW);
  EXPECT_THAT(refusal(large), HasSubstr("at most 65536"));
  request.set_kind(v1::ATTACHMENT_KIND_ORIGINAL);
  EXPECT_TRUE(session_->AttachmentAdd(request).ok());
}

}  // namespace
}  // namespace doorstep
