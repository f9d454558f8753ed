// A phone's calls about attachments: what names them lets them in, and what stops them stops nothing else.
#include "server/services/attachment_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include "client_core/base/limits.h"
#include "server/apply/commands/secrets.h"
#include "server/services/attachment_intake.h"
#include "server/services/authenticator.h"
#include "server/services/signing_keys.h"
#include "server/storage/attachment_table.h"
#include "tests/support/office.h"
#include "tests/support/photo.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::HashOf;
using ::testing::HasSubstr;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::Office;

v1::LogEntry Naming(const std::string& photo) {
  v1::LogEntry entry;
  entry.mutable_attachment_added()->set_sha256(HashOf(photo));
  entry.mutable_attachment_added()->set_size_bytes(photo.size());
  return entry;
}

class AttachmentCallsTest : public ::testing::Test {
 protected:
  AttachmentCallsTest() : phone_(office_.AddPhone("ana")), other_(office_.AddPhone("bo")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.clock().Set(kMonday + 9 * kHour);
    authenticator_.Admit(Role::kDevice, phone_.device(), HashSecret("ana"));
    authenticator_.Admit(Role::kDevice, other_.device(), HashSecret("bo"));
    MakeIntake({});
  }
  void MakeIntake(IntakeOptions options) {
    options.free_bytes = [this](const std::string&) -> absl::StatusOr<uint64_t> { return free_; };
    intake_ = std::make_unique<AttachmentIntake>(AttachmentFolder(office_.path()), std::move(options));
    parts_ = std::make_unique<ServerParts>(ServerParts{office_.storage(), office_.writer(), authenticator_,
                                                       signing_keys_, office_.clock(), office_.random(), nullptr,
                                                       "test", kMonday, nullptr, intake_.get()});
  }
  Scope ScopeOf(const std::string& token) {
    return *authenticator_.Authenticate("/doorstep.v1.AttachmentService/PutChunk", "Bearer " + token);
  }
  // The seq of the entry.
  uint64_t Record(FieldPhone& phone, v1::LogEntry entry, bool send = true) {
    const uint64_t seq = phone.Record(std::move(entry), "v1", kMonday + 8 * kHour);
    if (!send) return seq;
    EXPECT_TRUE(office_.Push(phone, seq, seq).ok());
    return seq;
  }
  static v1::AttachmentClaim ClaimOf(const std::string& photo, uint64_t seq) {
    v1::AttachmentClaim claim;
    claim.set_sha256(HashOf(photo));
    claim.set_size_bytes(photo.size());
    claim.set_kind(v1::ATTACHMENT_KIND_ORIGINAL);
    claim.set_epoch(1);
    claim.set_seq(seq);
    return claim;
  }
  absl::StatusOr<v1::AttachmentProgress> Put(const v1::PutChunkRequest& request, const std::string& token = "ana") {
    std::promise<absl::StatusOr<v1::PutChunkResponse>> answered;
    PutChunkCall(*parts_, ScopeOf(token), request,
                 [&](absl::StatusOr<v1::PutChunkResponse> answer) { answered.set_value(std::move(answer)); });
    absl::StatusOr<v1::PutChunkResponse> answer = answered.get_future().get();
    if (!answer.ok()) return answer.status();
    EXPECT_EQ(answer->generation(), office_.storage().generation());
    return answer->progress();
  }
  v1::AttachmentProgress Put(const std::string& photo, uint64_t seq, uint64_t offset, uint64_t length,
                             const std::string& token = "ana") {
    v1::PutChunkRequest request;
    *request.mutable_attachment() = ClaimOf(photo, seq);
    request.set_offset(offset);
    request.set_data(photo.substr(offset, length));
    const auto progress = Put(request, token);
    EXPECT_TRUE(progress.ok()) << progress.status();
    return progress.ok() ? *progress : v1::AttachmentProgress();
  }
  absl::StatusOr<v1::AttachmentProgress> Check(const std::string& photo, uint64_t seq,
                                               const std::string& token = "ana") {
    v1::CheckAttachmentsRequest request;
    *request.add_attachments() = ClaimOf(photo, seq);
    absl::StatusOr<v1::CheckAttachmentsResponse> response = CheckAttachmentsCall(*parts_, ScopeOf(token), request);
    if (!response.ok()) return response.status();
    return response->progress(0);
  }
  void DropFolder() { std::filesystem::remove_all(AttachmentFolder(office_.path())); }

  Office office_;
  FieldPhone phone_;
  FieldPhone other_;
  Authenticator authenticator_;
  SigningKeys signing_keys_;
  uint64_t free_ = uint64_t{1} << 40;
  std::unique_ptr<AttachmentIntake> intake_;
  std::unique_ptr<ServerParts> parts_;
  const std::string photo_ = std::string(600, 'a') + std::string(400, 'b');
};

TEST_F(AttachmentCallsTest, APhotoComesInPiecesAndIsThenStored) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  const v1::AttachmentProgress first = Put(photo_, seq, 0, 600);
  EXPECT_EQ(first.state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(first.stored_through(), 600u);
  EXPECT_EQ(Check(photo_, seq)->stored_through(), 600u);
  const v1::AttachmentProgress last = Put(photo_, seq, 600, 400);
  EXPECT_EQ(last.state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(last.stored_through(), 1000u);
  EXPECT_FALSE(last.backed_up());
  EXPECT_EQ(Check(photo_, seq)->state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Put(photo_, seq, 0, 600).state(), v1::ATTACHMENT_STATE_STORED) << "a repeat";
  office_.ExpectRebuildEqual();
}

TEST_F(AttachmentCallsTest, NothingIsTakenThatNoReceivedEntryOfThisPhoneNames) {
  EXPECT_EQ(Put(photo_, 1, 0, 600).state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY) << "no entry at all";
  const uint64_t seq = Record(phone_, Naming(photo_), /*send=*/false);
  EXPECT_EQ(Put(photo_, seq, 0, 600).state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY) << "not received";
  EXPECT_EQ(Put(photo_, seq, 0, 600).wait_ms(), 0u) << "what other entries name need not wait for it";
  ASSERT_TRUE(office_.Push(phone_, seq, seq).ok());
  EXPECT_EQ(Put("another photo", seq, 0, 13).state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY) << "named by nobody";
  EXPECT_FALSE(std::filesystem::exists(AttachmentFolder(office_.path()) + "/partial"));
  EXPECT_EQ(Put(photo_, seq, 0, 600).state(), v1::ATTACHMENT_STATE_RECEIVING);
}

TEST_F(AttachmentCallsTest, EachPieceIsLetInByAnEntryThatNamesIt) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  v1::LogEntry note;
  note.mutable_note()->set_text("found it leaking");
  const uint64_t other = Record(phone_, note);
  EXPECT_EQ(Put(photo_, seq, 0, 600).state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(Put(photo_, other, 600, 400).state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY);
  EXPECT_EQ(Check(photo_, other)->state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY);
  EXPECT_EQ(Put(photo_, seq, 600, 400).state(), v1::ATTACHMENT_STATE_STORED);
}

// Whoever knows a hash knows nothing: not even whether the office has it.
TEST_F(AttachmentCallsTest, AHashOfAnotherPhoneOpensNothing) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  ASSERT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Put(photo_, seq, 0, 0, "bo").state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY);
  EXPECT_EQ(Check(photo_, seq, "bo")->state(), v1::ATTACHMENT_STATE_UNKNOWN_ENTRY);
  const uint64_t own = Record(other_, Naming(photo_));
  EXPECT_EQ(Put(photo_, own, 0, 0, "bo").state(), v1::ATTACHMENT_STATE_STORED) << "the same bytes need not come twice";
}

TEST_F(AttachmentCallsTest, AnEntryThatThisServerCannotReadMayNameAnything) {
  const uint64_t seq = phone_.RecordBytes("\xff\xff not a LogEntry");
  ASSERT_TRUE(office_.Push(phone_, seq, seq).ok());
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentCallsTest, AQuarantinedEntryNamesItsPhotoAllTheSame) {
  const uint64_t seq = phone_.Record(Naming(photo_), "no such visit", kMonday + 8 * kHour);
  ASSERT_TRUE(office_.Push(phone_, seq, seq).ok());
  ASSERT_TRUE(office_.JudgementOf(phone_, seq).has_value());
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentCallsTest, WrongBytesAreDroppedAndAskedForAgain) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  v1::PutChunkRequest request;
  *request.mutable_attachment() = ClaimOf(photo_, seq);
  request.set_data(std::string(1000, 'x'));
  const auto spoiled = Put(request);
  ASSERT_TRUE(spoiled.ok());
  EXPECT_EQ(spoiled->state(), v1::ATTACHMENT_STATE_MISMATCH);
  EXPECT_EQ(spoiled->stored_through(), 0u);
  EXPECT_NE(Check(photo_, seq)->state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentCallsTest, AFullDiskStopsPhotosAndNoEntries) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  Put(photo_, seq, 0, 600);
  free_ = limits::kAttachmentDiskReserveBytes;
  const v1::AttachmentProgress full = Put(photo_, seq, 600, 400);
  EXPECT_EQ(full.state(), v1::ATTACHMENT_STATE_DISK_FULL);
  EXPECT_EQ(full.stored_through(), 600u);
  EXPECT_GT(full.wait_ms(), 0u);
  Record(phone_, testing::Note("entries go on"));
  free_ = uint64_t{1} << 40;
  EXPECT_EQ(Put(photo_, seq, 600, 400).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentCallsTest, AQuotaHoldsForOnePhoneAndOneDay) {
  MakeIntake({1500, {}});
  const std::string second = photo_ + "2";
  const uint64_t seq = Record(phone_, Naming(photo_));
  const uint64_t seq2 = Record(phone_, Naming(second));
  const uint64_t others = Record(other_, Naming(second));
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Put(second, seq2, 0, 500).state(), v1::ATTACHMENT_STATE_RECEIVING);
  const v1::AttachmentProgress reached = Put(second, seq2, 500, 501);
  EXPECT_EQ(reached.state(), v1::ATTACHMENT_STATE_QUOTA_REACHED);
  EXPECT_EQ(reached.stored_through(), 500u);
  EXPECT_EQ(reached.wait_ms(), 15u * 3600 * 1000) << "until the next day begins";
  EXPECT_EQ(Put(second, others, 0, 1001, "bo").state(), v1::ATTACHMENT_STATE_STORED) << "another phone has its own";
  office_.clock().Set(kMonday + kDay);
  EXPECT_EQ(Put(second, seq2, 500, 501).state(), v1::ATTACHMENT_STATE_STORED);
}

TEST_F(AttachmentCallsTest, AFileThatIsGoneIsAskedForAgain) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  ASSERT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  DropFolder();
  EXPECT_EQ(Check(photo_, seq)->state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(Check(photo_, seq)->stored_through(), 0u);
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

// The process ended between the file and its row, or the database was set back.
TEST_F(AttachmentCallsTest, AFileWithoutARowIsTakenWhenItIsGoodAndDroppedWhenItIsNot) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  ASSERT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  const auto forget = [&] {
    Command command;
    command.principal = "test";
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      const absl::Status gone = DeleteAttachment(tx.sql(), HashOf(photo_));
      if (!gone.ok()) return gone;
      return std::string();
    };
    ASSERT_TRUE(office_.writer().RunCommand(std::move(command)).ok());
  };
  forget();
  EXPECT_EQ(Check(photo_, seq)->state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(Put(photo_, seq, 0, 0).state(), v1::ATTACHMENT_STATE_STORED) << "no byte had to come again";
  forget();
  std::filesystem::resize_file(AttachmentPath(intake_->files().folder(), HashOf(photo_)), 999);
  std::filesystem::resize_file(AttachmentPath(intake_->files().folder(), HashOf(photo_)), 1000);
  EXPECT_EQ(Put(photo_, seq, 0, 0).state(), v1::ATTACHMENT_STATE_MISMATCH);
  EXPECT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
}

// It is as long as it should be, and known; only its bytes are others.
TEST_F(AttachmentCallsTest, AStoredFileThatIsDamagedIsAskedForAgainByWhoPutsItOnceMore) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  ASSERT_EQ(Put(photo_, seq, 0, 1000).state(), v1::ATTACHMENT_STATE_STORED);
  Command backed_up;
  backed_up.principal = "test";
  backed_up.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    const absl::Status marked = MarkAttachmentBackedUp(tx.sql(), HashOf(photo_));
    if (!marked.ok()) return marked;
    return std::string();
  };
  ASSERT_TRUE(office_.writer().RunCommand(std::move(backed_up)).ok());
  EXPECT_TRUE(Put(photo_, seq, 600, 400).backed_up()) << "a repeat";

  std::ofstream(AttachmentPath(intake_->files().folder(), HashOf(photo_))) << std::string(1000, 'x');
  const v1::AttachmentProgress damaged = Put(photo_, seq, 600, 400);
  EXPECT_EQ(damaged.state(), v1::ATTACHMENT_STATE_MISMATCH);
  EXPECT_EQ(damaged.stored_through(), 0u);
  EXPECT_EQ(Check(photo_, seq)->state(), v1::ATTACHMENT_STATE_RECEIVING);
  EXPECT_EQ(Put(photo_, seq, 0, 600).stored_through(), 600u);
  const v1::AttachmentProgress again = Put(photo_, seq, 600, 400);
  EXPECT_EQ(again.state(), v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(again.backed_up()) << "what a backup linked may be damaged as well";
  EXPECT_EQ(*intake_->files().Read(HashOf(photo_), 0, 1000), photo_);
}

TEST_F(AttachmentCallsTest, FieldsOutsideTheirBoundsAreNamed) {
  const uint64_t seq = Record(phone_, Naming(photo_));
  const auto refused = [&](const std::function<void(v1::PutChunkRequest&)>& change) {
    v1::PutChunkRequest request;
    *request.mutable_attachment() = ClaimOf(photo_, seq);
    change(request);
    return std::string(Put(request).status().message());
  };
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->set_sha256("short"); }), HasSubstr("attachment.sha256"));
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->set_size_bytes(0); }), HasSubstr("attachment.size_bytes"));
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->set_size_bytes(limits::kAttachmentBytesMax + 1); }),
              HasSubstr("33554432"));
  EXPECT_THAT(refused([](auto& r) {
                r.mutable_attachment()->set_kind(v1::ATTACHMENT_KIND_PREVIEW);
                r.mutable_attachment()->set_size_bytes(limits::kPreviewBytesMax + 1);
              }),
              HasSubstr("65536"));
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->clear_kind(); }), HasSubstr("attachment.kind"));
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->set_epoch(0); }), HasSubstr("attachment.epoch"));
  EXPECT_THAT(refused([](auto& r) { r.mutable_attachment()->set_seq(0); }), HasSubstr("attachment.seq"));
  EXPECT_THAT(refused([](auto& r) { r.set_offset(1001); }), HasSubstr("offset"));
  EXPECT_THAT(refused([](auto& r) { r.set_data(std::string(1001, 'x')); }), HasSubstr("offset"));
  EXPECT_THAT(refused([](auto& r) { r.set_data(std::string(limits::kAttachmentChunkBytesMax + 1, 'x')); }),
              HasSubstr("data"));
}

}  // namespace
}  // namespace doorstep
