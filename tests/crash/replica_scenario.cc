// What the office says: pages of two feeds and what they settle in the journal, across a restart. The replica may fall
// back to an earlier page in a power cut, but whole; and nobody sees less of an entry, or more, than is true.
#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "tests/crash/disk_model.h"
#include "tests/crash/phone_files.h"
#include "tests/support/office_feed.h"

namespace doorstep::crash {
namespace {

constexpr char kAna[] = "technician:ana";
constexpr int kLastState = 3;

// What the office holds at some moment of the story.
struct Feeds {
  OfficeFeed device{"device"};
  OfficeFeed ana{kAna};
};

struct Page {
  std::string feed;
  std::string cursor;  // Sent with the request.
  v1::PullResponse response;
  uint64_t received = 0;  // How far the marks go that it brings.
};

v1::Visit VisitRow(const std::string& id, uint64_t folded_seq) {
  v1::Visit visit;
  visit.set_id(id);
  visit.set_account_id("mill");
  visit.set_state(v1::VISIT_STATE_DISPATCHED);
  visit.add_assignments()->set_technician_id("ana");
  if (folded_seq == 0) return visit;
  v1::FoldedJournal& folded = *visit.add_folded();
  folded.set_device("d7");
  folded.set_epoch(1);
  folded.set_seq(folded_seq);
  return visit;
}

class Pulling final : public Scenario {
 public:
  explicit Pulling(std::string key) : key_(std::move(key)) {}
  std::string name() const override { return NameWithKey("replica", key_); }

  absl::Status Prepare(const std::string& folder) override {
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder, nullptr, key_));
      SeededRandom random(1);
      RETURN_IF_ERROR(store->PrepareEnrolment(Invitation(), random).status());
      RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
      for (const Tap& tap : before_) RETURN_IF_ERROR(TapOn(*store, tap).status());
      for (uint64_t seq = 1; seq <= before_.size(); ++seq) {
        ASSIGN_OR_RETURN(marks_[seq], MarkAt(*store, 1, seq));
      }
    }
    MakePages();
    return NoteRows(ReadFiles(folder), folder + "-rows");
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    for (const Tap& tap : before_) ledger.Answered(absl::StrCat("entry ", tap.text));
    Steps steps(place.disk);
    StoryPhone phone(place, key_, &ledger, &steps);
    std::vector<bool> applied(pages_.size());  // Settling may fail after it.
    const auto pull = [&](size_t number) {
      const Page& page = pages_[number];
      steps.Do(absl::StrCat("page ", number), [&, number]() -> absl::Status {
        RETURN_IF_ERROR(phone.Open());
        ledger.Begins(PageThing(page));
        BeginMarks(page.received, ledger);
        if (!applied[number]) {
          ASSIGN_OR_RETURN(const PageChanges changes, phone.store().ApplyPage(page.feed, page.cursor, page.response));
          if (changes.stale || changes.sum_differed) return absl::AbortedError("not the page that is due");
          ledger.Answered(PageThing(page), Lasting::kKill);
          applied[number] = true;
        }
        RETURN_IF_ERROR(phone.store().Settle().status());
        for (const Thing& mark : MarksOf(phone.store())) ledger.Answered(mark);
        return absl::OkStatus();
      });
    };
    pull(0);
    pull(1);
    pull(2);
    phone.DoTap(after_[0]);
    pull(3);
    pull(4);
    phone.Close();
    pull(5);
    pull(6);
    phone.DoTap(after_[1]);
    const std::string wrong = steps.Finish();
    phone.Close();
    return wrong;
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(place.folder, place.disk, key_));
    if (!store->repairs().empty()) return absl::InternalError(store->repairs()[0]);
    ASSIGN_OR_RETURN(std::vector<Thing> things, HonestEntriesOf(*store));
    for (Thing& thing : MarksOf(*store)) things.push_back(std::move(thing));
    for (const std::string& feed : {std::string(kDeviceFeed), std::string(kAna)}) {
      ASSIGN_OR_RETURN(const std::string rows, RowsOf(*store, feed));
      const std::string cursor = store->replica().Cursor(feed);
      const auto expected = rows_.find({feed, cursor});
      if (cursor.empty() ? !rows.empty() : expected == rows_.end() || expected->second != rows) {
        return absl::InternalError(absl::StrCat("half a page of ", feed, " at \"", cursor, "\""));
      }
      // A later page stands for all before it.
      for (const Page& page : pages_) {
        if (page.feed != feed || cursor.empty()) continue;
        things.push_back(PageThing(page));
        if (page.response.cursor() == cursor) break;
      }
    }
    RETURN_IF_ERROR(CheckStages(*store));
    RETURN_IF_ERROR(CheckScreen(*store));
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    const absl::StatusOr<std::unique_ptr<LocalStore>> store = OpenPhone(place.folder, place.disk, key_);
    if (!store.ok()) return absl::StrCat("does not open again: ", store.status().ToString());
    std::vector<std::string> texts;
    for (const Tap& tap : before_) texts.push_back(tap.text);
    for (const Tap& tap : after_) {
      texts.push_back(tap.text);
      if (const auto again = TapOn(**store, tap); !again.ok()) return again.status().ToString();
    }
    const Feeds feeds = At(kLastState);
    for (const OfficeFeed* feed : {&feeds.device, &feeds.ana}) {
      const std::string cursor = (*store)->replica().Cursor(feed->name());
      int64_t seq = 0;
      const bool is_delta =
          absl::StartsWith(cursor, "seq-") && absl::SimpleAtoi(cursor.substr(sizeof("seq-") - 1), &seq);
      const auto changes =
          (*store)->ApplyPage(feed->name(), cursor, is_delta ? feed->Delta(seq) : feed->SnapshotPage(0, 1000));
      if (!changes.ok()) return absl::StrCat("pulling: ", changes.status().ToString());
      if (changes->stale || changes->sum_differed) return "pulling goes astray";
      if (const auto moves = (*store)->Settle(); !moves.ok()) return moves.status().ToString();
      const absl::StatusOr<std::string> rows = RowsOf(**store, feed->name());
      if (!rows.ok()) return rows.status().ToString();
      if (*rows != rows_.at({feed->name(), absl::StrCat("seq-", feed->seq())})) {
        return absl::StrCat("after pulling, ", feed->name(), " is not what the office has");
      }
    }
    if ((*store)->journal().epochs().at(1).judged_through != before_.size()) return "after pulling, marks are missing";
    if (const absl::Status stages = CheckStages(**store); !stages.ok()) return stages.ToString();
    if (const absl::Status screen = CheckScreen(**store); !screen.ok()) return screen.ToString();
    return SyncAndCount(**store, texts);
  }

 private:
  using RowKey = std::pair<std::string, std::string>;  // Feed, cursor.

  static Thing PageThing(const Page& page) { return absl::StrCat(page.feed, " ", page.response.cursor()); }

  static void BeginMarks(uint64_t through, Ledger& ledger) {
    for (uint64_t seq = 1; seq <= through; ++seq) {
      ledger.Begins(absl::StrCat("received 1.", seq));
      ledger.Begins(absl::StrCat("judged 1.", seq));
    }
  }

  v1::JournalState Judged(uint64_t through) const {
    v1::JournalState state;
    *state.mutable_mark() = marks_.at(through);
    state.set_judged_through(through);
    return state;
  }

  static v1::Judgement Verdict(uint64_t seq, v1::Verdict verdict) {
    v1::Judgement judgement;
    *judgement.mutable_position() = MakePosition("d7", 1, seq);
    judgement.set_verdict(verdict);
    return judgement;
  }

  // The office after so many of its changes.
  Feeds At(int state) const {
    Feeds feeds;
    feeds.device.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1.2", Verdict(2, v1::VERDICT_QUARANTINED));
    feeds.device.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(3));
    for (const char* id : {"v1", "v2", "v3", "v4"}) feeds.ana.Put(v1::ENTITY_KIND_VISIT, id, VisitRow(id, 0));
    if (state >= 2) {
      feeds.device.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(4));
      feeds.ana.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 3));
      feeds.ana.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2", 4));
      feeds.ana.Leave(v1::ENTITY_KIND_VISIT, "v4", "reassigned to Ben", "ben");
    }
    if (state >= 3) {
      feeds.device.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1.5", Verdict(5, v1::VERDICT_QUARANTINED));
      feeds.device.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(6));
      feeds.ana.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2", 5));
      feeds.ana.Put(v1::ENTITY_KIND_VISIT, "v3", VisitRow("v3", 6));
    }
    return feeds;
  }

  void MakePages() {
    std::map<std::string, std::string> cursors;
    const auto add = [&](const std::string& feed, const v1::PullResponse& response, uint64_t received) {
      pages_.push_back({feed, cursors[feed], response, received});
      cursors[feed] = response.cursor();
    };
    const Feeds first = At(1);
    add("device", first.device.SnapshotPage(0, 1000), 3);
    add(kAna, first.ana.SnapshotPage(0, 2), 3);
    add(kAna, first.ana.SnapshotPage(2, 1000), 3);
    for (int state = 2; state <= kLastState; ++state) {
      const Feeds before = At(state - 1);
      const Feeds now = At(state);
      const uint64_t received = state == 2 ? 4 : before_.size();
      add("device", now.device.Delta(before.device.seq()), received);
      add(kAna, now.ana.Delta(before.ana.seq()), received);
    }
  }

  // What stands in the replica after each page.
  absl::Status NoteRows(const Files& files, const std::string& folder) {
    WriteFiles(files, folder);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder, nullptr, key_));
      for (const Page& page : pages_) {
        RETURN_IF_ERROR(store->ApplyPage(page.feed, page.cursor, page.response).status());
        ASSIGN_OR_RETURN((rows_[{page.feed, page.response.cursor()}]), RowsOf(*store, page.feed));
      }
    }
    std::filesystem::remove_all(folder);
    return absl::OkStatus();
  }

  static absl::StatusOr<std::string> RowsOf(LocalStore& store, const std::string& feed) {
    std::string rows;
    for (const v1::EntityKind kind : {v1::ENTITY_KIND_JOURNAL, v1::ENTITY_KIND_JUDGEMENT, v1::ENTITY_KIND_VISIT}) {
      RETURN_IF_ERROR(store.replica().ForEach(feed, kind, [&](absl::string_view id, absl::string_view bytes) {
        absl::StrAppend(&rows, id, "=", bytes, ";");
        return absl::OkStatus();
      }));
    }
    return rows;
  }

  // The office never counted these two.
  absl::Status CheckStages(LocalStore& store) {
    for (const uint64_t seq : {2, 5}) {
      ASSIGN_OR_RETURN(const v1::EntryStatus status,
                       StatusOfEntry(store.journal(), store.replica(), MakePosition("d7", 1, seq)));
      if (status.stage() != v1::ENTRY_STAGE_COUNTED) continue;
      return absl::InternalError(absl::StrCat("entry 1.", seq, " is shown as counted, and never was"));
    }
    return absl::OkStatus();
  }

  // An entry that counts is in the visit's row, or lies above it.
  absl::Status CheckScreen(LocalStore& store) {
    for (size_t i = 0; i < before_.size(); ++i) {
      const uint64_t seq = i + 1;
      if (seq == 2 || seq == 5) continue;
      ASSIGN_OR_RETURN(const auto bytes, store.replica().Entity(v1::ENTITY_KIND_VISIT, before_[i].visit));
      v1::Visit visit;
      const bool is_here = bytes.has_value() && visit.ParseFromString(*bytes);
      if (is_here && visit.folded_size() > 0 && visit.folded(0).seq() >= seq) continue;
      bool lies_above = false;
      for (const auto& [epoch, entries] : store.journal().PendingOf(before_[i].visit)) {
        for (const PendingEntry* entry : entries) lies_above |= entry->info.seq == seq;
      }
      if (!lies_above) return absl::InternalError(absl::StrCat("entry 1.", seq, " has vanished from the screen"));
    }
    return absl::OkStatus();
  }

  const std::vector<Tap> before_ = {{"a"}, {"b"}, {"c"}, {"d", "v2"}, {"e", "v2"}, {"f", "v3"}};
  const std::vector<Tap> after_ = {{"g"}, {"h", "v3", "boot-2"}};
  std::map<uint64_t, v1::JournalMark> marks_;  // By seq.
  std::vector<Page> pages_;
  std::map<RowKey, std::string> rows_;
  const std::string key_;
};

}  // namespace

std::unique_ptr<Scenario> MakeReplica(const std::string& key) { return std::make_unique<Pulling>(key); }

}  // namespace doorstep::crash
