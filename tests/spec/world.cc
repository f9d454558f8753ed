#include "tests/spec/world.h"

#include <set>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"

namespace doorstep::spec {

World::World() : server_(FolderOf("server"), &clock_) {}

absl::Status World::Begin() {
  RETURN_IF_ERROR(server_.Start());
  return ReconnectEverybody();
}

absl::Status World::ReconnectEverybody() {
  RETURN_IF_ERROR(office_.Connect(server_.connect_file()));
  for (auto& [name, phone] : phones_) RETURN_IF_ERROR(phone->network().ConnectTo(server_.address()));
  return absl::OkStatus();
}

absl::Status World::AddPhone(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string code, office_.Invite(name));
  auto phone = std::make_unique<StoryPhone>(name, FolderOf(absl::StrCat("phone-", name)), &clock_);
  RETURN_IF_ERROR(phone->Open());
  RETURN_IF_ERROR(phone->network().ConnectTo(server_.address()));
  RETURN_IF_ERROR(phone->Enrol(code));
  phones_[name] = std::move(phone);
  return absl::OkStatus();
}

absl::Status World::EnrolAgain(const std::string& name) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, Phone(name));
  ASSIGN_OR_RETURN(const std::string code, office_.Invite(name));
  return phone->Enrol(code);
}

absl::Status World::AddNewerPhone(const std::string& name, const std::string& technician) {
  ASSIGN_OR_RETURN(const std::string code, office_.Invite(technician));
  auto phone = std::make_unique<NewerPhone>(technician, &clock_);
  RETURN_IF_ERROR(phone->Enrol(server_.address(), code));
  newer_[name] = std::move(phone);
  return absl::OkStatus();
}

absl::Status World::ClonePhone(const std::string& of, const std::string& name) {
  ASSIGN_OR_RETURN(StoryPhone* const original, Phone(of));
  const std::filesystem::path folder = FolderOf(absl::StrCat("phone-", name));
  CopyAsIfKilled(original->folder(), folder);
  auto clone = std::make_unique<StoryPhone>(original->author(), folder, &clock_);
  RETURN_IF_ERROR(clone->Open());
  RETURN_IF_ERROR(clone->network().ConnectTo(server_.address()));
  phones_[name] = std::move(clone);
  return absl::OkStatus();
}

absl::StatusOr<StoryPhone*> World::Phone(const std::string& name) {
  const auto found = phones_.find(name);
  if (found == phones_.end()) return absl::NotFoundError(absl::StrCat("nobody called ", name, " has a phone"));
  return found->second.get();
}

absl::StatusOr<NewerPhone*> World::Newer(const std::string& name) {
  const auto found = newer_.find(name);
  if (found == newer_.end()) return absl::NotFoundError(absl::StrCat("there is no newer phone ", name));
  return found->second.get();
}

absl::StatusOr<StoryPhone*> World::PhoneAt(const std::string& visit) {
  const auto found = last_phone_at_.find(visit);
  if (found == last_phone_at_.end()) return absl::NotFoundError(absl::StrCat("no phone has been at visit ", visit));
  return Phone(found->second);
}

absl::StatusOr<v1::AppendResponse> World::Record(const std::string& phone, v1::LogEntry entry) {
  ASSIGN_OR_RETURN(StoryPhone* const p, Phone(phone));
  last_phone_at_[entry.visit_id()] = phone;
  return p->Append(std::move(entry));
}

void World::UseOwnDisk() {
  disk_ = std::make_unique<testing::PowerDisk>();
  disk_->BecomeDefault();
}

absl::StatusOr<testing::PowerDisk*> World::OwnDisk() {
  if (disk_ == nullptr) return absl::InvalidArgumentError("say first that phones have disks of their own");
  return disk_.get();
}

absl::StatusOr<NotedEntry> World::Entry(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '#');
  size_t number = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &number) || number == 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is not an entry such as ana#3"));
  }
  if (const auto newer = newer_.find(parts[0]); newer != newer_.end()) {
    if (number > newer->second->noted().size()) return absl::NotFoundError(absl::StrCat("no entry ", name));
    return NotedEntry{nullptr, newer->second->noted()[number - 1]};
  }
  ASSIGN_OR_RETURN(StoryPhone* const phone, Phone(parts[0]));
  if (number > phone->noted().size()) {
    return absl::NotFoundError(absl::StrCat("no entry ", name, ": the phone recorded ", phone->noted().size()));
  }
  return NotedEntry{phone, phone->noted()[number - 1]};
}

absl::Status World::CheckNothingLostOrDoubled() {
  using Key = std::tuple<std::string, std::string, int, int64_t>;  // Author, visit, fact, wall time.
  const auto text = [](const Key& key) {
    return absl::StrCat("fact ", std::get<2>(key), " by ", std::get<0>(key), " for visit ", std::get<1>(key));
  };
  std::map<Key, int> noted;
  std::set<std::string> devices;
  const auto note = [&](const Noted& n) {
    ++noted[{n.author, n.visit_id, n.fact, n.wall_time_us}];
    devices.insert(n.position.device());
  };
  for (const auto& [name, phone] : phones_) {
    for (const Noted& n : phone->noted()) note(n);
  }
  for (const auto& [name, phone] : newer_) {
    for (const Noted& n : phone->noted()) note(n);
  }
  std::map<Key, int> received;
  for (const std::string& device : devices) {
    ASSIGN_OR_RETURN(const std::vector<v1::ReceivedEntry> journal, office_.Journal(device));
    for (const v1::ReceivedEntry& e : journal) {
      if (e.judgement().verdict() == v1::VERDICT_SAME_AS_ORIGINAL) continue;
      ++received[{e.author(), e.entry().visit_id(), e.entry().fact_case(), e.entry().time().wall_time_us()}];
    }
  }
  std::string wrong;
  for (const auto& [key, times] : noted) {
    if (times != 1) return absl::InvalidArgumentError(absl::StrCat("the story cannot tell apart: ", text(key)));
    if (received[key] == 0) absl::StrAppend(&wrong, "lost: ", text(key), "; ");
  }
  for (const auto& [key, times] : received) {
    if (times > 1) absl::StrAppend(&wrong, "doubled: ", text(key), "; ");
    if (times > 0 && noted.count(key) == 0) absl::StrAppend(&wrong, "nobody recorded: ", text(key), "; ");
  }
  if (!wrong.empty()) return absl::DataLossError(wrong);
  // The office's own count says the same.
  ASSIGN_OR_RETURN(const v1::GetStatusResponse status, office_.Status());
  if (status.entries() - status.copies() == noted.size()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the office counts ", status.entries(), " entries, ", status.copies(),
                                          " of them copies; the phones recorded ", noted.size()));
}

}  // namespace doorstep::spec
