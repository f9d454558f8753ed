// Several technicians on one phone: who may sign in, whose feeds are read, and what remains of who signs out.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/store/local_store.h"
#include "client_core/store/technicians.h"

namespace doorstep {
namespace {

// Only when it is planted.
[[maybe_unused]] void TakeForSent(Journal& journal) {
  const auto unsent = journal.epochs().find(journal.UnsentEpoch());
  if (unsent == journal.epochs().end()) return;
  const auto frame = journal.ReadForFrame(unsent->first, unsent->second.received_through, INT64_MAX, INT64_MAX);
  if (!frame.ok()) return;
  v1::JournalMark mark;
  mark.set_epoch(unsent->first);
  mark.set_received_through(frame->last_seq);
  mark.set_hash(std::string(AsBytes(frame->head_hash)));
  (void)journal.Acknowledge(mark);
}

}  // namespace

// The office's last word; before it has said anything, the people whom the phone knows from its enrolment.
std::set<std::string> LocalStore::AllowedTechnicians() {
  std::set<std::string> allowed;
  const auto& identity = journal_->identity();
  if (!identity.has_value()) return allowed;
  const absl::StatusOr<std::optional<v1::DeviceState>> device = replica_->Device();
  if (device.ok() && device->has_value() && (*device)->technician_ids_size() > 0) {
    allowed.insert((*device)->technician_ids().begin(), (*device)->technician_ids().end());
    return allowed;
  }
  for (const v1::EnrolledTechnician& one : identity->technicians()) allowed.insert(one.id());
  for (const v1::EnrolledTechnician& one : identity->signed_out()) allowed.insert(one.id());
  return allowed;
}

std::vector<std::string> LocalStore::Feeds() {
  const auto& identity = journal_->identity();
  if (!identity.has_value()) return {};
  std::vector<std::string> feeds = {std::string(kDeviceFeed)};
  const std::set<std::string> allowed = AllowedTechnicians();
  for (const v1::EnrolledTechnician& one : identity->technicians()) {
    if (allowed.count(one.id()) > 0) feeds.push_back(TechnicianFeed(one.id()));
  }
  return feeds;
}

absl::Status LocalStore::SignIn(const std::string& technician_id) {
  RETURN_IF_ERROR(can_record_);
  if (technician_id.empty() || technician_id.size() > limits::kIdBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("technician_id: must be 1 to ", limits::kIdBytesMax, " bytes"));
  }
  if (!journal_->identity().has_value()) {
    return absl::FailedPreconditionError("this phone is not enrolled; enrol it first");
  }
  if (AllowedTechnicians().count(technician_id) == 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("the office does not let ", technician_id,
                     " use this phone, as far as it has heard; sync, and if it stays so ask the office"));
  }
  v1::EnrollResponse identity = *journal_->identity();
  doorstep::SignIn(technician_id, identity);
  RETURN_IF_ERROR(WithReserve([&] { return journal_->SetTechnicians(identity); }));
  KeepIdentity();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> LocalStore::SignOut(const std::string& technician_id) {
  RETURN_IF_ERROR(can_record_);
  if (!journal_->identity().has_value()) {
    return absl::FailedPreconditionError("this phone is not enrolled; enrol it first");
  }
  v1::EnrollResponse identity = *journal_->identity();
  if (!IsSignedIn(identity, technician_id) && !IsSignedOut(identity, technician_id)) {
    return absl::NotFoundError(
        absl::StrCat(technician_id.empty() ? "nobody" : technician_id, " was never signed in here"));
  }
  ASSIGN_OR_RETURN(const uint64_t before, CountVisits());
  doorstep::SignOut(technician_id, identity);
  RETURN_IF_ERROR(WithReserve([&] { return journal_->SetTechnicians(identity); }));
  KeepIdentity();
  if (Planted("queue_lost_on_logout")) TakeForSent(*journal_);
  // Only rows go. What was recorded is the journal's.
  shown_.reset();
  if (const absl::Status dropped = replica_->DropFeed(TechnicianFeed(technician_id)); !dropped.ok()) {
    return absl::Status(
        dropped.code(),
        absl::StrCat(technician_id, " is signed out, and what was fetched for them could not be removed; ",
                     "sign them out again: ", std::string(dropped.message())));
  }
  ASSIGN_OR_RETURN(const uint64_t after, CountVisits());
  return before - std::min(before, after);
}

std::vector<v1::PhoneTechnician> LocalStore::Technicians() {
  std::map<std::string, v1::PhoneTechnician> by_id;
  const auto& identity = journal_->identity();
  if (!identity.has_value()) return {};
  for (const v1::EnrolledTechnician& one : identity->technicians()) {
    by_id[one.id()].set_name(one.name());
    by_id[one.id()].set_signed_in(true);
  }
  for (const v1::EnrolledTechnician& one : identity->signed_out()) by_id[one.id()].set_name(one.name());
  for (const std::string& id : AllowedTechnicians()) by_id[id].set_allowed(true);
  for (const auto& [author, entries] : journal_->UnsentByAuthor()) by_id[author].set_entries_saved_here(entries);
  std::vector<v1::PhoneTechnician> technicians;
  for (auto& [id, one] : by_id) {
    one.set_id(id);
    technicians.push_back(std::move(one));
  }
  return technicians;
}

}  // namespace doorstep
