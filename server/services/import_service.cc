// ImportService: rows of other systems.

#include "doorstep/v1/import_service.grpc.pb.h"
#include "server/apply/commands/import_commands.h"
#include "server/services/services.h"
#include "server/services/submit.h"

namespace doorstep {
namespace {

class ImportService final : public v1::ImportService::CallbackService {
 public:
  explicit ImportService(const ServerParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* ImportRows(grpc::CallbackServerContext* context, const v1::ImportRowsRequest* request,
                                       v1::ImportRowsResponse* response) override {
    // A dry run may be asked again after a real change, so its answer is not kept.
    return AnswerByCommand(
        parts_, "/doorstep.v1.ImportService/ImportRows", context, request, response,
        /*keep_answer=*/!request->dry_run(),
        [](const v1::ImportRowsRequest& command, Transaction& tx) { return RunCommand(command, tx); });
  }

 private:
  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeImportService(const ServerParts& parts) {
  return std::make_unique<ImportService>(parts);
}

}  // namespace doorstep
