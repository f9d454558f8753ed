// EnrollmentService: an invitation becomes a device. The only call without a token.

#include "doorstep/v1/enrollment_service.grpc.pb.h"
#include "server/services/answer.h"
#include "server/services/services.h"
#include "server/services/sync_calls.h"

namespace doorstep {
namespace {

class EnrollmentService final : public v1::EnrollmentService::CallbackService {
 public:
  explicit EnrollmentService(const ServerParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context, const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override {
    return AnswerLater(
        parts_, "/doorstep.v1.EnrollmentService/Enroll", context, response,
        [&](const Scope&, const Call<v1::EnrollResponse>& call) { EnrollCall(parts_, *request, FinishWith(call)); });
  }

 private:
  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnrollmentService(const ServerParts& parts) {
  return std::make_unique<EnrollmentService>(parts);
}

}  // namespace doorstep
