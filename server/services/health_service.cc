// HealthService: how an account is doing, and why. Reads only.

#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "doorstep/v1/health_service.grpc.pb.h"
#include "server/apply/commands/checks.h"
#include "server/services/account_health.h"
#include "server/services/answer.h"
#include "server/services/services.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

class HealthService final : public v1::HealthService::CallbackService {
 public:
  explicit HealthService(const ServerParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* GetAccountHealth(grpc::CallbackServerContext* context,
                                             const v1::GetAccountHealthRequest* request,
                                             v1::GetAccountHealthResponse* response) override {
    return Answer(parts_, "/doorstep.v1.HealthService/GetAccountHealth", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(const HealthQuestion question, Check(*request));
                    return parts_.storage.Read("health", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(*response->mutable_health(), ReadHealth(sql, question));
                      return absl::OkStatus();
                    });
                  });
  }

  grpc::ServerUnaryReactor* ExplainAccountHealth(grpc::CallbackServerContext* context,
                                                 const v1::ExplainAccountHealthRequest* request,
                                                 v1::ExplainAccountHealthResponse* response) override {
    return Answer(parts_, "/doorstep.v1.HealthService/ExplainAccountHealth", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(const HealthQuestion question, Check(*request));
                    return parts_.storage.Read("health", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(health::Explanation explanation, ExplainHealth(sql, question));
                      *response->mutable_health() = std::move(explanation.health);
                      for (v1::Contribution& contribution : explanation.contributions) {
                        *response->add_contributions() = std::move(contribution);
                      }
                      return absl::OkStatus();
                    });
                  });
  }

 private:
  template <typename Request>
  absl::StatusOr<HealthQuestion> Check(const Request& request) const {
    RETURN_IF_ERROR(CheckId("account_id", request.account_id()));
    HealthQuestion question{request.account_id(), CivilDay(parts_.NowUs(), /*utc_offset_s=*/0), 0};
    if (request.has_as_of_day()) {
      RETURN_IF_ERROR(CheckRange("as_of_day", request.as_of_day(), limits::kHealthDayMin, limits::kHealthDayMax));
      question.day = request.as_of_day();
    }
    RETURN_IF_ERROR(CheckTime("as_known_at_time_us", request.as_known_at_time_us()));
    question.known_at_us = request.as_known_at_time_us();
    return question;
  }

  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeHealthService(const ServerParts& parts) {
  return std::make_unique<HealthService>(parts);
}

}  // namespace doorstep
