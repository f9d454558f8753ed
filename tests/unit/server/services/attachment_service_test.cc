// Attachments over the real server: who may call what, lists and ranges for the office, backups and restores.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "client_core/base/limits.h"
#include "client_core/base/random.h"
#include "doorstep/v1/attachment_service.grpc.pb.h"
#include "server/storage/attachment_files.h"
#include "server/storage/restore.h"
#include "tests/support/photo.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Stub = v1::AttachmentService::Stub;
using Admin = v1::AdminService::Stub;

class AttachmentServiceTest : public ServerTest {
 protected:
  AttachmentServiceTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
    DispatchedVisit("V-1", "T-1");
    Connect();
  }
  void Connect() { attachments_ = v1::AttachmentService::NewStub(channel_); }

  v1::LogEntry Naming(const std::string& photo, const std::string& preview = "") {
    v1::LogEntry entry;
    entry.set_visit_id("V-1");
    v1::AttachmentAdded& added = *entry.mutable_attachment_added();
    added.set_sha256(HashOf(photo));
    added.set_size_bytes(photo.size());
    added.set_content_type("image/jpeg");
    added.set_title("the valve");
    if (!preview.empty()) {
      added.set_preview_sha256(HashOf(preview));
      added.set_preview_size_bytes(preview.size());
    }
    return entry;
  }
  v1::PutChunkRequest Piece(const std::string& photo, uint64_t seq, uint64_t offset, uint64_t length) {
    v1::PutChunkRequest request;
    v1::AttachmentClaim& claim = *request.mutable_attachment();
    claim.set_sha256(HashOf(photo));
    claim.set_size_bytes(photo.size());
    claim.set_kind(v1::ATTACHMENT_KIND_ORIGINAL);
    claim.set_epoch(1);
    claim.set_seq(seq);
    request.set_offset(offset);
    request.set_data(photo.substr(offset, length));
    return request;
  }
  v1::AttachmentProgress Put(const std::string& photo, uint64_t seq, uint64_t offset, uint64_t length) {
    v1::PutChunkResponse response;
    const grpc::Status status =
        Call(phone_.enrolled.token(), attachments_, &Stub::PutChunk, Piece(photo, seq, offset, length), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.progress();
  }
  v1::AttachmentProgress Check(const std::string& photo, uint64_t seq) {
    v1::CheckAttachmentsRequest request;
    *request.add_attachments() = Piece(photo, seq, 0, 0).attachment();
    v1::CheckAttachmentsResponse response;
    const grpc::Status status =
        Call(phone_.enrolled.token(), attachments_, &Stub::CheckAttachments, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.progress(0);
  }
  v1::ListAttachmentsResponse List(uint32_t page_size = 0, const std::string& token = "") {
    v1::ListAttachmentsRequest request;
    request.set_visit_id("V-1");
    request.set_page_size(page_size);
    request.set_page_token(token);
    v1::ListAttachmentsResponse response;
    const grpc::Status status = Ask(attachments_, &Stub::ListAttachments, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Read(const std::string& photo, uint64_t offset, uint32_t length, std::string* data) {
    v1::ReadAttachmentRequest request;
    request.set_sha256(HashOf(photo));
    request.set_offset(offset);
    request.set_length(length);
    v1::ReadAttachmentResponse response;
    const grpc::Status status = Ask(attachments_, &Stub::ReadAttachment, request, &response);
    *data = response.data();
    return status;
  }
  v1::Backup BackUp(const std::string& name) {
    v1::StartBackupRequest start;
    start.set_name(name);
    v1::StartBackupResponse started;
    const grpc::Status begun = Ask(admin_, &Admin::StartBackup, start, &started);
    EXPECT_TRUE(begun.ok()) << begun.error_message();
    v1::GetBackupResponse backup;
    do {
      std::this_thread::yield();
      const grpc::Status asked = Ask(admin_, &Admin::GetBackup, v1::GetBackupRequest(), &backup);
      if (!asked.ok()) return v1::Backup();
    } while (backup.backup().phase() < v1::BACKUP_PHASE_DONE);
    EXPECT_EQ(backup.backup().phase(), v1::BACKUP_PHASE_DONE) << backup.backup().error();
    return backup.backup();
  }
  std::string Data() const { return folder_.path() + "/data"; }

  Phone phone_;
  std::unique_ptr<Stub> attachments_;
  const std::string photo_ = std::string(600, 'a') + std::string(400, 'b');
  const std::string preview_ = "small";
};

TEST_F(AttachmentServiceTest, TheOfficeSeesWhatIsNamedAndReadsWhatHasComeByRange) {
  Push(phone_, {NoteEntry("V-1", "before"), Naming(photo_, preview_), NoteEntry("V-1", "after")});
  Put(photo_, 2, 0, 600);
  v1::ListAttachmentsResponse list = List();
  ASSERT_EQ(list.attachments_size(), 1);
  EXPECT_EQ(list.attachments(0).state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(list.attachments(0).stored_through(), 600u);
  EXPECT_EQ(list.attachments(0).preview_state(), v1::ATTACHMENT_STATE_RECEIVING);
  std::string data;
  EXPECT_CODE(Read(photo_, 0, 10, &data), NOT_FOUND, "has not come");

  EXPECT_EQ(Put(photo_, 2, 600, 400).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Put(preview_, 2, 0, 5).state(), v1::ATTACHMENT_STATE_STORED);
  list = List();
  EXPECT_EQ(list.attachments(0).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(list.attachments(0).preview_state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(list.attachments(0).title(), "the valve");
  EXPECT_EQ(list.attachments(0).author(), "T-1");
  EXPECT_EQ(list.attachments(0).judgement(), "counted");
  ASSERT_OK(Read(photo_, 590, 20, &data));
  EXPECT_EQ(data, photo_.substr(590, 20));
  ASSERT_OK(Read(photo_, 0, 0, &data));
  EXPECT_EQ(data, photo_);
  ASSERT_OK(Read(photo_, 1000, 0, &data));
  EXPECT_EQ(data, "");
  EXPECT_CODE(Read(photo_, 1001, 0, &data), OUT_OF_RANGE, "offset");
  EXPECT_CODE(Read(photo_, 0, limits::kAttachmentRangeBytesMax + 1, &data), INVALID_ARGUMENT, "length");
}

TEST_F(AttachmentServiceTest, PhonesPutAndTheOfficeReadsAndNeitherDoesTheOthers) {
  Push(phone_, {Naming(photo_)});
  v1::PutChunkResponse put;
  EXPECT_EQ(Ask(attachments_, &Stub::PutChunk, Piece(photo_, 1, 0, 600), &put).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::CheckAttachmentsResponse checked;
  EXPECT_EQ(Ask(attachments_, &Stub::CheckAttachments, v1::CheckAttachmentsRequest(), &checked).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::ListAttachmentsRequest list;
  list.set_visit_id("V-1");
  v1::ListAttachmentsResponse listed;
  EXPECT_EQ(Call(phone_.enrolled.token(), attachments_, &Stub::ListAttachments, list, &listed).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::ReadAttachmentRequest read;
  read.set_sha256(HashOf(photo_));
  v1::ReadAttachmentResponse bytes;
  EXPECT_EQ(Call(phone_.enrolled.token(), attachments_, &Stub::ReadAttachment, read, &bytes).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call("", attachments_, &Stub::ReadAttachment, read, &bytes).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AttachmentServiceTest, PagesHoldEveryAttachmentOnce) {
  std::vector<v1::LogEntry> entries;
  for (int i = 0; i < 7; ++i) {
    entries.push_back(Naming("photo " + std::to_string(i)));
    entries.push_back(NoteEntry("V-1", "between"));
  }
  Push(phone_, entries);
  std::vector<std::string> hashes;
  std::string token;
  do {
    const v1::ListAttachmentsResponse page = List(3, token);
    EXPECT_LE(page.attachments_size(), 3);
    for (const v1::Attachment& attachment : page.attachments()) hashes.push_back(attachment.sha256());
    token = page.next_page_token();
  } while (!token.empty());
  ASSERT_EQ(hashes.size(), 7u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(hashes[i], HashOf("photo " + std::to_string(i)));
}

TEST_F(AttachmentServiceTest, ARestartGoesOnAtTheOffset) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 333);
  Restart();
  Connect();
  EXPECT_EQ(Check(photo_, 1).stored_through(), 333u);
  EXPECT_EQ(Put(photo_, 1, 333, 667).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentServiceTest, TheTurnOfTheDayDeletesWhatNobodyGoesOnWith) {
  const std::string abandoned = photo_ + "abandoned";
  Push(phone_, {Naming(photo_), Naming(abandoned)});
  Put(photo_, 1, 0, 1000);
  Put(abandoned, 2, 0, 500);
  MoveClock(8 * kDayUs);
  Restart();  // Sweeps at the start of a day.
  Connect();
  // The sweep has a thread of its own.
  while (std::filesystem::exists(Data() + "/attachments/partial") &&
         !std::filesystem::is_empty(Data() + "/attachments/partial")) {
    std::this_thread::yield();
  }
  EXPECT_EQ(Check(abandoned, 2).stored_through(), 0u);
  EXPECT_EQ(Check(photo_, 1).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentServiceTest, ABackupHasThePhotosAndARestoreBringsThemBack) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  EXPECT_FALSE(Check(photo_, 1).backed_up());
  const v1::Backup backup = BackUp("noon.backup");
  EXPECT_EQ(backup.attachments(), 1u);
  EXPECT_EQ(backup.attachments_missing(), 0u);
  EXPECT_TRUE(Check(photo_, 1).backed_up());
  const std::string late = photo_ + "late";
  Push(phone_, {Naming(late)});
  Put(late, 2, 0, late.size());
  EXPECT_FALSE(Check(late, 2).backed_up());

  // The disk is gone, but for what was copied elsewhere.
  server_.reset();
  std::filesystem::rename(Data() + "/backups", folder_.path() + "/elsewhere");
  std::filesystem::remove_all(Data());
  SeededRandom random(1);
  const auto report = RestoreBackup(folder_.path() + "/elsewhere/noon.backup", Data() + "/doorstep.db", random);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->attachments, 1u);
  EXPECT_EQ(report->attachments_missing, 0u);
  std::filesystem::permissions(Data(), std::filesystem::perms::owner_all);
  Config config;
  config.data_dir = Data();
  config.listen = "127.0.0.1:0";
  config.insecure_loopback = true;
  auto server = Server::Start(config, StderrLog(LogLevel::kError));
  ASSERT_TRUE(server.ok()) << server.status();
  channel_ = grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials());
  Connect();
  std::string data;
  ASSERT_OK(Read(photo_, 0, 0, &data));
  EXPECT_EQ(data, photo_);
  EXPECT_EQ(Check(late, 2).state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY) << "its entry comes again first";
  attachments_.reset();
  channel_.reset();
}

TEST_F(AttachmentServiceTest, ARestoreForgetsWhatIsNowhereSoThatPhonesSendItAgain) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  BackUp("noon.backup");
  server_.reset();
  std::filesystem::remove_all(Data() + "/attachments");
  std::ofstream(AttachmentPath(Data() + "/backups/attachments", HashOf(photo_))) << std::string(1000, 'x');
  SeededRandom random(1);
  const auto report = RestoreBackup(Data() + "/backups/noon.backup", Data() + "/doorstep.db", random);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->attachments_missing, 1u) << "what is damaged is not restored";
  Restart();
  Connect();
  EXPECT_EQ(Check(photo_, 1).state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(Put(photo_, 1, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

// A backup takes a file by linking it, so a disk that damages the one damages the other.
TEST_F(AttachmentServiceTest, WhatCameAgainAfterDamageIsInTheNextBackupAsItCame) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  BackUp("noon.backup");
  std::ofstream(AttachmentPath(Data() + "/attachments", HashOf(photo_))) << std::string(1000, 'x');
  EXPECT_EQ(Put(photo_, 1, 0, 1000).state(), v1::ATTACHMENT_STATE_MISMATCH);
  EXPECT_EQ(Put(photo_, 1, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(Check(photo_, 1).backed_up());
  EXPECT_EQ(BackUp("evening.backup").attachments(), 1u);
  EXPECT_TRUE(Check(photo_, 1).backed_up());
  std::ifstream in(AttachmentPath(Data() + "/backups/attachments", HashOf(photo_)));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), photo_);
}

TEST_F(AttachmentServiceTest, ABackupSaysWhichPhotosTheServerNoLongerHas) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  std::ofstream(AttachmentPath(Data() + "/attachments", HashOf(photo_))) << std::string(1000, 'x');
  const v1::Backup backup = BackUp("noon.backup");
  EXPECT_EQ(backup.attachments(), 0u);
  EXPECT_EQ(backup.attachments_missing(), 1u);
  EXPECT_FALSE(Check(photo_, 1).backed_up());
  ASSERT_EQ(backup.missing_size(), 1);
  EXPECT_EQ(backup.missing(0).sha256(), HashOf(photo_));
  EXPECT_EQ(backup.missing(0).position().seq(), 1u);
  EXPECT_EQ(backup.missing(0).visit_id(), "V-1");
  // Like one that is gone, it comes again from a phone that asks.
  EXPECT_EQ(Check(photo_, 1).state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_TRUE(List().attachments(0).lost());
  EXPECT_EQ(Put(photo_, 1, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(List().attachments(0).lost());
  EXPECT_EQ(BackUp("evening.backup").attachments_missing(), 0u);
}

TEST_F(AttachmentServiceTest, ABackupPutsBackWhatTheServerHasLostAndAnEarlierOneHas) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  BackUp("noon.backup");
  const std::string path = AttachmentPath(Data() + "/attachments", HashOf(photo_));
  std::filesystem::remove(path);
  std::ofstream(path) << std::string(1000, 'x');  // And not its link beside the backup.
  std::string data;
  EXPECT_EQ(Read(photo_, 0, 0, &data).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(BackUp("evening.backup").attachments_missing(), 0u);
  ASSERT_OK(Read(photo_, 0, 0, &data));
  EXPECT_EQ(data, photo_);
}

TEST_F(AttachmentServiceTest, WhoReadsADamagedOneIsToldAndItCountsAsGone) {
  Push(phone_, {Naming(photo_)});
  Put(photo_, 1, 0, 1000);
  BackUp("noon.backup");
  // The same file as beside the backup, by a link; as long as it was.
  std::fstream(AttachmentPath(Data() + "/attachments", HashOf(photo_)), std::ios::in | std::ios::out) << "XX";
  std::string data;
  EXPECT_EQ(Read(photo_, 0, 0, &data).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(data, "");
  EXPECT_TRUE(std::filesystem::exists(Data() + "/attachments/damaged/" + absl::BytesToHexString(HashOf(photo_))));
  EXPECT_EQ(Check(photo_, 1).state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(BackUp("evening.backup").attachments_missing(), 1u) << "the link is damaged, too";
  EXPECT_EQ(Put(photo_, 1, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  ASSERT_OK(Read(photo_, 0, 0, &data));
  EXPECT_EQ(data, photo_);
}

}  // namespace
}  // namespace doorstep::testing
