// EnrollmentService: an invitation becomes a device. The only call without a token.

#include <string>

#include "doorstep/v1/enrollment_service.grpc.pb.h"
#include "server/apply/commands/device_commands.h"
#include "server/services/services.h"
#include "server/services/submit.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

class EnrollmentService final : public v1::EnrollmentService::CallbackService {
 public:
  explicit EnrollmentService(const ServerParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context, const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override {
    static constexpr char kMethod[] = "/doorstep.v1.EnrollmentService/Enroll";
    return AnswerLater(parts_, kMethod, context, response, [&](const Scope&, const Call<v1::EnrollResponse>& call) {
      const absl::Status fields = CheckFields(*request);
      if (!fields.ok()) return call.Finish(fields);
      // The answer holds the token, so it is not kept: a repeat draws another.
      Command command = MakeCommand(
          "invitation", kMethod, /*request_id=*/"", *request,
          [this, request](Transaction& tx) { return RunEnroll(*request, parts_.storage.generation(), tx); });
      Submit(parts_, std::move(command), call, [this](const v1::EnrollResponse& enrolled) {
        parts_.authenticator.Admit(Role::kDevice, enrolled.device(), HashSecret(enrolled.token()));
        return absl::OkStatus();
      });
    });
  }

 private:
  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnrollmentService(const ServerParts& parts) {
  return std::make_unique<EnrollmentService>(parts);
}

}  // namespace doorstep
