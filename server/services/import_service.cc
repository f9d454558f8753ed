// ImportService: rows of other systems, and frames that phones handed over.

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/import_service.grpc.pb.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/import_commands.h"
#include "server/apply/commands/reconcile.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/writer.h"
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

  grpc::ServerUnaryReactor* ImportFrame(grpc::CallbackServerContext* context, const v1::ImportFrameRequest* request,
                                        v1::ImportFrameResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.ImportService/ImportFrame", context, response,
                       [&](const Scope& scope, const Call<v1::ImportFrameResponse>& call) {
                         absl::StatusOr<std::unique_ptr<PreparedFrame>> frame = PrepareImported(request->frame());
                         if (!frame.ok()) return call.Finish(frame.status());
                         (*frame)->handed_in = true;
                         call.response()->set_device((*frame)->opened.header.device());
                         if (!request->has_journal()) return HandIn(*std::move(frame), call);
                         BeginJournal(scope, request->journal(), *std::move(frame), call);
                       });
  }

 private:
  // Then hands the frame in.
  void BeginJournal(const Scope& scope, const v1::JournalClaim& told, std::unique_ptr<PreparedFrame> frame,
                    const Call<v1::ImportFrameResponse>& call) {
    v1::HelloRequest hello;
    v1::JournalClaim& claim = *hello.add_journals();
    claim.set_epoch(told.epoch());
    claim.set_salt(told.salt());
    claim.set_current(told.current());
    if (const absl::Status fields = CheckClaims(hello); !fields.ok()) return call.Finish(fields);
    const std::string device = frame->opened.header.device();
    Command command = MakeCommand(scope.principal(), "/doorstep.v1.ImportService/ImportFrame", /*request_id=*/"", hello,
                                  [hello, device](Transaction& tx) -> absl::StatusOr<v1::ImportFrameResponse> {
                                    RETURN_IF_ERROR(RunReconcile(hello, device, Countersigner(), tx).status());
                                    return v1::ImportFrameResponse();
                                  });
    RunInWriter<v1::ImportFrameResponse>(
        parts_.writer, std::move(command),
        [this, call, held = std::make_shared<std::unique_ptr<PreparedFrame>>(std::move(frame))](
            const absl::StatusOr<v1::ImportFrameResponse>& begun) {
          // Of a device that is not known, the frame says so.
          if (!begun.ok() && !absl::IsNotFound(begun.status())) return call.Finish(begun.status());
          HandIn(std::move(*held), call);
        });
  }

  void HandIn(std::unique_ptr<PreparedFrame> frame, const Call<v1::ImportFrameResponse>& call) {
    const uint64_t last_seq = frame->last_seq();
    const bool taken = parts_.writer.SubmitFrame(
        std::move(frame), [call, last_seq](absl::StatusOr<FrameAnswer> answer) { Take(answer, last_seq, call); });
    if (!taken) call.Finish(Busy());
  }

  // An administrator vouches for it: its own word for whose it is stands.
  static absl::StatusOr<std::unique_ptr<PreparedFrame>> PrepareImported(const std::string& bytes) {
    if (bytes.size() > limits::kFrameBytesMax) {
      return FieldError("frame", absl::StrCat("has ", bytes.size(), " bytes, at most ", limits::kFrameBytesMax));
    }
    return PrepareFrame(bytes);
  }

  static absl::Status Busy() { return absl::ResourceExhaustedError("the server is busy; repeat the call"); }

  static void Take(absl::StatusOr<FrameAnswer>& answer, uint64_t last_seq, const Call<v1::ImportFrameResponse>& call) {
    if (!answer.ok()) return call.Finish(answer.status());
    if (answer->wait_ms > 0) return call.Finish(Busy());  // Nothing was written.
    if (!answer->fork.has_value() && answer->mark.received_through() < last_seq) {
      return call.Finish(absl::FailedPreconditionError(
          absl::StrCat("frame.header.first_seq: entries before it are missing here; this journal is held through ",
                       answer->mark.received_through())));
    }
    *call.response()->mutable_mark() = std::move(answer->mark);
    call.response()->set_fork(answer->fork.has_value());
    call.Finish(absl::OkStatus());
  }

  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeImportService(const ServerParts& parts) {
  return std::make_unique<ImportService>(parts);
}

}  // namespace doorstep
