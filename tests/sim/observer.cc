#include "tests/sim/observer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/fold_fact.h"
#include "server/services/received_entries.h"
#include "server/storage/device_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/visit_table.h"
#include "tests/sim/attached_bytes.h"

namespace doorstep::sim {
namespace {

constexpr int64_t kManyFrames = 1000000;

bool Counts(const v1::Judgement& judgement) {
  return judgement.verdict() == v1::VERDICT_COUNTED || judgement.verdict() == v1::VERDICT_APPLIED_WITH_ATTENTION;
}

}  // namespace

std::string Describe(const EntryKey& key) { return absl::StrCat("the entry of ", key.first, " at ", key.second); }

void Observer::Tapped(const EntryKey& key, NotedEntry entry) {
  const bool decides = entry.fact == v1::LogEntry::kRetraction || entry.fact == v1::LogEntry::kCorrection;
  if (entry.position.seq() > 0 && !decides) told_.push_back({entry.position, entry.visit});
  entries_[key] = std::move(entry);
}

uint64_t Observer::accepted() const {
  return static_cast<uint64_t>(std::count_if(entries_.begin(), entries_.end(),
                                             [](const auto& item) { return item.second.expect == Expect::kOnce; }));
}

void Observer::Excuse(const std::string& phone, SimServer& server) {
  const std::map<EntryKey, Arrived> received = Received(server);
  for (auto& [key, entry] : entries_) {
    if (entry.phone != phone || entry.expect != Expect::kOnce) continue;
    if (received.count(key) == 0) entry.expect = Expect::kAtMostOnce;
    entry.only_at_office = true;
    ForgetLost(entry, server);
  }
}

void Observer::ForgetLost(NotedEntry& entry, SimServer& server) {
  entry.attached.erase(std::remove_if(entry.attached.begin(), entry.attached.end(),
                                      [&](const std::string& sha256) { return !IsAtOffice(server, sha256); }),
                       entry.attached.end());
}

void Observer::Names(const EntryKey& key, const std::vector<std::string>& attached) {
  NotedEntry& entry = entries_[key];
  entry.attached.insert(entry.attached.end(), attached.begin(), attached.end());
}

void Observer::WentBack(SimServer& server) {
  const std::map<EntryKey, Arrived> received = Received(server);
  for (auto& [key, entry] : entries_) {
    if (entry.expect != Expect::kOnce || !entry.only_at_office) continue;
    if (received.count(key) == 0) entry.expect = Expect::kAtMostOnce;
    ForgetLost(entry, server);
  }
}

std::map<EntryKey, Observer::Arrived> Observer::Received(SimServer& server) {
  std::map<EntryKey, Arrived> arrived;
  counted_of_visit_.clear();
  const absl::Status read = server.storage().Read("the journals", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, ListDevices(sql, 0, 1000));
    for (const DeviceRow& device : devices) {
      ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(sql, device.n));
      for (const JournalRow& journal : journals) {
        uint64_t seq = 0;
        std::map<std::string, int64_t> last_of_boot;
        ASSIGN_OR_RETURN(const std::vector<FrameRow> frames, FramesAfter(sql, device.n, journal.epoch, 0, kManyFrames));
        for (const FrameRow& frame : frames) {
          ASSIGN_OR_RETURN(const std::vector<ReceivedWithEnvelope> entries, EntriesOfFrame(sql, device, frame));
          for (const ReceivedWithEnvelope& entry : entries) {
            const std::string position = FormatPosition(entry.received.position());
            if (entry.received.position().seq() != ++seq) {
              world_->Violate("wrong", absl::StrCat(position, " stands where ", seq, " should"));
            }
            v1::LogEntry bytes;  // Also of opaque ones.
            if (!bytes.ParseFromString(entry.envelope.entry())) {
              world_->Violate("wrong", absl::StrCat(position, " cannot be parsed"));
            }
            const EntryKey key(bytes.time().boot_id(), bytes.time().monotonic_us());
            int64_t& last = last_of_boot[key.first];
            if (last >= key.second) {
              world_->Violate("wrong", absl::StrCat(position, " is older than the entry before it: ", Describe(key)));
            }
            last = key.second;
            const v1::Judgement& judgement = entry.received.judgement();
            // Only a server that ended while it read the entry could be its fault.
            const bool server_ends = world_->Has(FaultKind::kServerKilled) || world_->Has(FaultKind::kServerPowerCut) ||
                                     world_->Has(FaultKind::kServerRestored) ||
                                     world_->Has(FaultKind::kServerSetBack) || world_->Has(FaultKind::kServerFull);
            if (entry.envelope.opaque() && !server_ends) {
              world_->Violate("wrong", absl::StrCat(position, " was blamed for what the link did"));
            }
            if (judgement.verdict() == v1::VERDICT_SAME_AS_ORIGINAL) continue;
            ++arrived[key].times;
            arrived[key].author = entry.received.author();
            if (!Counts(judgement)) continue;
            ++arrived[key].counted;
            Count(bytes, entry.received, counted_of_visit_[server.copies().RootOf(bytes.visit_id())]);
          }
        }
        if (seq != journal.mark) {
          world_->Violate("lost", absl::StrCat(device.id, ".", journal.epoch, " is said to be held through ",
                                               journal.mark, ", and ", seq, " are there"));
        }
      }
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", absl::StrCat("reading the server's journals: ", read.ToString()));
  return arrived;
}

void Observer::Compare(SimServer& server) {
  const std::map<EntryKey, Arrived> received = Received(server);
  for (const auto& [key, arrived] : received) {
    const auto noted = entries_.find(key);
    if (noted == entries_.end()) {
      world_->Violate("wrong", absl::StrCat("nobody recorded ", Describe(key)));
    } else if (noted->second.author != arrived.author) {
      world_->Violate("wrong", absl::StrCat(Describe(key), " was recorded by ", noted->second.author,
                                            ", and the office has it of ", arrived.author));
    }
    if (arrived.times > 1) {
      world_->Violate("doubled", absl::StrCat(Describe(key), " is held ", arrived.times, " times"));
    }
  }
  for (const auto& [key, entry] : entries_) {
    const bool there = received.count(key) > 0;
    if (entry.expect == Expect::kOnce && !there) {
      world_->Violate("lost", absl::StrCat(Describe(key), " of ", entry.phone, ", first ",
                                           FormatPosition(entry.position), ", is not at the office"));
    }
    if (entry.expect == Expect::kNever && there) {
      world_->Violate("doubled", absl::StrCat(Describe(key), " was refused by ", entry.phone, " and is at the office"));
    }
  }
  const absl::Status read = server.storage().Read("visits", [&](SqlSession& sql) -> absl::Status {
    for (const auto& [id, counted] : counted_of_visit_) {
      // What a person moves to a visit of its own counts there.
      std::vector<v1::Visit> family;
      for (const std::string& member : server.copies().Family(id)) {
        ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, member));
        v1::Visit visit;
        if (!bytes.empty() && visit.ParseFromString(bytes)) family.push_back(std::move(visit));
      }
      if (family.empty()) {
        world_->Violate("wrong", absl::StrCat("entries count for visit ", id, ", which is not there"));
      } else {
        CompareCount(id, counted, family);
        CompareFeedback(family, counted);
      }
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world_->Violate("wrong", absl::StrCat("reading visits: ", read.ToString()));
}

void Observer::CompareAttached(SimServer& server, const std::function<bool(const std::string& sha256)>& kept) {
  CheckAttachments(*world_, server, added_);
  // By hand, behind the phones' backs: before a phone deletes anything it asks whether the office still has it.
  const bool put_back = world_->counts()[static_cast<int>(FaultKind::kServerSetBack)] > 0;
  for (const auto& [key, entry] : entries_) {
    if (entry.expect != Expect::kOnce) continue;
    for (const std::string& sha256 : entry.attached) {
      if (IsAtOffice(server, sha256) || (put_back && kept(sha256))) continue;
      world_->Violate("lost", absl::StrCat("what ", Describe(key), " of ", entry.phone, ", first ",
                                           FormatPosition(entry.position), ", names is not whole at the office"));
    }
  }
}

bool Observer::IsTrusted(const std::string& visit, SimServer& server) const {
  const auto found = counted_of_visit_.find(server.copies().RootOf(visit));
  return found == counted_of_visit_.end() || found->second.trusted;
}

void Observer::Count(const v1::LogEntry& entry, const v1::ReceivedEntry& received, CountedVisit& visit) {
  visit.trusted &= received.time().quality() == v1::CLOCK_QUALITY_TRUSTED;
  if (entry.has_retraction()) {
    ++visit.retractions;
    visit.retracted.insert(FormatPosition(entry.retraction().target()));
  }
  if (entry.has_retraction()) visit.named.insert(FormatPosition(entry.retraction().target()));
  if (entry.has_correction()) visit.named.insert(FormatPosition(entry.correction().target()));
  if (entry.has_retraction() || entry.has_correction()) return;
  std::vector<std::string> positions = {FormatPosition(received.position())};
  if (received.has_rehomed_from()) positions.push_back(FormatPosition(received.rehomed_from()));
  if (entry.has_feedback_captured()) visit.captured.push_back(positions);
  if (entry.has_feedback_declined()) visit.declined.push_back(positions);
  ++visit.facts;
  if (BearsState(entry.fact_case())) visit.retractable.insert(FormatPosition(received.position()));
}

void Observer::CompareFeedback(const std::vector<v1::Visit>& family, const CountedVisit& counted) {
  const auto stands = [&counted](const std::vector<std::vector<std::string>>& entries) {
    return std::any_of(entries.begin(), entries.end(), [&counted](const std::vector<std::string>& positions) {
      return std::none_of(positions.begin(), positions.end(),
                          [&counted](const std::string& position) { return counted.named.count(position) > 0; });
    });
  };
  const auto any = [&family](auto has) { return std::any_of(family.begin(), family.end(), has); };
  const bool has_captured = any([](const v1::Visit& v) { return v.feedback() == v1::FEEDBACK_STATE_CAPTURED; });
  const bool has_some = any([](const v1::Visit& v) { return v.feedback() != v1::FEEDBACK_STATE_UNSPECIFIED; });
  const std::string& id = family.front().id();
  if (stands(counted.captured) ? !has_captured : stands(counted.declined) && !has_some) {
    world_->Violate("lost", absl::StrCat("visit ", id, " does not have what its customer said"));
  }
  if (counted.captured.empty() && counted.declined.empty() && has_some) {
    world_->Violate("wrong", absl::StrCat("visit ", id, " has feedback that nobody gave"));
  }
}

// After forks one position may name entries of two journals, and which of them is meant is not for this to say: two
// retractions of one position may each mean another.
void Observer::CompareCount(const std::string& id, const CountedVisit& counted, const std::vector<v1::Visit>& family) {
  uint64_t facts = 0;
  for (const v1::Visit& visit : family) facts += visit.facts();
  const bool forks = world_->Has(FaultKind::kPhoneCloned) || world_->Has(FaultKind::kPhoneRestored) ||
                     world_->Has(FaultKind::kServerRestored) || world_->Has(FaultKind::kServerSetBack) ||
                     world_->Has(FaultKind::kJournalDamaged);
  uint64_t gone = 0;
  for (const std::string& target : counted.retracted) gone += counted.retractable.count(target);
  const uint64_t most = counted.facts - (forks ? 0 : gone);
  const uint64_t least = counted.facts - std::min<uint64_t>(counted.facts, forks ? counted.retractions : gone);
  if (facts >= least && facts <= most) return;
  world_->Violate(facts < least ? "lost" : "doubled",
                  absl::StrCat("visit ", id, " has ", facts, " facts, and ", least, " to ", most, " count"));
}

}  // namespace doorstep::sim
