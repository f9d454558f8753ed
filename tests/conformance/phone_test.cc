// One story told twice, over the built-in transport and over one that the app carries: every step comes out the same,
// the failures too.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "client_core/sqlite/database.h"
#include "tests/spec/folder.h"
#include "tests/spec/office.h"
#include "tests/spec/story_clock.h"
#include "tests/spec/story_phone.h"
#include "tests/spec/story_server.h"

namespace doorstep::conformance {
namespace {

enum class Kind { kBuiltIn, kOfTheApp };

// A port that takes connections and never says a word.
class MuteServer {
 public:
  MuteServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    socklen_t length = sizeof(address);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  }
  ~MuteServer() { close(socket_); }
  const std::string& address() const { return address_; }

 private:
  const int socket_;
  std::string address_;
};

class Told {
 public:
  explicit Told(Kind kind) : kind_(kind), server_(folder_.path() / "server", &clock_) {
    Must(server_.Start());
    Must(office_.Connect(server_.connect_file()));
    Must(office_.ImportAccount("acme"));
    Must(office_.ImportAsset("boiler-1", "acme"));
    Must(office_.ImportTechnician("ana"));
    Must(office_.CreateVisit("V1", "acme", "boiler-1"));
    Must(office_.Schedule("V1", clock_.now_us() + 1, clock_.now_us() + int64_t{7200} * 1000000));
    Must(office_.Assign("V1", "ana"));
    Must(office_.Dispatch("V1"));
    code_ = office_.Invite("ana").value();
    phone_ = OpenPhone("phone", server_.address());
  }

  // Every step with what came of it, in words that do not depend on the transport.
  std::vector<std::string> Tell() {
    Note("enrol", phone_->Enrol(code_));
    NoteSync("first sync");
    Record();
    Note("visit on the phone", v1::VisitState_Name(phone_->Visit("V1").value().visit().state()));
    NoteSync("second sync");
    TellWithoutServer();
    TellWithAnotherToken();
    TellClosedWhileWaiting();
    const auto journal = office_.Journal(phone_->noted()[0].position.device());
    Note("entries at the office", absl::StrCat(journal.value().size()));
    Note("visit at the office", office_.Visit("V1").value().visit().ShortDebugString());
    return told_;
  }

 private:
  static void Must(const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; }

  std::unique_ptr<spec::StoryPhone> OpenPhone(const std::string& folder, const std::string& address) {
    auto phone = std::make_unique<spec::StoryPhone>("ana", folder_.path() / folder, &clock_);
    if (kind_ == Kind::kBuiltIn) phone->UseBuiltInTransport(address);
    Must(phone->Open());
    if (kind_ == Kind::kOfTheApp) Must(phone->network().ConnectTo(address));
    return phone;
  }
  void MoveTo(const std::string& address) {
    if (kind_ == Kind::kOfTheApp) return Must(phone_->network().ConnectTo(address));
    phone_->Close();
    phone_->UseBuiltInTransport(address);
    Must(phone_->Open());
  }

  void Record() {
    v1::LogEntry arrived;
    arrived.set_visit_id("V1");
    arrived.mutable_arrived();
    Note("arrived", phone_->Append(arrived).status());
    v1::LogEntry note;
    note.set_visit_id("V1");
    note.mutable_note()->set_text(std::string(3000, 'n'));
    Note("note", phone_->Append(note).status());
  }

  void StartServer() {
    Must(server_.Start());
    Must(office_.Connect(server_.connect_file()));
    MoveTo(server_.address());
  }

  void TellWithoutServer() {
    server_.Stop();
    Record();
    NoteSync("sync without a server");
    StartServer();
    NoteSync("sync with the server back");
  }

  // The office holds another token for this phone than the phone has: the same invitation brings them together.
  void TellWithAnotherToken() {
    server_.Stop();
    sqlite::OpenOptions file;
    file.path = folder_.path() / "server" / "doorstep.db";
    const auto db = sqlite::Database::Open(file);
    Must(db.status());
    Must((*db)->Execute("UPDATE token SET token_hash = zeroblob(32) WHERE principal LIKE 'device:%'"));
    StartServer();
    Record();
    NoteSync("sync with another token");
    Note("enrol again", phone_->Enrol(code_));
    NoteSync("sync with the token");
  }

  void TellClosedWhileWaiting() {
    const MuteServer mute;
    MoveTo(mute.address());
    absl::Status ended;
    std::thread waiting([&] { ended = phone_->TrySync().status(); });
    bool syncing = false;
    for (int i = 0; i < 3000 && !syncing; ++i) {
      syncing = phone_->Status().value().engine_state() == "syncing";
      if (!syncing) std::this_thread::yield();
    }
    EXPECT_TRUE(syncing);
    phone_->Close();
    waiting.join();
    Note("sync while the phone is closed", absl::StatusCodeToString(ended.code()));
    MoveTo(server_.address());
    if (kind_ == Kind::kOfTheApp) {
      Must(phone_->Open());
      MoveTo(server_.address());
    }
    NoteSync("sync after all that");
  }

  void Note(const std::string& step, const absl::Status& status) { Note(step, status.ToString()); }
  void Note(const std::string& step, const std::string& came) { told_.push_back(absl::StrCat(step, ": ", came)); }
  void NoteSync(const std::string& step) {
    const auto report = phone_->TrySync();
    ASSERT_TRUE(report.ok()) << report.status();
    const v1::PhoneStatus status = phone_->Status().value();
    Note(step, absl::StrCat(report->complete() ? "complete" : "stopped", ", saved here ", status.entries_saved_here(),
                            ", counted ", status.entries_counted(), ", needing attention ",
                            status.entries_needing_attention(), ", refused ",
                            report->stopped_because().find("refuses") != std::string::npos));
  }

  const Kind kind_;
  spec::Folder folder_;
  spec::StoryClock clock_;
  spec::StoryServer server_;
  spec::Office office_;
  std::string code_;
  std::unique_ptr<spec::StoryPhone> phone_;
  std::vector<std::string> told_;
};

TEST(PhoneConformanceTest, BothTransportsTellTheSameStory) {
  const std::vector<std::string> built_in = Told(Kind::kBuiltIn).Tell();
  const std::vector<std::string> of_the_app = Told(Kind::kOfTheApp).Tell();
  EXPECT_EQ(built_in, of_the_app);
  const std::vector<std::string> steps(built_in.begin(), built_in.end() - 1);
  EXPECT_EQ(steps, (std::vector<std::string>{
                       "enrol: OK",
                       "first sync: complete, saved here 0, counted 0, needing attention 0, refused 0",
                       "arrived: OK",
                       "note: OK",
                       "visit on the phone: VISIT_STATE_ON_SITE",
                       "second sync: complete, saved here 0, counted 2, needing attention 0, refused 0",
                       "arrived: OK",
                       "note: OK",
                       "sync without a server: stopped, saved here 2, counted 2, needing attention 0, refused 0",
                       "sync with the server back: complete, saved here 0, counted 4, needing attention 0, refused 0",
                       "arrived: OK",
                       "note: OK",
                       "sync with another token: stopped, saved here 2, counted 4, needing attention 0, refused 1",
                       "enrol again: OK",
                       "sync with the token: complete, saved here 0, counted 6, needing attention 0, refused 0",
                       "sync while the phone is closed: CANCELLED",
                       "sync after all that: complete, saved here 0, counted 6, needing attention 0, refused 0",
                       "entries at the office: 6",
                   }));
}

}  // namespace
}  // namespace doorstep::conformance
