// How the phone stands: counted, with the age of the last proof, so that nobody has to believe in "up to date".
#include <algorithm>
#include <vector>

#include "client_core/base/status.h"
#include "client_core/store/entry_status.h"
#include "client_core/store/local_store.h"

namespace doorstep {

// Each entry is counted once, at the stage that StageOf() gives it.
absl::Status LocalStore::FillCounts(v1::PhoneStatus* status) {
  const JournalCounts counts = journal_->Counts();
  status->set_entries_recorded(counts.recorded);
  status->set_entries_saved_here(counts.saved_here);
  status->set_queued_bytes(counts.queued_bytes);
  status->set_oldest_queued_time_us(counts.oldest_queued_time_us);
  uint64_t safe = counts.safe;
  uint64_t counted = counts.judged;
  uint64_t attention = 0;
  uint64_t repaired = 0;
  uint64_t dismissed = 0;
  for (const auto& [position, judgement] : replica_->judgements()) {
    const auto [epoch, seq] = position;
    const auto marks = journal_->epochs().find(epoch);
    if (marks == journal_->epochs().end()) continue;
    if (seq > std::min(marks->second.last_own_seq(), marks->second.received_through)) continue;
    v1::Verdict verdict = judgement.verdict();
    if (verdict == v1::VERDICT_SAME_AS_ORIGINAL) {
      // What is said of its first position.
      ASSIGN_OR_RETURN(const std::vector<EntryInfo> copy, journal_->List(epoch, seq - 1, 1));
      const v1::Judgement* original = copy.empty() ? nullptr : JudgementOfEntry(*replica_, copy.front());
      verdict = original == nullptr ? v1::VERDICT_COUNTED : original->verdict();
    }
    const v1::EntryStage stage = StageOfVerdict(verdict);
    if (stage == v1::ENTRY_STAGE_COUNTED) continue;
    (seq <= marks->second.judged_through ? counted : safe) -= 1;
    (stage == v1::ENTRY_STAGE_REPAIRED ? repaired : stage == v1::ENTRY_STAGE_DISMISSED ? dismissed : attention) += 1;
  }
  status->set_entries_safe(safe);
  status->set_entries_counted(counted);
  status->set_entries_needing_attention(attention);
  status->set_entries_repaired(repaired);
  status->set_entries_dismissed(dismissed);
  return absl::OkStatus();
}

Proof LocalStore::LastProof() {
  Proof proof;
  const std::vector<std::string> feeds = Feeds();
  proof.at_head = !feeds.empty();
  for (const std::string& name : feeds) {
    const FeedState* feed = replica_->FindFeed(name);
    const bool at_head = feed != nullptr && feed->at_head && !feed->in_snapshot;
    if (!at_head) proof.missing.push_back(name);
    proof.at_head = proof.at_head && at_head;
    const int64_t proved_us = feed == nullptr ? 0 : feed->proved_us;
    proof.time_us = name == feeds.front() ? proved_us : std::min(proof.time_us, proved_us);
  }
  return proof;
}

int64_t LocalStore::ServerTime(const ClockReading& now) {
  v1::ClockSample sample;
  sample.set_boot_id(now.boot_id);
  sample.set_wall_time_us(now.wall_time_us);
  sample.set_monotonic_us(now.monotonic_us);
  const int64_t told_us = journal_->boots().Tied(std::move(sample)).server_time_us();
  return told_us > 0 ? told_us : now.wall_time_us;
}

absl::StatusOr<uint64_t> LocalStore::CountVisits() {
  uint64_t visits = 0;
  RETURN_IF_ERROR(replica_->ForEach("", v1::ENTITY_KIND_VISIT, [&](absl::string_view, absl::string_view) {
    ++visits;
    return absl::OkStatus();
  }));
  return visits;
}

absl::Status LocalStore::FillStatus(const ClockReading& now, v1::PhoneStatus* status) {
  status->set_enrolled(journal_->identity().has_value());
  if (journal_->identity().has_value()) {
    status->set_device(journal_->identity()->device());
    for (const v1::EnrolledTechnician& technician : journal_->identity()->technicians()) {
      status->add_technician_ids(technician.id());
    }
  }
  if (journal_->current() != nullptr) status->set_epoch(journal_->current()->epoch);
  RETURN_IF_ERROR(FillCounts(status));
  if (status->oldest_queued_time_us() > 0) {
    status->set_oldest_queued_age_us(std::max<int64_t>(0, now.wall_time_us - status->oldest_queued_time_us()));
  }
  // A replica that was rebuilt has heard nothing; the exchanges of the journal are the older, rougher word.
  status->set_last_contact_time_us(std::max(replica_->last_contact_us(), journal_->boots().LastContactUs()));
  if (const auto newest = journal_->Newest(); newest.has_value()) *status->mutable_last_entry() = *newest;
  status->set_not_known_by_office(replica_->not_known());
  const Proof proof = LastProof();
  status->set_feeds_at_head(proof.at_head);
  status->set_proof_time_us(proof.time_us);
  if (proof.time_us > 0) status->set_proof_age_us(std::max<int64_t>(0, ServerTime(now) - proof.time_us));
  ASSIGN_OR_RETURN(const uint64_t visits, CountVisits());
  status->set_visits(visits);
  ASSIGN_OR_RETURN(const std::optional<v1::DeviceState> device, replica_->Device());
  if (device.has_value()) status->set_lane(device->lane());
  for (v1::PhoneTechnician& technician : Technicians()) *status->add_technicians() = std::move(technician);
  status->mutable_repairs()->Assign(repairs_.begin(), repairs_.end());
  status->set_reserve_bytes(static_cast<uint64_t>(reserve_.bytes()));
  status->set_disk_full(disk_full_);
  const PushToken& push_token = journal_->push_token();
  status->set_push_token_set(!push_token.token().value_or("").empty());
  status->set_push_token_told(status->push_token_set() && journal_->identity().has_value() &&
                              !push_token.Untold(journal_->identity()->generation()).has_value());
  return absl::OkStatus();
}

}  // namespace doorstep
