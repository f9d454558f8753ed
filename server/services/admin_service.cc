// AdminService: who takes part, what arrived, what needs a look, and whether the projections are what the truth says.

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/mutex.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/superseded_entries.h"
#include "doorstep/v1/admin_service.grpc.pb.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/asset_merge_commands.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/device_technicians.h"
#include "server/apply/commands/leave_commands.h"
#include "server/apply/commands/quarantine_commands.h"
#include "server/apply/rebuild.h"
#include "server/services/attention_pages.h"
#include "server/services/backup_job.h"
#include "server/services/entry_effects.h"
#include "server/services/journal_pages.h"
#include "server/services/page.h"
#include "server/services/received_entries.h"
#include "server/services/services.h"
#include "server/services/submit.h"
#include "server/storage/attachment_table.h"
#include "server/storage/device_description.h"
#include "server/storage/device_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/meta_table.h"
#include "server/storage/record_table.h"
#include "server/storage/storage.h"
#include "server/storage/token_table.h"
#include "server/storage/totals.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// The entry with the visit it speaks about and what it moved there.
absl::Status ReadEntry(SqlSession& sql, const v1::JournalPosition& position, int32_t today,
                       v1::GetEntryResponse& response) {
  ASSIGN_OR_RETURN(auto found, FindReceivedEntry(sql, position));
  if (!found.has_value()) {
    return absl::NotFoundError(absl::StrCat("entry ", FormatPosition(position), " was not received"));
  }
  const bool damaged = found->damaged;
  *response.mutable_entry() = std::move(found->received);
  ASSIGN_OR_RETURN(const auto row, FindVisit(sql, response.entry().entry().visit_id()));
  if (!row.has_value()) return absl::OkStatus();
  v1::FoldInput input;
  if (!response.mutable_visit()->ParseFromString(row->bytes) || !input.ParseFromString(row->fold)) {
    return absl::DataLossError(absl::StrCat("visit of number ", row->n));
  }
  // References name the entry for which one of the office stands in.
  const v1::JournalPosition& named = response.entry().has_repairs() ? response.entry().repairs() : position;
  const auto superseded = SupersededEntries(input);
  if (const auto by = superseded.find(FormatPosition(named)); by != superseded.end()) {
    *response.add_superseded_by() = by->second.position;
    response.add_effects(absl::StrCat("It moves nothing any more: ", by->second.Words(), "."));
    return absl::OkStatus();
  }
  if (damaged) {
    response.add_effects("What it moved in the account's health stands; what it said can no longer be read.");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto effects, EffectsOfEntry(sql, response.entry(), response.visit(), today));
  for (const std::string& effect : effects) response.add_effects(effect);
  return absl::OkStatus();
}

class AdminService final : public v1::AdminService::CallbackService {
 public:
  explicit AdminService(const ServerParts& parts) : parts_(parts), backup_(parts) {}
  ~AdminService() override {
    if (rebuild_.joinable()) rebuild_.join();
  }

  ServerUnaryReactor* InviteDevice(CallbackServerContext* context, const v1::InviteDeviceRequest* request,
                                   v1::InviteDeviceResponse* response) override {
    static constexpr char kMethod[] = "/doorstep.v1.AdminService/InviteDevice";
    return AnswerLater(
        parts_, kMethod, context, response, [&](const Scope& scope, const Call<v1::InviteDeviceResponse>& call) {
          const absl::Status fields = CheckFields(*request);
          if (!fields.ok()) return call.Finish(fields);
          const std::string code = InvitationCode(scope.seed(), request->request_id());
          Command command = MakeCommand(scope.principal(), kMethod, request->request_id(), *request,
                                        [request, code](Transaction& tx) { return RunInvite(*request, code, tx); });
          Submit(parts_, std::move(command), call, [code](v1::InviteDeviceResponse& answer) -> absl::Status {
            // A repeat with another administrator's token leads to another code, which nobody has stored.
            if (answer.invitation_code() != CodeMark(code)) {
              return absl::FailedPreconditionError("request_id: was used with a token that is no longer good");
            }
            answer.set_invitation_code(code);
            return absl::OkStatus();
          });
        });
  }

  ServerUnaryReactor* ListDevices(CallbackServerContext* context, const v1::ListDevicesRequest* request,
                                  v1::ListDevicesResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/ListDevices", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(const Page page, PageByNumber(request->page_size(), request->page_token()));
                    return parts_.storage.Read("devices", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(auto rows, doorstep::ListDevices(sql, page.after_n, page.limit()));
                      if (CutToPage(page, rows)) response->set_next_page_token(PageTokenAfter(rows.back().n));
                      for (const DeviceRow& row : rows) {
                        ASSIGN_OR_RETURN(*response->add_devices(), DeviceForOffice(sql, row));
                      }
                      ASSIGN_OR_RETURN(const auto invited, InvitedTechnicians(sql, parts_.NowUs()));
                      for (const std::string& technician : invited) response->add_invited_technician_ids(technician);
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* SetDeviceTechnician(CallbackServerContext* context, const v1::SetDeviceTechnicianRequest* request,
                                          v1::SetDeviceTechnicianResponse* response) override {
    return Run("/doorstep.v1.AdminService/SetDeviceTechnician", context, request, response);
  }

  ServerUnaryReactor* ListTechnicians(CallbackServerContext* context, const v1::ListTechniciansRequest* request,
                                      v1::ListTechniciansResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/ListTechnicians", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(const Page page, PageById(request->page_size(), request->page_token()));
                    return parts_.storage.Read("technicians", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(auto technicians, doorstep::ListTechnicians(sql, page.after_id, page.limit()));
                      if (CutToPage(page, technicians))
                        response->set_next_page_token(PageTokenAfter(technicians.back().id()));
                      for (v1::Technician& technician : technicians)
                        *response->add_technicians() = std::move(technician);
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* RecordLeave(CallbackServerContext* context, const v1::RecordLeaveRequest* request,
                                  v1::RecordLeaveResponse* response) override {
    return Run("/doorstep.v1.AdminService/RecordLeave", context, request, response);
  }

  ServerUnaryReactor* GetJournal(CallbackServerContext* context, const v1::GetJournalRequest* request,
                                 v1::GetJournalResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/GetJournal", context, response, [&](const Scope&) {
      return parts_.storage.Read("a journal", [&](SqlSession& sql) { return ReadJournal(sql, *request, *response); });
    });
  }

  ServerUnaryReactor* GetEntry(CallbackServerContext* context, const v1::GetEntryRequest* request,
                               v1::GetEntryResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/GetEntry", context, response, [&](const Scope&) -> absl::Status {
      RETURN_IF_ERROR(CheckPosition("position", request->position()));
      return parts_.storage.Read("an entry", [&](SqlSession& sql) {
        return ReadEntry(sql, request->position(), CivilDay(parts_.NowUs(), /*utc_offset_s=*/0), *response);
      });
    });
  }

  ServerUnaryReactor* ListQuarantine(CallbackServerContext* context, const v1::ListQuarantineRequest* request,
                                     v1::ListQuarantineResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/ListQuarantine", context, response, [&](const Scope&) {
      return parts_.storage.Read("the quarantine",
                                 [&](SqlSession& sql) { return ReadQuarantine(sql, *request, *response); });
    });
  }

  ServerUnaryReactor* GetQuarantined(CallbackServerContext* context, const v1::GetQuarantinedRequest* request,
                                     v1::GetQuarantinedResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/GetQuarantined", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckPosition("position", request->position()));
                    return parts_.storage.Read("the quarantine", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(*response->mutable_entry(), ReadQuarantined(sql, request->position()));
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* ReplayQuarantined(CallbackServerContext* context, const v1::ReplayQuarantinedRequest* request,
                                        v1::ReplayQuarantinedResponse* response) override {
    return Run("/doorstep.v1.AdminService/ReplayQuarantined", context, request, response);
  }
  ServerUnaryReactor* RepairQuarantined(CallbackServerContext* context, const v1::RepairQuarantinedRequest* request,
                                        v1::RepairQuarantinedResponse* response) override {
    return Run("/doorstep.v1.AdminService/RepairQuarantined", context, request, response);
  }
  ServerUnaryReactor* DismissQuarantined(CallbackServerContext* context, const v1::DismissQuarantinedRequest* request,
                                         v1::DismissQuarantinedResponse* response) override {
    return Run("/doorstep.v1.AdminService/DismissQuarantined", context, request, response);
  }

  ServerUnaryReactor* ListAttention(CallbackServerContext* context, const v1::ListAttentionRequest* request,
                                    v1::ListAttentionResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/ListAttention", context, response, [&](const Scope&) {
      return parts_.storage.Read("what needs a person",
                                 [&](SqlSession& sql) { return ReadAttention(sql, *request, *response); });
    });
  }

  ServerUnaryReactor* ResolveAssetMerge(CallbackServerContext* context, const v1::ResolveAssetMergeRequest* request,
                                        v1::ResolveAssetMergeResponse* response) override {
    return Run("/doorstep.v1.AdminService/ResolveAssetMerge", context, request, response);
  }

  ServerUnaryReactor* GetStatus(CallbackServerContext* context, const v1::GetStatusRequest*,
                                v1::GetStatusResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/GetStatus", context, response, [&](const Scope&) -> absl::Status {
      response->set_version(parts_.version);
      response->set_generation(parts_.storage.generation());
      response->set_server_time_us(parts_.NowUs());
      response->set_started_time_us(parts_.started_us);
      response->set_database_bytes(static_cast<uint64_t>(parts_.storage.BytesOnDisk()));
      response->set_queue_requests(parts_.writer.queued());
      response->set_schema_version(parts_.storage.schema_version());
      return parts_.storage.Read("totals", [&](SqlSession& sql) -> absl::Status {
        ASSIGN_OR_RETURN(const Totals totals, CountTotals(sql));
        response->set_frames(totals.frames);
        response->set_entries(totals.entries);
        response->set_commands(totals.commands);
        response->set_visits(totals.visits);
        response->set_accounts(totals.accounts);
        response->set_devices(totals.devices);
        response->set_quarantined(totals.quarantined);
        response->set_copies(totals.copies);
        response->set_attention(totals.attention);
        ASSIGN_OR_RETURN(const int64_t last_backup_us, ReadLastBackup(sql));
        response->set_last_backup_time_us(last_backup_us);
        ASSIGN_OR_RETURN(const AttachmentTotals attachments, CountAttachments(sql));
        response->set_attachments(attachments.attachments);
        response->set_attachment_bytes(attachments.bytes);
        return absl::OkStatus();
      });
    });
  }

  ServerUnaryReactor* StartBackup(CallbackServerContext* context, const v1::StartBackupRequest* request,
                                  v1::StartBackupResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/StartBackup", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(*response->mutable_backup(), backup_.Start(request->name()));
                    return absl::OkStatus();
                  });
  }

  ServerUnaryReactor* GetBackup(CallbackServerContext* context, const v1::GetBackupRequest*,
                                v1::GetBackupResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AdminService/GetBackup", context, response, [&](const Scope&) -> absl::Status {
      ASSIGN_OR_RETURN(*response->mutable_backup(), backup_.Describe());
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* Rebuild(CallbackServerContext* context, const v1::RebuildRequest*,
                              v1::RebuildResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.AdminService/Rebuild", context, response,
                       [&](const Scope&, const Call<v1::RebuildResponse>& call) {
                         MutexLock lock(&rebuild_mutex_);
                         if (rebuilding_) {
                           return call.Finish(absl::FailedPreconditionError("another rebuild is under way"));
                         }
                         rebuilding_ = true;
                         // It takes as long as there is history: not on a thread that serves calls, which does not wait
                         // for the last one to let go of its memory either.
                         rebuild_ = std::thread([this, call, last = std::move(rebuild_)]() mutable {
                           if (last.joinable()) last.join();
                           const absl::StatusOr<RebuildReport> report = RunRebuild(*call.response());
                           {
                             MutexLock lock(&rebuild_mutex_);
                             rebuilding_ = false;
                           }
                           call.Finish(report.status());
                           // What it kept in memory goes now that nobody waits.
                         });
                       });
  }

 private:
  template <typename Request, typename Response>
  ServerUnaryReactor* Run(absl::string_view method, CallbackServerContext* context, const Request* request,
                          Response* response) {
    return AnswerByCommand(parts_, method, context, request, response, /*keep_answer=*/true,
                           [](const Request& command, Transaction& tx) { return RunCommand(command, tx); });
  }

  absl::StatusOr<RebuildReport> RunRebuild(v1::RebuildResponse& response) const {
    const auto begin = std::chrono::steady_clock::now();
    absl::StatusOr<RebuildReport> made = doorstep::Rebuild(parts_.storage, parts_.random, ApplyRecord);
    if (absl::IsDataLoss(made.status())) {
      // The administrator asked for what is wrong with the file, so this is an answer.
      Log(parts_.log, LogLevel::kError, made.status().ToString());
      response.add_differences(std::string(made.status().message()));
      return RebuildReport();
    }
    RETURN_IF_ERROR(made.status());
    const RebuildReport& report = *made;
    response.set_equal(report.differences.empty());
    for (const std::string& difference : report.differences) response.add_differences(difference);
    response.set_entries(report.entries);
    response.set_commands(report.commands);
    response.set_projection_hash(report.projection_hash);
    response.set_duration_us(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count());
    return made;
  }

  const ServerParts& parts_;
  Mutex rebuild_mutex_;
  bool rebuilding_ ABSL_GUARDED_BY(rebuild_mutex_) = false;
  std::thread rebuild_;
  BackupJob backup_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(const ServerParts& parts) {
  return std::make_unique<AdminService>(parts);
}

}  // namespace doorstep
