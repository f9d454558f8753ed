// The server's file: groups of frames and commands, the log moved into the file after each, a restart in between.
#include <filesystem>
#include <future>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/rebuild.h"
#include "server/apply/writer.h"
#include "server/storage/command_table.h"
#include "server/storage/device_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/storage.h"
#include "server/storage/visit_table.h"
#include "tests/crash/scenario.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;

constexpr char kFile[] = "doorstep.db";
constexpr char kPrincipal[] = "admin:a1";
constexpr int64_t kEvening = kMonday + 18 * kHour;

// A frame of one phone.
struct Sent {
  size_t phone;
  uint64_t first;
  uint64_t last;
};

// What waits together, and is one commit when nothing fails.
struct Waiting {
  std::vector<Sent> frames;
  std::string visit;  // That is to be made; the request's id too.
};

// The server without a network. What it answers is answered by its writer's thread.
struct Server {
  std::unique_ptr<Storage> storage;
  std::unique_ptr<Writer> writer;
};

class Serving final : public Scenario {
 public:
  std::string name() const override { return "server"; }

  absl::Status Prepare(const std::string& folder) override {
    testing::Office office;
    office.clock().Set(kMonday + 7 * kHour);
    office.AddAccount("mill");
    phones_ = {office.AddPhone("ana"), office.AddPhone("ben")};
    office.Plan("v1", "mill", "ana", 8);
    office.Plan("v2", "mill", "ben", 9);
    for (size_t i = 0; i < phones_.size(); ++i) Record(phones_[i], absl::StrCat("v", i + 1));
    office.clock().Set(kEvening - kHour);
    for (const Sent& frame : before_) {
      RETURN_IF_ERROR(office.Push(phones_[frame.phone], frame.first, frame.last).status());
    }
    office.Read([&](SqlSession& sql) { commands_before_ = CountCommands(sql).value(); });
    // Nothing is under way: the file and its log together are what a killed server leaves.
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(office.path() + suffix, absl::StrCat(folder, "/", kFile, suffix));
    }
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    for (const Sent& frame : before_) ledger.Answered(FrameThing(frame));
    Steps steps(place.disk);
    Server server;
    for (size_t i = 0; i < story_.size(); ++i) {
      if (i == kRestartBefore) Close(server);
      steps.Do(absl::StrCat("group ", i), [&, i]() -> absl::Status {
        RETURN_IF_ERROR(Open(place, server));
        return Submit(server, story_[i], &ledger);
      });
    }
    const std::string wrong = steps.Finish();
    Close(server);
    return wrong;
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    Server server;
    RETURN_IF_ERROR(Open(place, server));
    std::vector<Thing> things;
    const absl::Status read = server.storage->Read("what is there", [&](SqlSession& sql) -> absl::Status {
      std::map<size_t, uint64_t> marks;  // By phone.
      uint64_t entries = 0;
      for (const Sent& frame : AllFrames()) {
        ASSIGN_OR_RETURN(const bool is_there, HasFrame(sql, frame, &marks[frame.phone]));
        if (!is_there) continue;
        things.push_back(FrameThing(frame));
        entries += frame.last - frame.first + 1;
      }
      ASSIGN_OR_RETURN(const FrameTotals totals, CountFrames(sql));
      if (totals.entries != entries) return absl::InternalError("there are entries that belong to no frame");
      for (const Waiting& group : story_) {
        if (group.visit.empty()) continue;
        ASSIGN_OR_RETURN(const std::optional<RequestRow> request, FindRequest(sql, kPrincipal, group.visit));
        ASSIGN_OR_RETURN(const std::string visit, FindVisitBytes(sql, group.visit));
        const bool has_visit = !visit.empty();
        if (request.has_value() != has_visit) return absl::InternalError(absl::StrCat("half of making ", group.visit));
        if (has_visit) things.push_back(VisitThing(group));
      }
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(read);
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    Server server;
    if (const absl::Status opened = Open(place, server); !opened.ok()) {
      return absl::StrCat("does not open again: ", opened.ToString());
    }
    if (std::string wrong = RebuildDiffers(server, "after the crash"); !wrong.empty()) return wrong;
    for (const Sent& frame : before_) {
      if (const absl::Status again = Submit(server, {{frame}, ""}, nullptr); !again.ok()) return again.ToString();
    }
    for (const Waiting& group : story_) {
      if (const absl::Status again = Submit(server, group, nullptr); !again.ok()) return again.ToString();
    }
    if (const absl::Status counted = HasAll(server); !counted.ok()) return counted.ToString();
    if (const absl::Status whole = server.storage->writer().database().CheckIntegrity(); !whole.ok()) {
      return whole.ToString();
    }
    return RebuildDiffers(server, "at the end");
  }

  std::string LookAtEnd(const Place& place) override {
    Server server;
    absl::Status done = Open(place, server);
    if (done.ok()) done = HasAll(server);
    return done.ok() ? "" : done.ToString();
  }

 private:
  static constexpr size_t kRestartBefore = 2;  // Of the story's groups.

  static void Record(FieldPhone& phone, const std::string& visit) {
    int64_t now = kMonday + 8 * kHour;
    const auto record = [&](v1::LogEntry entry) { phone.Record(std::move(entry), visit, now += testing::kSecond); };
    record(testing::Arrived());
    record(testing::WorkStarted());
    record(testing::Note("the valve seat is worn"));
    record(testing::PartUsed("seat", 1000));
    record(testing::Outcome(v1::OUTCOME_CODE_RESOLVED, "valve"));
    record(testing::Csat(5));
    record(testing::Promise("promise-" + visit, kMonday + 48 * kHour));
    record(testing::Note("left at noon"));
  }

  Thing FrameThing(const Sent& frame) const {
    return absl::StrCat("frame ", phones_[frame.phone].device(), ".", frame.first, "-", frame.last);
  }
  static Thing VisitThing(const Waiting& group) { return absl::StrCat("visit ", group.visit); }

  std::vector<Sent> AllFrames() const {
    std::vector<Sent> frames = before_;
    for (const Waiting& group : story_) frames.insert(frames.end(), group.frames.begin(), group.frames.end());
    return frames;
  }

  absl::Status HasAll(Server& server) {
    uint64_t entries = 0;
    uint64_t commands = commands_before_;
    for (const Sent& frame : AllFrames()) entries += frame.last - frame.first + 1;
    for (const Waiting& group : story_) commands += group.visit.empty() ? 0 : 1;
    return server.storage->Read("the end", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const FrameTotals totals, CountFrames(sql));
      ASSIGN_OR_RETURN(const uint64_t kept, CountCommands(sql));
      if (totals.entries == entries && kept == commands) return absl::OkStatus();
      return absl::InternalError(absl::StrCat("asked for again, there are ", totals.entries, " entries of ", entries,
                                              " and ", kept, " commands of ", commands));
    });
  }

  absl::Status Open(const Place& place, Server& server) {
    if (server.writer != nullptr) return absl::OkStatus();
    StorageOptions options;
    options.path = absl::StrCat(place.folder, "/", kFile);
    options.vfs = place.disk->vfs();
    options.readers = 1;
    ASSIGN_OR_RETURN(std::unique_ptr<Storage> storage, Storage::Open(options, random_));
    WriterOptions writer;
    writer.checkpoint_bytes = 1;  // After each group.
    ASSIGN_OR_RETURN(server.writer, Writer::Start(storage.get(), &clock_, &random_, ApplyRecord, nullptr, writer));
    server.storage = std::move(storage);
    return absl::OkStatus();
  }
  static void Close(Server& server) {
    server.writer.reset();
    server.storage.reset();
  }

  // All of it at once, behind a command that holds the writer until everything waits. OK: all is answered.
  absl::Status Submit(Server& server, const Waiting& group, Ledger* ledger) {
    std::promise<void> open_gate;
    const std::shared_future<void> gate = open_gate.get_future().share();
    std::vector<std::future<absl::Status>> answers;
    // Answers are noted when they are given, by the thread that gives them: this one only waits meanwhile.
    const auto expect = [&](const Thing& thing) {
      if (ledger != nullptr && !thing.empty()) ledger->Begins(thing);
      auto answer = std::make_shared<std::promise<absl::Status>>();
      answers.push_back(answer->get_future());
      return [ledger, thing, answer](const absl::Status& status) {
        if (ledger != nullptr && status.ok() && !thing.empty()) ledger->Answered(thing);
        answer->set_value(status);
      };
    };
    Command hold;
    hold.principal = kPrincipal;
    hold.run = [gate](Transaction&) -> absl::StatusOr<std::string> {
      gate.wait();
      return std::string();
    };
    // Told what is begun before the writer can begin it.
    const auto held = expect("");
    std::vector<std::function<void(const absl::Status&)>> frames;
    for (const Sent& frame : group.frames) frames.push_back(expect(FrameThing(frame)));
    const auto made = group.visit.empty() ? std::function<void(const absl::Status&)>() : expect(VisitThing(group));
    server.writer->SubmitCommand(std::move(hold), [held](const auto& answer) { held(answer.status()); });
    for (size_t i = 0; i < group.frames.size(); ++i) {
      const Sent& frame = group.frames[i];
      const FieldPhone& phone = phones_[frame.phone];
      ASSIGN_OR_RETURN(std::unique_ptr<PreparedFrame> prepared,
                       PrepareFrame(phone.Frame(frame.first, frame.last, kEvening), phone.device()));
      server.writer->SubmitFrame(std::move(prepared),
                                 [done = frames[i], frame](const auto& answer) { done(Taken(answer, frame.last)); });
    }
    if (made) server.writer->SubmitCommand(MakeVisit(group.visit), [made](const auto& a) { made(a.status()); });
    open_gate.set_value();
    absl::Status all;
    for (std::future<absl::Status>& answer : answers) all.Update(answer.get());
    return all;
  }

  static absl::Status Taken(const absl::StatusOr<FrameAnswer>& answer, uint64_t last) {
    if (!answer.ok()) return answer.status();
    if (answer->wait_ms > 0) return absl::ResourceExhaustedError("the phone is asked to wait");
    if (answer->fork.has_value()) return absl::DataLossError("a fork of a phone that has not forked");
    if (answer->mark.received_through() >= last) return absl::OkStatus();
    return absl::AbortedError(absl::StrCat("received through ", answer->mark.received_through()));
  }

  static Command MakeVisit(const std::string& id) {
    v1::CommandRecord record;
    record.mutable_create_visit()->set_id(id);
    record.mutable_create_visit()->set_work_order_id("order-v1");
    Command command;
    command.principal = kPrincipal;
    command.request_id = id;
    command.body_hash = "body of " + id;
    command.run = [record](Transaction& tx) -> absl::StatusOr<std::string> {
      RETURN_IF_ERROR(tx.Apply(record));
      return std::string("made");
    };
    return command;
  }

  // `*mark`: how far this phone's frames go that have been looked at.
  absl::StatusOr<bool> HasFrame(SqlSession& sql, const Sent& frame, uint64_t* mark) const {
    const FieldPhone& phone = phones_[frame.phone];
    ASSIGN_OR_RETURN(const std::optional<DeviceRow> device, FindDevice(sql, phone.device()));
    if (!device.has_value()) return absl::InternalError("a device is gone");
    ASSIGN_OR_RETURN(const std::optional<FrameRow> row, FindFrameHolding(sql, device->n, phone.epoch(), frame.last));
    ASSIGN_OR_RETURN(const std::optional<JournalRow> journal, FindJournal(sql, device->n, phone.epoch()));
    if (!journal.has_value()) return absl::InternalError("a journal is gone");
    if (!row.has_value()) {
      if (journal->mark > *mark) return absl::InternalError("the mark is beyond the frames");
      return false;
    }
    *mark = frame.last;
    if (journal->mark < frame.last) return absl::InternalError("the mark is behind the frames");
    ASSIGN_OR_RETURN(const auto sent, PrepareFrame(phone.Frame(frame.first, frame.last, kEvening), phone.device()));
    if (row->first_seq != frame.first || row->last_seq != frame.last || row->skip != 0 ||
        row->head_hash != sent->opened.header.head_hash()) {
      return absl::InternalError(absl::StrCat(FrameThing(frame), " is not what was sent"));
    }
    return true;
  }

  std::string RebuildDiffers(Server& server, absl::string_view when) {
    const absl::StatusOr<RebuildReport> report = Rebuild(*server.storage, random_, ApplyRecord);
    if (!report.ok()) return absl::StrCat("rebuilding ", when, ": ", report.status().ToString());
    if (report->differences.empty()) return "";
    return absl::StrCat("rebuilt ", when, ", this differs: ", report->differences[0]);
  }

  const std::vector<Sent> before_ = {{0, 1, 2}};
  const std::vector<Waiting> story_ = {
      {{{0, 3, 4}, {1, 1, 3}}, "v8"}, {{{0, 5, 6}}, ""}, {{{1, 4, 8}, {0, 7, 8}}, "v9"}};
  testing::SetClock clock_{kEvening};
  SeededRandom random_{5};
  std::vector<FieldPhone> phones_;
  uint64_t commands_before_ = 0;
};

}  // namespace

std::unique_ptr<Scenario> MakeServer() { return std::make_unique<Serving>(); }

}  // namespace doorstep::crash
