// How phones get into a server: invitations and enrolments, each asked for twice. A code and a token that were answered
// once are good, and the same, whatever crashes.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/secrets.h"
#include "server/services/make_command.h"
#include "server/services/sync_calls.h"
#include "server/storage/device_table.h"
#include "server/storage/token_table.h"
#include "tests/crash/quiet_server.h"
#include "tests/crash/scenario.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

using testing::kHour;
using testing::kMonday;

struct Step {
  bool enrols;
  size_t phone;
};

constexpr Step kStory[] = {{false, 0}, {true, 0}, {false, 1}, {true, 1}, {true, 0}};
constexpr size_t kRestartBefore = 3;
constexpr size_t kPhones = 2;

class Invitations final : public Scenario {
 public:
  std::string name() const override { return "invitations"; }

  absl::Status Prepare(const std::string& folder) override {
    testing::Office office;
    office.clock().Set(kMonday + 7 * kHour);
    office.AddPhone("ana");
    CopyOffice(office, folder);
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    tokens_.assign(kPhones, "");
    Steps steps(place.disk);
    std::unique_ptr<QuietServer> server;
    for (size_t i = 0; i < std::size(kStory); ++i) {
      if (i == kRestartBefore) server.reset();
      steps.Do(Named(kStory[i]), [&, i]() -> absl::Status {
        ledger.Begins(Named(kStory[i]));
        RETURN_IF_ERROR(Open(place, server));
        RETURN_IF_ERROR(Take(*server, kStory[i]));
        ledger.Answered(Named(kStory[i]));
        return absl::OkStatus();
      });
    }
    return steps.Finish();
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    std::unique_ptr<QuietServer> server;
    RETURN_IF_ERROR(Open(place, server));
    std::vector<Thing> things;
    const auto look = [&](SqlSession& sql) -> absl::Status {
      for (size_t phone = 0; phone < kPhones; ++phone) {
        const std::string code = CodeOf(*server, phone);
        ASSIGN_OR_RETURN(const auto invitation, FindInvitation(sql, HashSecret(NormalizeInvitationCode(code))));
        if (!invitation.has_value()) continue;
        things.push_back(Named({false, phone}));
        if (invitation->device.empty()) continue;
        things.push_back(Named({true, phone}));
        ASSIGN_OR_RETURN(const auto device, FindDevice(sql, invitation->device));
        if (!device.has_value()) return absl::InternalError("an invitation is used by no device");
        ASSIGN_OR_RETURN(const std::string hash, FindTokenHash(sql, absl::StrCat("device:", invitation->device)));
        if (hash != HashSecret(tokens_[phone])) return absl::InternalError("a token that was answered is not good");
      }
      ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, ListDevices(sql, 0, 100));
      const size_t enrolled = devices.size() - 1;  // One was there before.
      if (things.size() >= enrolled && enrolled <= kPhones) return absl::OkStatus();
      return absl::InternalError(absl::StrCat("there are ", enrolled, " new devices"));
    };
    RETURN_IF_ERROR(server->storage().Read("who is there", look));
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    if (!done.ok()) return absl::StrCat("does not open again: ", done.ToString());
    server.reset();
    std::vector<Thing> there;
    done = Look(place, [&](std::vector<Thing> things) { there = std::move(things); });
    if (done.ok()) done = Open(place, server);
    const std::vector<std::string> before = tokens_;
    for (const Step& step : kStory) {
      if (done.ok()) done = Take(*server, step);
    }
    const std::vector<std::string> now = std::exchange(tokens_, before);
    if (!done.ok()) return done.ToString();
    for (size_t phone = 0; phone < kPhones; ++phone) {
      const bool was_there = std::count(there.begin(), there.end(), Named({true, phone})) > 0;
      if (was_there && now[phone] != before[phone]) return "the same enrolment, asked for again, gives another token";
      const std::string bearer = "Bearer " + now[phone];
      done = server->parts().authenticator.Authenticate("/doorstep.v1.SyncService/Hello", bearer).status();
      if (!done.ok()) return absl::StrCat("a token that was answered is not good: ", done.ToString());
    }
    done = CountDevices(*server);
    return done.ok() ? server->Examine("at the end") : done.ToString();
  }

  std::string LookAtEnd(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    if (done.ok()) done = CountDevices(*server);
    return done.ok() ? "" : done.ToString();
  }

 private:
  static Thing Named(const Step& step) { return absl::StrCat(step.enrols ? "phone " : "invitation ", step.phone); }
  static std::string RequestOf(const Step& step) { return absl::StrCat("a request for ", Named(step)); }
  static std::string CodeOf(QuietServer& server, size_t phone) {
    return InvitationCode(server.Administrator().seed(), RequestOf({false, phone}));
  }

  absl::Status Open(const Place& place, std::unique_ptr<QuietServer>& server) {
    if (server != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(server, QuietServer::Open(place, place.folder, &clock_, &random_));
    return absl::OkStatus();
  }

  static absl::Status CountDevices(QuietServer& server) {
    return server.storage().Read("devices", [](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, ListDevices(sql, 0, 100));
      if (devices.size() == kPhones + 1) return absl::OkStatus();
      return absl::InternalError(absl::StrCat(devices.size(), " devices of ", kPhones + 1));
    });
  }

  // Keeps the token that is answered.
  absl::Status Take(QuietServer& server, const Step& step) {
    const std::string code = CodeOf(server, step.phone);
    if (!step.enrols) {
      v1::InviteDeviceRequest request;
      request.set_request_id(RequestOf(step));
      request.set_technician_id("ana");
      return server
          .Run(MakeCommand(server.Administrator().principal(), "/doorstep.v1.AdminService/InviteDevice",
                           request.request_id(), request,
                           [&](Transaction& tx) { return RunInvite(request, code, tx); }))
          .status();
    }
    v1::EnrollRequest request;
    request.set_invitation_code(code);
    request.set_request_id(RequestOf(step));
    ASSIGN_OR_RETURN(const v1::EnrollResponse enrolled,
                     server.Wait<v1::EnrollResponse>(
                         [&](const CallDone<v1::EnrollResponse>& done) { EnrollCall(server.parts(), request, done); }));
    tokens_[step.phone] = enrolled.token();
    return absl::OkStatus();
  }

  testing::SetClock clock_{kMonday + 8 * kHour};
  SeededRandom random_{7};
  std::vector<std::string> tokens_;  // That the story was answered.
};

}  // namespace

std::unique_ptr<Scenario> MakeInvitations() { return std::make_unique<Invitations>(); }

}  // namespace doorstep::crash
