// The server's calls without its network and its threads: what a call writes is written before it returns, so the same
// story makes the same changes of the disk each time.
#ifndef DOORSTEP_TESTS_CRASH_QUIET_SERVER_H_
#define DOORSTEP_TESTS_CRASH_QUIET_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/base/random.h"
#include "server/apply/writer.h"
#include "server/feeds/scope.h"
#include "server/services/attachment_intake.h"
#include "server/services/authenticator.h"
#include "server/services/parts.h"
#include "server/services/signing_keys.h"
#include "server/services/sync_calls.h"
#include "server/storage/storage.h"
#include "tests/crash/scenario.h"
#include "tests/support/field_phone.h"

namespace doorstep::testing {
class Office;
}

namespace doorstep::crash {

inline constexpr char kDatabase[] = "doorstep.db";

// The office's file and its log as a killed server leaves them.
void CopyOffice(const testing::Office& office, const std::string& folder);

class QuietServer {
 public:
  // `folder` is the server's own, `place.folder` or one below. Whatever SQLite opens from now on is on this disk.
  static absl::StatusOr<std::unique_ptr<QuietServer>> Open(const Place& place, const std::string& folder, Clock* clock,
                                                           Random* random);

  const ServerParts& parts() const { return *parts_; }
  Storage& storage() { return *storage_; }
  std::string attachments() const { return intake_->files().folder(); }

  // Whoever has shown a good token.
  Scope Device(const std::string& device);
  Scope Administrator();

  // `call` begins something and is told when it is done; what it waits for is written here.
  template <typename Response>
  absl::StatusOr<Response> Wait(const std::function<void(CallDone<Response> done)>& call) {
    std::optional<absl::StatusOr<Response>> answer;
    call([&answer](absl::StatusOr<Response> given) { answer = std::move(given); });
    while (!answer.has_value() && writer_->RunGroup()) continue;
    return answer.has_value() ? *std::move(answer) : absl::InternalError("nobody answers");
  }
  absl::StatusOr<std::string> Run(Command command) { return writer_->RunCommand(std::move(command)); }
  // OK: all of it is received.
  absl::Status Push(const testing::FieldPhone& phone, uint64_t first, uint64_t last, int64_t now_us);
  // As `doorstep backup`, to its end.
  absl::Status BackUp(const std::string& name);
  // Deletes attachments that nobody knows, whatever their age.
  absl::Status SweepAll();
  // What is wrong with the file: damage, or projections that do not follow from the truth. Empty: nothing.
  std::string Examine(const std::string& when);

 private:
  QuietServer() = default;

  Random* random_ = nullptr;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<AttachmentIntake> intake_;
  Authenticator authenticator_;
  SigningKeys signing_keys_;
  std::unique_ptr<ServerParts> parts_;
};

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_QUIET_SERVER_H_
