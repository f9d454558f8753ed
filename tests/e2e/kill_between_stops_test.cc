// The real doorstepd and the real doorstep-phone, one or both killed with SIGKILL between every two stops of an entry's
// way. Whatever dies, what was accepted is at the office once, counts, and follows from the truth.

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/ids.h"
#include "tests/e2e/program.h"
#include "tests/spec/folder.h"
#include "tests/spec/office.h"

namespace doorstep::e2e {
namespace {

enum class Owner { kPhoneRecording, kPhoneSyncing, kServer };

// A place between two stops, as in KillPoint.
struct Border {
  const char* name;
  int nth;
  Owner owner;
  // Entries that may be on the phone although nobody was told that they were accepted.
  int in_doubt;
};

constexpr Border kBorders[] = {
    {"tap", 3, Owner::kPhoneRecording, 0},      // tap | session
    {"session", 3, Owner::kPhoneRecording, 0},  // session | journal
    {"journal", 3, Owner::kPhoneRecording, 1},  // journal | engine: durable, and the caller does not know
    {"engine", 1, Owner::kPhoneSyncing, 0},     // engine | wire
    {"sent", 1, Owner::kPhoneSyncing, 0},       // while the frame is on its way
    {"wire", 1, Owner::kServer, 0},             // wire | apply
    {"apply", 1, Owner::kServer, 0},            // apply | health. Twice, because Hello makes a group of its own.
    {"apply", 2, Owner::kServer, 0},
    {"health", 1, Owner::kServer, 0},  // health | feeds
    {"health", 2, Owner::kServer, 0},
    {"feeds", 1, Owner::kServer, 0},  // feeds | commit
    {"feeds", 2, Owner::kServer, 0},
    {"commit", 1, Owner::kServer, 0},  // commit | wire back: durable, and the phone does not know
    {"commit", 2, Owner::kServer, 0},
    {"answer", 1, Owner::kPhoneSyncing, 0},  // wire back | the journal's mark
    {"mark", 1, Owner::kPhoneSyncing, 0},    // mark | page
    {"page", 1, Owner::kPhoneSyncing, 0},    // page | C1, before and after the push was judged
    {"page", 3, Owner::kPhoneSyncing, 0},
    {"c1", 1, Owner::kPhoneSyncing, 0},  // C1 | C2
    {"c1", 3, Owner::kPhoneSyncing, 0},
    {"c2", 1, Owner::kPhoneSyncing, 0},  // C2 | screen
    {"c2", 3, Owner::kPhoneSyncing, 0},
};

struct Case {
  Border border;
  bool both;  // The other process is killed with it.
};

class KillBetweenStopsTest : public testing::TestWithParam<Case> {
 protected:
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  void StartServer(const std::string& kill_at = "") {
    server_.reset();
    std::vector<std::string> environment;
    if (!kill_at.empty()) environment.push_back("DOORSTEP_KILL_AT=" + kill_at);
    const std::string listen = office_.address().empty() ? "127.0.0.1:0" : office_.address();
    server_ = std::make_unique<Program>(
        std::vector<std::string>{DOORSTEPD, "--data", Path("server"), "--listen", listen, "--insecure-loopback"},
        Path(absl::StrCat("server-", ++servers_, ".log")), environment);
    ASSERT_TRUE(server_->Says("serves")) << server_->Output();
    ASSERT_TRUE(office_.Connect(Path("server/admin.connect")).ok());
  }

  std::unique_ptr<Program> StartPhone(const std::string& script, const std::string& kill_at = "") {
    const std::string file = Path(absl::StrCat("script-", ++scripts_));
    std::ofstream(file) << "tally " << Path("tally") << "\n" << script;
    std::vector<std::string> environment;
    if (!kill_at.empty()) environment.push_back("DOORSTEP_KILL_AT=" + kill_at);
    return std::make_unique<Program>(std::vector<std::string>{DOORSTEP_PHONE, "--dir", Path("phone"), "--server",
                                                              office_.address(), "--json", "--script", file},
                                     file + ".log", environment);
  }
  void RunPhone(const std::string& script) {
    const auto phone = StartPhone(script);
    ASSERT_EQ(phone->Wait(), 0) << phone->Output();
    phone_says_ = phone->Output();
  }

  // A dispatched visit whose window is now, and an enrolled phone that has it.
  void Prepare() {
    StartServer();
    const int64_t now_us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    constexpr int64_t kHourUs = int64_t{3600} * 1000000;
    ASSERT_EQ(office_.ImportAccount("acme"), absl::OkStatus());
    ASSERT_EQ(office_.ImportAsset("boiler-1", "acme"), absl::OkStatus());
    ASSERT_EQ(office_.ImportTechnician("ana"), absl::OkStatus());
    ASSERT_EQ(office_.CreateVisit("V1", "acme", "boiler-1"), absl::OkStatus());
    ASSERT_EQ(office_.Schedule("V1", now_us - kHourUs, now_us + kHourUs), absl::OkStatus());
    ASSERT_EQ(office_.Assign("V1", "ana"), absl::OkStatus());
    ASSERT_EQ(office_.Dispatch("V1"), absl::OkStatus());
    const auto code = office_.Invite("ana");
    ASSERT_TRUE(code.ok()) << code.status();
    RunPhone(absl::StrCat("enrol ", *code, "\nsync\n"));
  }

  // What the phone was told is accepted, by position.
  std::map<std::string, v1::LogEntry> Tally() const {
    std::map<std::string, v1::LogEntry> entries;
    std::ifstream file(Path("tally"));
    for (std::string line; std::getline(file, line);) {
      const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('\t', 2));
      EXPECT_EQ(parts.size(), 3u) << line;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(parts.back(), &entries[parts[0]]).ok()) << line;
    }
    return entries;
  }

  void CheckOffice(int in_doubt) {
    const auto tally = Tally();
    ASSERT_FALSE(tally.empty());
    const auto journal = office_.Journal(ParsePosition(tally.begin()->first)->device());
    ASSERT_TRUE(journal.ok()) << journal.status();
    ASSERT_EQ(journal->size(), tally.size() + in_doubt);
    uint64_t seq = 0;
    for (const v1::ReceivedEntry& received : *journal) {
      EXPECT_EQ(received.position().seq(), ++seq);
      const v1::Verdict verdict = received.judgement().verdict();
      EXPECT_TRUE(verdict == v1::VERDICT_UNSPECIFIED || verdict == v1::VERDICT_COUNTED) << received.ShortDebugString();
      const auto told = tally.find(FormatPosition(received.position()));
      if (told == tally.end()) continue;  // In doubt: accepted, and nobody was told.
      v1::LogEntry content = received.entry();
      content.clear_time();
      content.clear_nonce();
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(content, told->second))
          << content.ShortDebugString() << " instead of " << told->second.ShortDebugString();
    }
    const auto visit = office_.Visit("V1");
    ASSERT_TRUE(visit.ok()) << visit.status();
    EXPECT_EQ(visit->visit().state(), v1::VISIT_STATE_COMPLETED);
    EXPECT_EQ(visit->visit().facts(), journal->size());
    std::map<v1::Signal, int> signals;
    const auto health = office_.Health("acme");
    ASSERT_TRUE(health.ok()) << health.status();
    for (const v1::Contribution& c : health->contributions()) ++signals[c.signal()];
    EXPECT_EQ(signals[v1::SIGNAL_OUTCOME_RESOLVED], 1);
    EXPECT_EQ(signals[v1::SIGNAL_ARRIVAL_IN_WINDOW], 1);
    const auto rebuilt = office_.Rebuild();
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
    EXPECT_TRUE(rebuilt->equal()) << rebuilt->ShortDebugString();
    // The phone knows it too: everything counts, nothing waits.
    EXPECT_NE(phone_says_.find(absl::StrCat("\"entries_counted\":\"", journal->size(), "\"")), std::string::npos)
        << phone_says_;
  }

  spec::Folder folder_;
  spec::Office office_;
  std::unique_ptr<Program> server_;
  std::string phone_says_;
  int servers_ = 0;
  int scripts_ = 0;
};

TEST_P(KillBetweenStopsTest, LosesAndDoublesNothing) {
  const Border& border = GetParam().border;
  const bool both = GetParam().both;
  const std::string kill_at = absl::StrCat(border.name, ":", border.nth);
  ASSERT_NO_FATAL_FAILURE(Prepare());

  const std::string begins = "open V1\narrive\nstart\nnote \"阀座 worn\"\n";
  const std::string ends = "open V1\npart used VALVE-7 1\noutcome resolved --fault F1\n";
  std::unique_ptr<Program> phone;
  if (border.owner == Owner::kPhoneRecording) {
    phone = StartPhone(begins, kill_at);
    ASSERT_EQ(phone->Wait(), -SIGKILL) << phone->Output();
    if (both) server_->Kill();
    ASSERT_NO_FATAL_FAILURE(RunPhone(ends));
  } else {
    ASSERT_NO_FATAL_FAILURE(RunPhone(begins + ends));
  }
  if (border.owner == Owner::kPhoneSyncing) {
    phone = StartPhone("sync\n", kill_at);
    ASSERT_EQ(phone->Wait(), -SIGKILL) << phone->Output();
    if (both) server_->Kill();
  }
  if (border.owner == Owner::kServer) {
    ASSERT_NO_FATAL_FAILURE(StartServer(kill_at));
    phone = StartPhone("sync\n");
    ASSERT_EQ(server_->Wait(), -SIGKILL) << server_->Output();
    if (both) phone->Kill();
  }

  if (both || border.owner == Owner::kServer) {
    ASSERT_NO_FATAL_FAILURE(StartServer());
  }
  if (border.owner == Owner::kServer && !both) {
    // The phone goes on by itself.
    ASSERT_EQ(phone->Wait(), 0) << phone->Output();
  }
  phone.reset();
  ASSERT_NO_FATAL_FAILURE(RunPhone("sync\nstatus\n"));
  CheckOffice(border.in_doubt);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Border& border : kBorders) {
    for (const bool both : {false, true}) cases.push_back({border, both});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Every, KillBetweenStopsTest, testing::ValuesIn(Cases()), [](const auto& info) {
  return absl::StrCat(info.param.border.name, info.param.border.nth, info.param.both ? "AndTheOther" : "");
});

}  // namespace
}  // namespace doorstep::e2e
