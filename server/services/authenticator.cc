#include "server/services/authenticator.h"

#include <google/protobuf/descriptor.h>

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client_core/base/status.h"
#include "server/apply/commands/secrets.h"
#include "server/storage/storage.h"
#include "server/storage/token_table.h"

namespace doorstep {
namespace {

constexpr size_t kPrefixBytes = 8;

// Every method of the contract and who may call it. What is not here cannot be called.
const absl::flat_hash_map<std::string, Role>& Table() {
  static const auto* const table = [] {
    auto* roles = new absl::flat_hash_map<std::string, Role>;
    const auto allow = [roles](const char* service, Role role, std::initializer_list<const char*> methods) {
      for (const char* method : methods) (*roles)[absl::StrCat("/doorstep.v1.", service, "/", method)] = role;
    };
    allow("EnrollmentService", Role::kNobody, {"Enroll"});
    allow("SyncService", Role::kDevice, {"Hello", "Push", "Pull", "Watch"});
    allow("AttachmentService", Role::kDevice, {"PutChunk", "CheckAttachments"});
    allow("AttachmentService", Role::kAdmin, {"ListAttachments", "ReadAttachment"});
    allow("DispatchService", Role::kAdmin,
          {"CreateWorkOrder", "GetWorkOrder", "ListWorkOrders", "CreateVisit", "ScheduleVisit", "AssignVisit",
           "ReassignVisit", "DispatchVisit", "CancelVisit", "CloseVisit", "RecordMiss", "ResolveAttention", "GetVisit",
           "ListVisits", "GetVisitLog"});
    allow("AccountService", Role::kAdmin, {"GetAccount", "ListAccounts", "GetRepairStatistics"});
    allow("ImportService", Role::kAdmin, {"ImportRows", "ImportFrame"});
    allow("PushGatewayService", Role::kAdmin, {"WatchWakes"});
    allow("HealthService", Role::kAdmin, {"GetAccountHealth", "ExplainAccountHealth"});
    allow(
        "AdminService", Role::kAdmin,
        {"InviteDevice", "ListDevices", "SetDeviceTechnician", "ListTechnicians", "RecordLeave", "GetJournal",
         "GetEntry", "ListQuarantine", "GetQuarantined", "ReplayQuarantined", "RepairQuarantined", "DismissQuarantined",
         "ListAttention", "ResolveAssetMerge", "GetStatus", "Rebuild", "StartBackup", "GetBackup"});
    return roles;
  }();
  return *table;
}

std::string IdentityKey(Role role, absl::string_view name) {
  return absl::StrCat(role == Role::kDevice ? "device:" : "admin:", name);
}

}  // namespace

absl::StatusOr<Role> RoleOf(absl::string_view method) {
  const auto found = Table().find(std::string(method));
  if (found == Table().end()) return absl::UnimplementedError("this server has no such method");
  return found->second;
}

absl::Status CheckEveryMethodHasARole(const std::vector<std::string>& services) {
  for (const std::string& name : services) {
    const google::protobuf::ServiceDescriptor* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) return absl::FailedPreconditionError(absl::StrCat(name, ": no such service"));
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method = absl::StrCat("/", name, "/", service->method(i)->name());
      if (!RoleOf(method).ok()) {
        return absl::FailedPreconditionError(absl::StrCat(method, ": nobody has been given the right to call it"));
      }
    }
  }
  return absl::OkStatus();
}

void Authenticator::Admit(Role role, absl::string_view name, absl::string_view token_hash) {
  const std::string key = IdentityKey(role, name);
  const std::string prefix(token_hash.substr(0, kPrefixBytes));
  MutexLock lock(&mutex_);
  if (const auto old = prefix_of_.find(key); old != prefix_of_.end()) {
    std::vector<Identity>& same_prefix = by_prefix_[old->second];
    std::erase_if(same_prefix, [&](const Identity& i) { return i.role == role && i.name == std::string(name); });
  }
  prefix_of_[key] = prefix;
  by_prefix_[prefix].push_back({role, std::string(name), std::string(token_hash)});
}

absl::Status Authenticator::AdmitStored(Storage& storage) {
  return storage.Read("tokens", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<TokenRow> tokens, ListTokens(sql));
    for (const TokenRow& token : tokens) {
      absl::string_view name = token.principal;
      if (absl::ConsumePrefix(&name, "device:")) {
        Admit(Role::kDevice, name, token.token_hash);
      } else if (absl::ConsumePrefix(&name, "admin:")) {
        Admit(Role::kAdmin, name, token.token_hash);
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Scope> Authenticator::Authenticate(absl::string_view method, absl::string_view authorization) const {
  ASSIGN_OR_RETURN(const Role needed, RoleOf(method));
  if (needed == Role::kNobody) return Scope(Role::kNobody, "", "");

  const absl::Status refused = absl::UnauthenticatedError("not authenticated");
  absl::string_view token = authorization;
  if (!absl::ConsumePrefix(&token, "Bearer ") || token.empty() || token.size() > 128) return refused;
  const std::string hash = HashSecret(token);
  MutexLock lock(&mutex_);
  const auto candidates = by_prefix_.find(hash.substr(0, kPrefixBytes));
  if (candidates == by_prefix_.end()) return refused;
  for (const Identity& identity : candidates->second) {
    if (!EqualSecrets(identity.token_hash, hash)) continue;
    if (identity.role == needed) {
      std::string seed = needed == Role::kAdmin ? HashSecret(absl::StrCat("doorstep-seed-1", token)) : "";
      return Scope(identity.role, identity.name, std::move(seed));
    }
    return absl::PermissionDeniedError("this token may not call this method");
  }
  return refused;
}

}  // namespace doorstep
