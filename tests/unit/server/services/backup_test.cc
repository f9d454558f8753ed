// Backups over the wire, what phones are told of them, and how a server that knows less than its phones finds out.

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

namespace fs = std::filesystem;
using AdminStub = v1::AdminService::Stub;
using SyncStub = v1::SyncService::Stub;

class BackupTest : public ServerTest {
 protected:
  BackupTest() {
    ImportBasics();
    DispatchedVisit("V-1", "T-1");
    phone_ = Enroll("T-1");
    claim_.set_epoch(phone_.enrolled.epoch().epoch());
    claim_.set_salt(phone_.enrolled.epoch().salt());
    claim_.set_current(true);
  }

  v1::Backup MakeBackup(const std::string& name) {
    v1::StartBackupRequest request;
    request.set_name(name);
    v1::StartBackupResponse started;
    const grpc::Status status = Ask(admin_, &AdminStub::StartBackup, request, &started);
    EXPECT_TRUE(status.ok()) << status.error_message();
    v1::GetBackupResponse answer;
    do {
      const grpc::Status asked = Ask(admin_, &AdminStub::GetBackup, v1::GetBackupRequest(), &answer);
      if (!asked.ok()) ADD_FAILURE() << asked.error_message();
    } while (answer.backup().phase() == v1::BACKUP_PHASE_COPYING ||
             answer.backup().phase() == v1::BACKUP_PHASE_VERIFYING);
    return answer.backup();
  }
  v1::HelloResponse SayHello(const std::vector<v1::JournalClaim>& claims, const std::string& generation = "",
                             bool queue_empty = false) {
    v1::HelloRequest request;
    request.set_queue_empty(queue_empty);
    request.set_generation(generation);
    for (const v1::JournalClaim& claim : claims) *request.add_journals() = claim;
    v1::HelloResponse response;
    const grpc::Status status = Call(phone_.enrolled.token(), sync_, &SyncStub::Hello, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  bool RebuildIsEqual() {
    v1::RebuildResponse response;
    const grpc::Status status = Ask(admin_, &AdminStub::Rebuild, v1::RebuildRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.equal();
  }
  int64_t ReportedThrough() {
    v1::ListDevicesResponse response;
    EXPECT_TRUE(Ask(admin_, &AdminStub::ListDevices, v1::ListDevicesRequest(), &response).ok());
    return response.devices(0).reported_through_time_us();
  }
  std::string data() const { return folder_.path() + "/data/"; }
  // The database as it is now, for later.
  void KeepDatabase() {
    server_.reset();
    fs::copy_file(data() + "doorstep.db", folder_.path() + "/old.db", fs::copy_options::overwrite_existing);
    Restart();
  }
  void PutOldDatabaseInPlace() {
    server_.reset();
    fs::copy_file(folder_.path() + "/old.db", data() + "doorstep.db", fs::copy_options::overwrite_existing);
    Restart();
  }

  Phone phone_;
  v1::JournalClaim claim_;
};

TEST_F(BackupTest, IsVerifiedAndOnlyThenToldToPhones) {
  Push(phone_, {ArrivedEntry("V-1"), WorkStartedEntry("V-1")});
  EXPECT_EQ(SayHello({}).marks(0).backed_up_through(), 0u) << "without any backup nothing is in one";
  const v1::Backup backup = MakeBackup("noon.backup");
  ASSERT_EQ(backup.phase(), v1::BACKUP_PHASE_DONE) << backup.error();
  EXPECT_EQ(backup.entries(), 2u);
  EXPECT_GT(backup.commands(), 3u);
  EXPECT_EQ(backup.sha256().size(), 32u);
  EXPECT_EQ(backup.path(), data() + "backups/noon.backup");
  EXPECT_EQ(backup.bytes_done(), backup.bytes_total());
  std::vector<std::string> files;
  for (const auto& file : fs::directory_iterator(data() + "backups")) files.push_back(file.path().filename().string());
  EXPECT_THAT(files, ::testing::UnorderedElementsAre("noon.backup", "noon.backup.sha256"));
  EXPECT_EQ(fs::file_size(backup.path()), backup.bytes_total());

  EXPECT_EQ(SayHello({}).marks(0).backed_up_through(), 2u);
  const v1::PushResponse pushed = Push(phone_, {NoteEntry("V-1", "later")});
  EXPECT_EQ(pushed.mark().received_through(), 3u);
  EXPECT_EQ(pushed.mark().backed_up_through(), 2u);
  EXPECT_TRUE(RebuildIsEqual());
  Restart();
  EXPECT_EQ(SayHello({}).marks(0).backed_up_through(), 2u);
  v1::GetStatusResponse status;
  ASSERT_OK(Ask(admin_, &AdminStub::GetStatus, v1::GetStatusRequest(), &status));
  EXPECT_GT(status.last_backup_time_us(), 0);
  EXPECT_EQ(MakeBackup("evening.backup").phase(), v1::BACKUP_PHASE_DONE);
  EXPECT_EQ(SayHello({}).marks(0).backed_up_through(), 3u);
  EXPECT_TRUE(RebuildIsEqual());
}

TEST_F(BackupTest, NamesWhatIsWrongWithAName) {
  v1::GetBackupResponse none;
  EXPECT_CODE(Ask(admin_, &AdminStub::GetBackup, v1::GetBackupRequest(), &none), NOT_FOUND, "no backup was begun");
  v1::StartBackupRequest request;
  v1::StartBackupResponse response;
  request.set_name("../outside");
  EXPECT_CODE(Ask(admin_, &AdminStub::StartBackup, request, &response), INVALID_ARGUMENT, "name: must be a plain");
  ASSERT_EQ(MakeBackup("noon").phase(), v1::BACKUP_PHASE_DONE);
  request.set_name("noon");
  EXPECT_CODE(Ask(admin_, &AdminStub::StartBackup, request, &response), ALREADY_EXISTS, "\"noon\"");
}

TEST_F(BackupTest, AMarkItSaidItselfShowsAServerThatItsFileWasSetBack) {
  Push(phone_, {ArrivedEntry("V-1")});
  KeepDatabase();
  Push(phone_, {WorkStartedEntry("V-1"), NoteEntry("V-1", "one")});
  const v1::HelloResponse before = SayHello({claim_});
  ASSERT_EQ(before.marks(0).received_through(), 3u);
  PutOldDatabaseInPlace();

  v1::JournalClaim forged = claim_;
  *forged.mutable_mark() = before.marks(0);
  forged.mutable_mark()->set_received_through(4);
  EXPECT_EQ(SayHello({forged}, before.generation()).generation(), before.generation()) << "nobody signed that";
  v1::JournalClaim of_another_time = claim_;
  *of_another_time.mutable_mark() = SayHello({claim_}).marks(0);
  EXPECT_EQ(SayHello({of_another_time}).generation(), before.generation()) << "the file has all of that";

  *claim_.mutable_mark() = before.marks(0);
  const int64_t reported_us = ReportedThrough();
  MoveClock(kHourUs);
  const v1::HelloResponse after = SayHello({claim_}, before.generation(), /*queue_empty=*/true);
  EXPECT_NE(after.generation(), before.generation());
  EXPECT_EQ(after.marks(0).received_through(), 1u);
  EXPECT_EQ(ReportedThrough(), reported_us) << "what was lost has not been told again";
  EXPECT_EQ(SayHello({claim_}, after.generation()).generation(), after.generation()) << "once is enough";
  Restart();
  EXPECT_EQ(SayHello({claim_}).generation(), after.generation());
  EXPECT_TRUE(RebuildIsEqual());
}

// A cloned phone has sent its own entries since then: what was lost is not beyond the mark, and nobody sends it again.
TEST_F(BackupTest, AMarkOfAnotherChainShowsAServerThatItsFileWasSetBack) {
  Push(phone_, {ArrivedEntry("V-1")});
  KeepDatabase();
  for (const uint64_t clones_mark : {3, 4}) {  // As far as the lost ones came, and beyond, in one frame.
    PutOldDatabaseInPlace();
    Phone sent = phone_;
    Phone clone = phone_;
    Push(sent, {WorkStartedEntry("V-1"), NoteEntry("V-1", "one")});
    const v1::HelloResponse before = SayHello({claim_});
    ASSERT_EQ(before.marks(0).received_through(), 3u);
    v1::JournalClaim shown = claim_;
    *shown.mutable_mark() = before.marks(0);
    Push(sent, {NoteEntry("V-1", "two")});
    EXPECT_EQ(SayHello({shown}).generation(), before.generation()) << "the file has that, and more";

    PutOldDatabaseInPlace();
    std::vector<v1::LogEntry> notes(clones_mark - 1, NoteEntry("V-1", "of the clone"));
    ASSERT_EQ(Push(clone, notes).mark().received_through(), clones_mark);
    const v1::HelloResponse after = SayHello({shown}, before.generation());
    EXPECT_NE(after.generation(), before.generation()) << clones_mark;
    EXPECT_EQ(after.marks(0).received_through(), clones_mark);
    EXPECT_EQ(SayHello({shown}, after.generation()).generation(), after.generation()) << "once is enough";
    EXPECT_TRUE(RebuildIsEqual());
  }
}

TEST_F(BackupTest, AJournalIssuedInTheLostTimeIsKnownAgain) {
  const std::string salt(16, 's');
  v1::JournalClaim lost;
  lost.set_epoch(9);
  lost.set_salt(salt);
  lost.set_current(true);
  Phone later = phone_;
  later.enrolled.mutable_epoch()->set_epoch(9);
  later.enrolled.mutable_epoch()->set_salt(salt);
  v1::PushRequest push;
  push.set_frame(MakeFrame(later, {ArrivedEntry("V-1")}));
  v1::PushResponse pushed;
  EXPECT_CODE(Call(phone_.enrolled.token(), sync_, &SyncStub::Push, push, &pushed), FAILED_PRECONDITION,
              "frame.header.epoch: 9 is not known here");
  SayHello({lost, claim_});
  ASSERT_OK(Call(phone_.enrolled.token(), sync_, &SyncStub::Push, push, &pushed));
  EXPECT_EQ(pushed.mark().epoch(), 9u);
  EXPECT_EQ(pushed.mark().received_through(), 1u);
  EXPECT_TRUE(RebuildIsEqual());
}

TEST_F(BackupTest, AJournalWithAGapThatNobodyCanFillGoesOnInANewEpoch) {
  Push(phone_, {ArrivedEntry("V-1")});
  claim_.set_forgotten_through(5);
  const v1::HelloResponse first = SayHello({claim_});
  ASSERT_EQ(first.forks_size(), 1);
  EXPECT_EQ(first.forks(0).epoch(), 1u);
  EXPECT_EQ(first.forks(0).last_common_seq(), 1u);
  EXPECT_GT(first.forks(0).new_epoch(), 2u);
  EXPECT_EQ(first.forks(0).new_epoch_salt().size(), 16u);
  const v1::HelloResponse again = SayHello({claim_});
  ASSERT_EQ(again.forks_size(), 1);
  EXPECT_EQ(again.forks(0).new_epoch(), first.forks(0).new_epoch()) << "a lost answer must not cost an epoch";
  claim_.set_forgotten_through(1);
  EXPECT_EQ(SayHello({claim_}).forks_size(), 0) << "there is no gap";
  EXPECT_TRUE(RebuildIsEqual());
}

TEST_F(BackupTest, APhoneOfAnotherGenerationDoesNotKnowWhetherItHasToldAll) {
  const int64_t before_us = ReportedThrough();
  MoveClock(kHourUs);
  const std::string generation = SayHello({}, "0123456789abcdef", /*queue_empty=*/true).generation();
  EXPECT_EQ(ReportedThrough(), before_us);
  SayHello({}, generation, /*queue_empty=*/true);
  EXPECT_GT(ReportedThrough(), before_us);
}

TEST_F(BackupTest, APhoneThatTheFileForgotIsTheSameDeviceAgainAndNobodyElseIs) {
  v1::EnrollRequest request;
  request.set_invitation_code(Invite("T-2"));
  request.set_request_id(NextRequestId());
  request.set_former_device("d1");
  v1::EnrollResponse response;
  const auto enroll = [&] { return Call("", enrollment_, &v1::EnrollmentService::Stub::Enroll, request, &response); };
  EXPECT_CODE(enroll(), FAILED_PRECONDITION, "former_device: \"d1\" is already enrolled here");
  for (const char* bad : {"7", "d", "d0", "d07", "d-1", "a1", "d99999999999"}) {
    request.set_former_device(bad);
    EXPECT_CODE(enroll(), INVALID_ARGUMENT, "former_device");
  }
  request.set_former_device("d3");
  ASSERT_OK(enroll());
  EXPECT_EQ(response.device(), "d3");
  EXPECT_FALSE(response.has_epoch());
  EXPECT_EQ(Enroll("T-1").enrolled.device(), "d4") << "d3 is taken";
  phone_.enrolled.set_token(response.token());
  EXPECT_EQ(SayHello({claim_}).marks(0).epoch(), 1u);
  EXPECT_TRUE(RebuildIsEqual());
}

TEST_F(BackupTest, NamesFieldAndBoundOfABadClaim) {
  v1::HelloRequest request;
  v1::HelloResponse response;
  const auto hello = [&] { return Call(phone_.enrolled.token(), sync_, &SyncStub::Hello, request, &response); };
  *request.add_journals() = claim_;
  request.mutable_journals(0)->set_salt("short");
  EXPECT_CODE(hello(), INVALID_ARGUMENT, "journals.salt: must have 16 bytes, has 5");
  *request.mutable_journals(0) = claim_;
  request.mutable_journals(0)->set_epoch(0);
  EXPECT_CODE(hello(), INVALID_ARGUMENT, "journals.epoch");
  request.clear_journals();
  for (int i = 0; i < 65; ++i) *request.add_journals() = claim_;
  EXPECT_CODE(hello(), INVALID_ARGUMENT, "journals: must have at most 64, has 65");
}

}  // namespace
}  // namespace doorstep::testing
