// What must be true of a phone, looked at after each of its steps and at rest.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/sync/outlook.h"
#include "server/storage/feed_pages.h"
#include "server/storage/feed_table.h"
#include "tests/sim/scope_check.h"
#include "tests/sim/sim_phone.h"

namespace doorstep::sim {

void SimPhone::WatchMarks() {
  if (store_->repairs().size() != std::exchange(repairs_, store_->repairs().size())) {
    world_->Note(name_, "has repaired a file");
    ForgetShown();
  }
  const auto& identity = store_->journal().identity();
  if (identity.has_value() && identity->generation() != shown_generation_) {
    shown_generation_ = identity->generation();
    shown_safe_.clear();
  }
  for (const auto& [epoch, marks] : store_->journal().epochs()) {
    uint64_t& shown = shown_safe_[epoch];
    // An epoch that was left keeps only what both sides have.
    const uint64_t could = std::min(shown, marks.last_own_seq());
    if (marks.received_through < could) {
      // A server whose file was put back by hand says so by no new generation, unless somebody proves it to it: each
      // time a phone may find it out by itself, once.
      const uint64_t put_back = world_->counts()[static_cast<int>(FaultKind::kServerSetBack)];
      if (std::exchange(found_out_[epoch], put_back) == put_back) {
        world_->Violate("lost", absl::StrCat(name_, " showed epoch ", epoch, " safe through ", shown,
                                             ", and now through ", marks.received_through));
      }
    }
    if (marks.received_through > shown) WatchSafe(marks, shown);
    shown = marks.received_through;
    WatchSettled(marks);
  }
  WatchScreen();
  WatchFeeds();
  WatchRest();
}

// What is shown as safe, the office had.
void SimPhone::WatchSafe(const EpochMarks& marks, uint64_t before) {
  Journal& journal = store_->journal();
  for (uint64_t seq = std::max(before, marks.retained_through) + 1; seq <= marks.received_through; ++seq) {
    const absl::StatusOr<v1::LogEntry> entry = journal.Read(marks.epoch, seq);
    if (!entry.ok()) continue;  // The disk died or fails.
    const EntryKey key(entry->time().boot_id(), entry->time().monotonic_us());
    if (server_->held().Has(key)) continue;
    world_->Violate("lost", absl::StrCat(name_, " shows ", marks.epoch, ".", seq, " as safe, and the office never had ",
                                         Describe(key)));
    return;
  }
}

// Keeps by visit what is off the screen but for its row. What is deleted here, a phone cannot show any more.
void SimPhone::WatchSettled(const EpochMarks& marks) {
  uint64_t& retained = retained_[marks.epoch];
  if (marks.retained_through != std::exchange(retained, marks.retained_through)) {
    for (auto& [visit, entries] : off_screen_) {
      entries.erase(entries.lower_bound({marks.epoch, 0}), entries.upper_bound({marks.epoch, retained}));
    }
  }
  uint64_t& settled = settled_[marks.epoch];
  if (marks.settled_through < settled) {
    for (auto& [visit, entries] : off_screen_) {
      entries.erase(entries.upper_bound({marks.epoch, marks.settled_through}),
                    entries.upper_bound({marks.epoch, settled}));
    }
  } else if (marks.settled_through > settled) {
    const absl::StatusOr<std::vector<EntryInfo>> entries =
        store_->journal().List(marks.epoch, settled, marks.settled_through - settled);
    if (!entries.ok()) return;
    for (const EntryInfo& entry : *entries) {
      if (entry.seq > marks.settled_through || entry.visit_id.empty()) continue;
      off_screen_[entry.visit_id].insert({entry.epoch, entry.seq});
    }
    rows_looked_at_ = {};
  }
  settled = marks.settled_through;
}

// What is taken off the overlay stands in each row of its visit, as long as one is here: nobody's own tap disappears
// from the screen, whoever looks at it and whatever becomes of the rows.
void SimPhone::WatchScreen() {
  const std::pair<int, uint64_t> rows(processes_, store_->replica().version());
  if (std::exchange(rows_looked_at_, rows) == rows) return;
  for (const auto& [visit_id, entries] : off_screen_) {
    const auto rows_here = store_->replica().Rows(v1::ENTITY_KIND_VISIT, visit_id);
    if (!rows_here.ok()) return;  // The disk died or fails.
    for (const std::string& bytes : *rows_here) {
      const std::string missing = MissingIn(bytes, entries);
      if (missing.empty()) continue;
      return world_->Violate("wrong", absl::StrCat(name_, ": ", missing, " is off the screen of visit ", visit_id,
                                                   " before the office's row has it"));
    }
  }
}

// The first of `entries` that counts and is not in the visit's row; empty: all are.
std::string SimPhone::MissingIn(const std::string& row, const std::set<std::pair<uint64_t, uint64_t>>& entries) {
  v1::Visit visit;
  if (!visit.ParseFromString(row)) return "";
  for (const std::pair<uint64_t, uint64_t>& entry : entries) {
    const uint64_t epoch = entry.first;
    const uint64_t seq = entry.second;
    const v1::Judgement* judgement = store_->replica().JudgementOf(epoch, seq);
    if (judgement != nullptr && !Counts(judgement->verdict())) continue;
    const bool folded = std::any_of(visit.folded().begin(), visit.folded().end(), [&](const v1::FoldedJournal& f) {
      return f.device() == store_->journal().identity()->device() && f.epoch() == epoch && f.seq() >= seq;
    });
    if (!folded) return absl::StrCat(epoch, ".", seq);
  }
  return "";
}

// Rows that are not the server's are fetched again, which hides whose mistake it was. Only a server that went back
// excuses it: its rows are others, and a phone that finds it out reads them anew; so does one that was damaged and does
// not know of which generation its marks are.
void SimPhone::WatchFeeds() {
  if (server_->setbacks() > 0 || world_->Has(FaultKind::kJournalDamaged)) return;
  for (const FeedState& feed : store_->replica().Feeds()) {
    if (!feed.cursor.empty() || feed.head_seq == 0) continue;
    world_->Violate(
        "wrong", absl::StrCat(name_, ": the rows of ", feed.name, " are not those of the office at ", feed.head_seq));
  }
}

// A phone that has nothing more to ask for shows that it has everything.
void SimPhone::WatchRest() {
  v1::PhoneStatus status;
  if (driver_ != nullptr) driver_->FillStatus(&status);
  if (status.engine_state() != ModeName(SyncMode::kIdle)) return;
  const Proof proof = store_->LastProof();
  if (proof.missing.empty()) return;
  world_->Violate("stuck", absl::StrCat(name_, " asks for no more, and does not know whether it has all of ",
                                        absl::StrJoin(proof.missing, ", ")));
}

// ---- at rest ----

std::string SimPhone::Unrest() {
  if (destroyed_) return "";
  if (!enrolled()) return absl::StrCat(name_, " is not enrolled");
  const JournalCounts counts = store_->journal().Counts();
  if (counts.saved_here > 0) return absl::StrCat(name_, " has ", counts.saved_here, " entries saved here");
  if (counts.safe > 0) {
    std::string marks;
    for (const auto& [epoch, m] : store_->journal().epochs()) {
      absl::StrAppend(&marks, " ", epoch, ".", m.head_seq, ": received ", m.received_through, ", judged ",
                      m.judged_through, ";");
    }
    return absl::StrCat(name_, " has ", counts.safe, " entries that nobody judged;", marks);
  }
  for (const auto& [epoch, pending] : store_->journal().pending()) {
    if (!pending.empty()) {
      return absl::StrCat(name_, " has ", pending.size(), " entries that are not settled, the first ", epoch, ".",
                          pending.front().info.seq, " on ", pending.front().info.visit_id);
    }
  }
  std::string unrest = AttachmentUnrest();
  const absl::Status read = server_->storage().Read("heads", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<std::string> technicians, Served(sql));
    std::vector<std::string> feeds = {std::string(kDeviceFeed)};
    for (const std::string& technician : technicians) feeds.push_back(TechnicianFeed(technician));
    for (const std::string& feed : feeds) {
      const FeedState* state = store_->replica().FindFeed(feed);
      ASSIGN_OR_RETURN(const int64_t seq, FeedSeq(sql, feed == kDeviceFeed ? DeviceFeed(device()) : feed));
      if (state == nullptr || !state->at_head || state->head_seq != seq) {
        unrest = absl::StrCat(name_, " has ", feed, " at ", state == nullptr ? 0 : state->head_seq, " of ", seq);
      }
    }
    return absl::OkStatus();
  });
  return read.ok() ? unrest : read.ToString();
}

// A file that was put in place behind everybody's back does things anew under the versions of what it lost. A phone
// that lost nothing of its own by it cannot tell one from the other.
bool SimPhone::IsDeceived(const std::string& here, const std::string& office) const {
  const uint64_t put_back = world_->counts()[static_cast<int>(FaultKind::kServerSetBack)];
  const bool found_out = std::any_of(found_out_.begin(), found_out_.end(),
                                     [put_back](const auto& epoch) { return epoch.second == put_back; });
  v1::Visit a;
  v1::Visit b;
  return put_back > 0 && !found_out && a.ParseFromString(here) && b.ParseFromString(office) &&
         a.version() == b.version();
}

void SimPhone::CompareWithOffice(const std::vector<std::string>& all) {
  if (!enrolled()) return;
  const absl::Status read = server_->storage().Read("a scope", [&](SqlSession& sql) -> absl::Status {
    std::map<std::string, std::string> office;
    std::vector<FeedHead> heads;
    ASSIGN_OR_RETURN(const std::vector<std::string> technicians, Served(sql));
    for (const std::string& technician : technicians) {
      const std::string name = TechnicianFeed(technician);
      ASSIGN_OR_RETURN(auto visits, VisitsOf(sql, all, technician));
      office.merge(visits);
      ASSIGN_OR_RETURN(const auto head, FindFeed(sql, name));
      if (!head.has_value()) continue;
      heads.push_back(*head);
      const FeedState* state = store_->replica().FindFeed(name);
      if (state != nullptr && state->sum != head->sum) {
        world_->Violate("wrong", absl::StrCat(name_, ": the sum of ", name, " is not the office's"));
      }
    }
    std::map<std::string, std::string> here;
    RETURN_IF_ERROR(
        store_->replica().ForEach("", v1::ENTITY_KIND_VISIT, [&](absl::string_view id, absl::string_view bytes) {
          here[std::string(id)] = std::string(bytes);
          return absl::OkStatus();
        }));
    std::set<std::string> deceived;
    for (const auto& [id, bytes] : office) {
      if (here[id] == bytes) continue;
      if (here[id].empty() && IsOfAnotherWeek(bytes, world_->now_us())) continue;
      if (IsDeceived(here[id], bytes)) {
        deceived.insert(id);
        continue;
      }
      std::optional<FeedRow> row;
      for (const FeedHead& head : heads) {
        if (row.has_value()) break;
        ASSIGN_OR_RETURN(row, FindFeedRow(sql, head.n, v1::ENTITY_KIND_VISIT, id));
      }
      world_->Violate("wrong", absl::StrCat(name_, ": visit ", id, here[id].empty() ? " is not here" : " differs", "; ",
                                            !row.has_value() ? "its feed never had it"
                                            : row->gone      ? "its feed says that it left: " + row->reason
                                                             : "its feed has it"));
    }
    for (const auto& [id, bytes] : here) {
      if (office.count(id) == 0) world_->Violate("wrong", absl::StrCat(name_, ": has visit ", id, ", not its own"));
    }
    ASSIGN_OR_RETURN(const std::vector<v1::LocalVisit> shown, store_->view().Visits(""));
    for (const v1::LocalVisit& visit : shown) {
      if (deceived.count(visit.visit().id()) > 0) continue;
      if (visit.own_entries() > 0) {
        world_->Violate("wrong", absl::StrCat(name_, ": visit ", visit.visit().id(), " still shows own entries"));
      }
      const auto found = office.find(visit.visit().id());
      v1::Visit expected;
      if (found != office.end() && (!expected.ParseFromString(found->second) ||
                                    expected.SerializeAsString() != visit.visit().SerializeAsString())) {
        world_->Violate("wrong", absl::StrCat(name_, ": shows visit ", visit.visit().id(), " otherwise"));
      }
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", absl::StrCat(name_, ": comparing: ", read.ToString()));
  AskForAnothersFeed();
}

void SimPhone::AskForAnothersFeed() {
  v1::PullRequest request;
  request.set_feed(TechnicianFeed(technician_ + "-colleague"));
  const SimServer::Answer answer =
      server_->CallNow("/doorstep.v1.SyncService/Pull", absl::StrCat("Bearer ", store_->journal().identity()->token()),
                       request.SerializeAsString());
  if (answer.has_value() && answer->ok()) world_->Violate("wrong", name_ + ": was given the feed of somebody else");
}

}  // namespace doorstep::sim
