// DispatchService: the office's commands, and what it reads of work orders and visits.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/visit_fold.h"
#include "doorstep/v1/dispatch_service.grpc.pb.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/services/page.h"
#include "server/services/services.h"
#include "server/services/submit.h"
#include "server/services/visit_log.h"
#include "server/storage/account_table.h"
#include "server/storage/device_table.h"
#include "server/storage/repair_history.h"
#include "server/storage/storage.h"
#include "server/storage/visit_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// The work order as it stands today: whether a fix has held changes with the day, so it is not stored.
absl::StatusOr<v1::WorkOrder> Describe(SqlSession& sql, WorkOrderRow row, int32_t today) {
  ASSIGN_OR_RETURN(const v1::FirstTimeFix fix, FirstTimeFixOf(sql, row.n, today));
  row.order.set_first_time_fix(fix);
  return std::move(row.order);
}

// The account a list is about; 0 for an empty id: all. NOT_FOUND: no such account.
absl::StatusOr<int64_t> AccountFilter(SqlSession& sql, absl::string_view account_id) {
  if (account_id.empty()) return 0;
  ASSIGN_OR_RETURN(const int64_t n, FindAccountNumber(sql, account_id));
  if (n == 0) return absl::NotFoundError(absl::StrCat("account_id: no account ", account_id));
  return n;
}

// Of the assigned technicians, those whose phones have not reported past the promised window: what they know of this
// visit may still be on its way.
absl::Status AddSilent(SqlSession& sql, const v1::Visit& visit, int64_t now_us, v1::GetVisitResponse& response) {
  const int64_t end_us = visit.promised().end_time_us();
  const bool something_to_wait_for = end_us != 0 && end_us <= now_us && visit.arrived_time_us() == 0 &&
                                     !visit.miss_recorded() && !HasEnded(visit.state());
  if (!something_to_wait_for) return absl::OkStatus();
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (assignment.revoked()) continue;
    ASSIGN_OR_RETURN(const auto devices, ActiveDevicesOfTechnician(sql, assignment.technician_id()));
    bool silent = devices.empty();
    int64_t since_us = 0;
    for (const DeviceRow& device : devices) {
      if (device.reported_through_us >= end_us) continue;
      since_us = silent ? std::min(since_us, device.reported_through_us) : device.reported_through_us;
      silent = true;
    }
    if (!silent) continue;
    v1::SilentTechnician* technician = response.add_silent();
    technician->set_technician_id(assignment.technician_id());
    technician->set_silent_since_time_us(since_us);
  }
  return absl::OkStatus();
}

class DispatchService final : public v1::DispatchService::CallbackService {
 public:
  explicit DispatchService(const ServerParts& parts) : parts_(parts) {}

  // ---- commands ----

  ServerUnaryReactor* CreateWorkOrder(CallbackServerContext* context, const v1::CreateWorkOrderRequest* request,
                                      v1::CreateWorkOrderResponse* response) override {
    return Run("/doorstep.v1.DispatchService/CreateWorkOrder", context, request, response);
  }
  ServerUnaryReactor* CreateVisit(CallbackServerContext* context, const v1::CreateVisitRequest* request,
                                  v1::CreateVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/CreateVisit", context, request, response);
  }
  ServerUnaryReactor* ScheduleVisit(CallbackServerContext* context, const v1::ScheduleVisitRequest* request,
                                    v1::ScheduleVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/ScheduleVisit", context, request, response);
  }
  ServerUnaryReactor* AssignVisit(CallbackServerContext* context, const v1::AssignVisitRequest* request,
                                  v1::AssignVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/AssignVisit", context, request, response);
  }
  ServerUnaryReactor* ReassignVisit(CallbackServerContext* context, const v1::ReassignVisitRequest* request,
                                    v1::ReassignVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/ReassignVisit", context, request, response);
  }
  ServerUnaryReactor* DispatchVisit(CallbackServerContext* context, const v1::DispatchVisitRequest* request,
                                    v1::DispatchVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/DispatchVisit", context, request, response);
  }
  ServerUnaryReactor* CancelVisit(CallbackServerContext* context, const v1::CancelVisitRequest* request,
                                  v1::CancelVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/CancelVisit", context, request, response);
  }
  ServerUnaryReactor* CloseVisit(CallbackServerContext* context, const v1::CloseVisitRequest* request,
                                 v1::CloseVisitResponse* response) override {
    return Run("/doorstep.v1.DispatchService/CloseVisit", context, request, response);
  }
  ServerUnaryReactor* RecordMiss(CallbackServerContext* context, const v1::RecordMissRequest* request,
                                 v1::RecordMissResponse* response) override {
    return Run("/doorstep.v1.DispatchService/RecordMiss", context, request, response);
  }

  // ---- reads ----

  ServerUnaryReactor* GetWorkOrder(CallbackServerContext* context, const v1::GetWorkOrderRequest* request,
                                   v1::GetWorkOrderResponse* response) override {
    return Answer(parts_, "/doorstep.v1.DispatchService/GetWorkOrder", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckId("id", request->id()));
                    return parts_.storage.Read("a work order", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(auto row, FindWorkOrder(sql, request->id()));
                      if (!row.has_value()) return absl::NotFoundError(absl::StrCat("no work order ", request->id()));
                      const int64_t n = row->n;
                      ASSIGN_OR_RETURN(*response->mutable_work_order(), Describe(sql, *std::move(row), Today()));
                      ASSIGN_OR_RETURN(const auto visits, VisitBytesOfWorkOrder(sql, n));
                      for (const std::string& bytes : visits) RETURN_IF_ERROR(Parse(bytes, *response->add_visits()));
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* ListWorkOrders(CallbackServerContext* context, const v1::ListWorkOrdersRequest* request,
                                     v1::ListWorkOrdersResponse* response) override {
    return Answer(parts_, "/doorstep.v1.DispatchService/ListWorkOrders", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckOptionalId("account_id", request->account_id()));
                    ASSIGN_OR_RETURN(const Page page, PageByNumber(request->page_size(), request->page_token()));
                    return parts_.storage.Read("work orders", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(const int64_t account, AccountFilter(sql, request->account_id()));
                      ASSIGN_OR_RETURN(auto rows, doorstep::ListWorkOrders(sql, account, page.after_n, page.limit()));
                      if (CutToPage(page, rows)) response->set_next_page_token(PageTokenAfter(rows.back().n));
                      for (WorkOrderRow& row : rows) {
                        ASSIGN_OR_RETURN(*response->add_work_orders(), Describe(sql, std::move(row), Today()));
                      }
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* ResolveAttention(CallbackServerContext* context, const v1::ResolveAttentionRequest* request,
                                       v1::ResolveAttentionResponse* response) override {
    return Run("/doorstep.v1.DispatchService/ResolveAttention", context, request, response);
  }

  ServerUnaryReactor* GetVisit(CallbackServerContext* context, const v1::GetVisitRequest* request,
                               v1::GetVisitResponse* response) override {
    return Answer(parts_, "/doorstep.v1.DispatchService/GetVisit", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckId("id", request->id()));
                    return parts_.storage.Read("a visit", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, request->id()));
                      if (bytes.empty()) return absl::NotFoundError(absl::StrCat("no visit ", request->id()));
                      RETURN_IF_ERROR(Parse(bytes, *response->mutable_visit()));
                      return AddSilent(sql, response->visit(), parts_.NowUs(), *response);
                    });
                  });
  }

  ServerUnaryReactor* ListVisits(CallbackServerContext* context, const v1::ListVisitsRequest* request,
                                 v1::ListVisitsResponse* response) override {
    return Answer(
        parts_, "/doorstep.v1.DispatchService/ListVisits", context, response, [&](const Scope&) -> absl::Status {
          RETURN_IF_ERROR(CheckOptionalId("account_id", request->account_id()));
          RETURN_IF_ERROR(CheckOptionalId("technician_id", request->technician_id()));
          if (!v1::VisitState_IsValid(request->state())) return FieldError("state", "must be one of the visit states");
          if (!IsAbsent(request->between()) && request->between().end_time_us() <= request->between().start_time_us()) {
            return FieldError("between.end_time_us", "must be after start_time_us");
          }
          ASSIGN_OR_RETURN(const Page page, PageByNumber(request->page_size(), request->page_token()));
          return parts_.storage.Read("visits", [&](SqlSession& sql) -> absl::Status {
            VisitFilter filter;
            ASSIGN_OR_RETURN(filter.account, AccountFilter(sql, request->account_id()));
            filter.technician_id = request->technician_id();
            filter.state = request->state();
            filter.from_us = request->between().start_time_us();
            filter.to_us = request->between().end_time_us();
            filter.needs_attention = request->needs_attention();
            ASSIGN_OR_RETURN(auto rows, doorstep::ListVisits(sql, filter, page.after_n, page.limit()));
            if (CutToPage(page, rows)) response->set_next_page_token(PageTokenAfter(rows.back().n));
            for (const VisitListItem& row : rows) RETURN_IF_ERROR(Parse(row.bytes, *response->add_visits()));
            return absl::OkStatus();
          });
        });
  }

  ServerUnaryReactor* GetVisitLog(CallbackServerContext* context, const v1::GetVisitLogRequest* request,
                                  v1::GetVisitLogResponse* response) override {
    return Answer(parts_, "/doorstep.v1.DispatchService/GetVisitLog", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckId("id", request->id()));
                    ASSIGN_OR_RETURN(const Page page, PageById(request->page_size(), request->page_token()));
                    return parts_.storage.Read("a visit's log", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(const auto row, FindVisit(sql, request->id()));
                      if (!row.has_value()) return absl::NotFoundError(absl::StrCat("no visit ", request->id()));
                      ASSIGN_OR_RETURN(VisitLogPage log, ReadVisitLog(sql, *row, page.after_id, page.size));
                      for (v1::VisitLogItem& item : log.items) *response->add_items() = std::move(item);
                      if (!log.last.empty()) response->set_next_page_token(PageTokenAfter(log.last));
                      return absl::OkStatus();
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

  static absl::Status Parse(const std::string& bytes, v1::Visit& visit) {
    return visit.ParseFromString(bytes) ? absl::OkStatus() : absl::DataLossError("a visit that cannot be parsed");
  }

  int32_t Today() const { return CivilDay(parts_.NowUs(), /*utc_offset_s=*/0); }

  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDispatchService(const ServerParts& parts) {
  return std::make_unique<DispatchService>(parts);
}

}  // namespace doorstep
