#include "server/apply/commands/device_commands.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/reconcile.h"
#include "server/apply/commands/references.h"
#include "server/apply/commands/secrets.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/push_table.h"
#include "server/storage/record_table.h"
#include "server/storage/token_table.h"

namespace doorstep {
namespace {

std::string DevicePrincipal(absl::string_view device) { return absl::StrCat("device:", device); }

// What an enrolment answers about a device that is there.
absl::StatusOr<v1::EnrollResponse> DescribeDevice(absl::string_view id, absl::string_view token,
                                                  absl::string_view generation, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto device, FindDevice(tx.sql(), id));
  if (!device.has_value()) return absl::InternalError(absl::StrCat("no device ", id));
  v1::EnrollResponse response;
  response.set_device(device->id);
  response.set_token(std::string(token));
  ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(tx.sql(), device->n));
  for (const std::string& technician_id : technicians) {
    ASSIGN_OR_RETURN(const auto technician, FindRecord<v1::Technician>(tx.sql(), technician_id));
    v1::EnrolledTechnician* enrolled = response.add_technicians();
    enrolled->set_id(technician_id);
    if (technician.has_value()) {
      enrolled->set_name(technician->name());
      enrolled->set_language(technician->language());
    }
  }
  ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(tx.sql(), device->n));
  for (const JournalRow& journal : journals) {
    v1::IssuedEpoch* issued = nullptr;
    if (journal.epoch == device->current_epoch) issued = response.mutable_epoch();
    // The newest beyond the current one is the spare.
    if (journal.epoch > device->current_epoch) issued = response.mutable_spare_epoch();
    if (issued == nullptr) continue;
    issued->set_epoch(journal.epoch);
    issued->set_salt(journal.salt);
  }
  response.set_server_time_us(tx.now_us());
  response.set_generation(std::string(generation));
  return response;
}

// A phone that this file knew before it was restored is the same device again.
absl::StatusOr<std::string> DeviceIdFor(const v1::EnrollRequest& request, Transaction& tx) {
  if (request.former_device().empty()) return NextDeviceId(tx.sql());
  ASSIGN_OR_RETURN(const auto there, FindDevice(tx.sql(), request.former_device()));
  if (!there.has_value()) return request.former_device();
  return absl::FailedPreconditionError(absl::StrCat(
      "former_device: \"", there->id, "\" is already enrolled here: it is this phone, or another since the restore"));
}

absl::StatusOr<v1::EnrollResponse> EnrollAgain(const InvitationRow& invitation, absl::string_view token,
                                               absl::string_view generation, Transaction& tx) {
  ASSIGN_OR_RETURN(const std::string kept, FindTokenHash(tx.sql(), DevicePrincipal(invitation.device)));
  const std::string token_hash = HashSecret(token);
  if (kept != token_hash) {  // The one before was not derived.
    v1::CommandRecord record;
    record.mutable_reissue_token()->set_device(invitation.device);
    record.mutable_reissue_token()->set_token_hash(token_hash);
    RETURN_IF_ERROR(tx.Apply(std::move(record)));
    // The phone that had it, if it was another, is no longer this device.
    ASSIGN_OR_RETURN(const auto device, FindDevice(tx.sql(), invitation.device));
    if (device.has_value()) RETURN_IF_ERROR(WritePushToken(tx.sql(), device->n, ""));
  }
  return DescribeDevice(invitation.device, token, generation, tx);
}

}  // namespace

absl::Status CheckFields(const v1::InviteDeviceRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  return CheckId("technician_id", request.technician_id());
}

absl::Status CheckFields(const v1::EnrollRequest& request) {
  const size_t code_bytes = request.invitation_code().size();
  if (code_bytes < limits::kInvitationCodeBytesMin || code_bytes > limits::kInvitationCodeBytesMax) {
    return FieldError("invitation_code", absl::StrCat("must have ", limits::kInvitationCodeBytesMin, " to ",
                                                      limits::kInvitationCodeBytesMax, " bytes, has ", code_bytes));
  }
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckText("device_name", request.device_name(), limits::kIdBytesMax));
  RETURN_IF_ERROR(CheckText("platform", request.platform(), limits::kIdBytesMax));
  absl::string_view number = request.former_device();
  uint32_t parsed = 0;
  if (number.empty() || (absl::ConsumePrefix(&number, "d") && absl::SimpleAtoi(number, &parsed) && parsed > 0 &&
                         request.former_device() == absl::StrCat("d", parsed))) {
    return absl::OkStatus();
  }
  return FieldError("former_device", "must be the id of a device, such as \"d7\"");
}

absl::Status CheckFields(const v1::HelloRequest& request) {
  RETURN_IF_ERROR(CheckText("clock.boot_id", request.clock().boot_id(), limits::kBootIdBytesMax));
  RETURN_IF_ERROR(CheckText("core_version", request.core_version(), limits::kIdBytesMax));
  RETURN_IF_ERROR(CheckText("push_token.token", request.push_token().token(), limits::kPushTokenBytesMax));
  return CheckClaims(request);
}

std::string CodeMark(absl::string_view code) {
  return absl::BytesToHexString(HashSecret(NormalizeInvitationCode(code)));
}

absl::StatusOr<v1::InviteDeviceResponse> RunInvite(const v1::InviteDeviceRequest& request, absl::string_view code,
                                                   Transaction& tx) {
  RETURN_IF_ERROR(RequireTechnician("technician_id", request.technician_id(), tx));
  v1::CommandRecord record;
  v1::InviteDeviceCommand& invite = *record.mutable_invite_device();
  invite.set_technician_id(request.technician_id());
  invite.set_code_hash(HashSecret(NormalizeInvitationCode(code)));
  invite.set_expires_time_us(tx.commit_us() + limits::kInvitationMicros);
  v1::InviteDeviceResponse response;
  response.set_invitation_code(CodeMark(code));
  response.set_expires_time_us(invite.expires_time_us());
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  return response;
}

absl::Status ApplyPart(const v1::InviteDeviceCommand& command, Transaction& tx) {
  InvitationRow row;
  row.code_hash = command.code_hash();
  row.technician_id = command.technician_id();
  row.expires_us = command.expires_time_us();
  return WriteInvitation(tx.sql(), row);
}

absl::StatusOr<v1::EnrollResponse> RunEnroll(const v1::EnrollRequest& request, absl::string_view generation,
                                             Transaction& tx) {
  const std::string code_hash = HashSecret(NormalizeInvitationCode(request.invitation_code()));
  ASSIGN_OR_RETURN(const auto invitation, FindInvitation(tx.sql(), code_hash));
  if (!invitation.has_value() || invitation->expires_us <= tx.now_us()) {
    return absl::NotFoundError("invitation_code: unknown, or older than 24 hours; ask the office for another");
  }
  RETURN_IF_ERROR(ForgetEnrolmentSecrets(tx.sql(), tx.now_us()));
  ASSIGN_OR_RETURN(const std::string secret, EnrolmentSecret(tx.sql(), invitation->expires_us, tx.random()));
  const std::string token = DeviceToken(secret, request.invitation_code(), request.request_id());
  if (!invitation->device.empty()) {
    if (invitation->used_request_id == request.request_id()) return EnrollAgain(*invitation, token, generation, tx);
    return absl::FailedPreconditionError("invitation_code: was used already; ask the office for another");
  }
  RETURN_IF_ERROR(RequireTechnician("invitation_code", invitation->technician_id, tx));
  v1::CommandRecord record;
  v1::EnrollCommand& enroll = *record.mutable_enroll();
  ASSIGN_OR_RETURN(const std::string device, DeviceIdFor(request, tx));
  enroll.set_code_hash(code_hash);
  enroll.set_device(device);
  enroll.set_device_name(request.device_name());
  enroll.set_platform(request.platform());
  enroll.add_technician_ids(invitation->technician_id);
  enroll.set_token_hash(HashSecret(token));
  enroll.set_used_request_id(request.request_id());
  if (request.former_device().empty()) {
    enroll.mutable_epoch()->set_epoch(1);
    enroll.mutable_epoch()->set_salt(tx.random().Bytes(kChainSaltBytes));
    enroll.mutable_spare_epoch()->set_epoch(2);
    enroll.mutable_spare_epoch()->set_salt(tx.random().Bytes(kChainSaltBytes));
  }
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  return DescribeDevice(device, token, generation, tx);
}

absl::Status ApplyPart(const v1::EnrollCommand& command, Transaction& tx) {
  NewDevice device;
  device.id = command.device();
  device.name = command.device_name();
  device.platform = command.platform();
  device.technician_ids.assign(command.technician_ids().begin(), command.technician_ids().end());
  device.epoch = command.epoch().epoch();
  device.salt = command.epoch().salt();
  device.spare_epoch = command.spare_epoch().epoch();
  device.spare_salt = command.spare_epoch().salt();
  RETURN_IF_ERROR(tx.AddDevice(device));
  RETURN_IF_ERROR(SetToken(tx.sql(), DevicePrincipal(command.device()), command.token_hash()));
  ASSIGN_OR_RETURN(auto invitation, FindInvitation(tx.sql(), command.code_hash()));
  if (!invitation.has_value()) return absl::InternalError(absl::StrCat("no invitation of device ", command.device()));
  invitation->device = command.device();
  invitation->used_request_id = command.used_request_id();
  return WriteInvitation(tx.sql(), *invitation);
}

absl::Status ApplyPart(const v1::ReissueTokenCommand& command, Transaction& tx) {
  return SetToken(tx.sql(), DevicePrincipal(command.device()), command.token_hash());
}

absl::Status RunHello(const v1::HelloRequest& request, absl::string_view device, bool knows_marks, int64_t now_us,
                      Transaction& tx) {
  ASSIGN_OR_RETURN(const auto row, FindDevice(tx.sql(), device));
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("no device ", device));
  RETURN_IF_ERROR(WriteDeviceContact(tx.sql(), row->n, {now_us, request.queued_entries(), request.core_version()}));
  if (request.has_push_token()) {
    RETURN_IF_ERROR(WritePushToken(tx.sql(), row->n, request.push_token().token()));
  }
  if (!request.queue_empty() || !knows_marks) return absl::OkStatus();
  // What the phone records while this call travels is not told by it: the moment of its clock sample counts.
  const int64_t sampled_us = request.clock().server_time_us();
  const int64_t through_us = sampled_us > 0 ? std::min(sampled_us, now_us) : now_us;
  if (through_us <= row->reported_through_us) return absl::OkStatus();
  v1::CommandRecord record;
  record.mutable_reported()->set_device(std::string(device));
  record.mutable_reported()->set_reported_through_time_us(through_us);
  return tx.Apply(std::move(record));
}

absl::Status ApplyPart(const v1::ReportedCommand& command, Transaction& tx) {
  return tx.MoveReportedThrough(command.device(), command.reported_through_time_us());
}

absl::Status RunIssueAdminToken(absl::string_view name, absl::string_view token_hash, Transaction& tx) {
  v1::CommandRecord record;
  record.mutable_issue_admin_token()->set_name(std::string(name));
  record.mutable_issue_admin_token()->set_token_hash(std::string(token_hash));
  return tx.Apply(std::move(record));
}

absl::Status ApplyPart(const v1::IssueAdminTokenCommand& command, Transaction& tx) {
  return SetToken(tx.sql(), absl::StrCat("admin:", command.name()), command.token_hash());
}

}  // namespace doorstep
