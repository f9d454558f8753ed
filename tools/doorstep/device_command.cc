// doorstep device invite | allow | disallow | list; wakes_command.cc has wakes.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

absl::Status Invite(const std::string& technician, const Tools& tools) {
  v1::InviteDeviceRequest request;
  request.set_technician_id(technician);
  v1::InviteDeviceResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  Say(absl::StrCat("Invitation code for ", Printable(technician), ": ", Printable(response.invitation_code())));
  Say(absl::StrCat("Good for one phone, until ", ShowTime(response.expires_time_us()), "."));
  return absl::OkStatus();
}

absl::Status Allow(const std::string& device, const std::string& technician, bool allowed, const Tools& tools) {
  v1::SetDeviceTechnicianRequest request;
  request.set_device(device);
  request.set_technician_id(technician);
  request.set_allowed(allowed);
  v1::SetDeviceTechnicianResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::Device& now = response.device();
  Say(absl::StrCat(Printable(now.id()), " may be used by ", Printable(absl::StrJoin(now.technician_ids(), ", ")),
                   ". The phone hears of it with its next sync."));
  if (!allowed && now.queued_entries() > 0) {
    Say(absl::StrCat(Grouped(now.queued_entries()),
                     " entries still waited on that phone when it was last heard. They are taken and count."));
  }
  return absl::OkStatus();
}

absl::Status List(int64_t limit, const Tools& tools) {
  v1::ListDevicesRequest request;
  v1::ListDevicesResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, limit));
  if (tools.globals->json) return PrintJson(response);
  Table table({{"Device"},
               {"Name", false, true},
               {"For", false, true},
               {"Lane"},
               {"Contact", false, true},
               {"Push"},
               {"Entries", false, true},
               {"Reported", false, true}});
  for (const v1::Device& device : response.devices()) {
    table.Row({device.id(), absl::StrCat(device.name(), device.platform().empty() ? "" : ", ", device.platform()),
               absl::StrJoin(device.technician_ids(), ", "), Words(device.lane()),
               ShowTime(device.last_contact_time_us()), device.has_push_token() ? "yes" : "no",
               absl::StrCat(Grouped(device.received_entries()), " here, ", Grouped(device.queued_entries()), " queued"),
               ShowTime(device.reported_through_time_us())},
              device.lane() == v1::LANE_ACTIVE ? Colour::kPlain : Colour::kFaint);
  }
  if (table.empty()) {
    Note("No devices. doorstep device invite TECHNICIAN makes the code that enrols one.");
  } else {
    table.Print();
  }
  for (const v1::Device& device : response.devices()) {
    if (device.forks().empty()) continue;
    std::vector<std::string> forks;
    for (const v1::JournalFork& fork : device.forks()) {
      forks.push_back(
          absl::StrCat("journal ", fork.epoch(), " after entry ", fork.last_common_seq(), " into ", fork.new_epoch()));
    }
    Say(absl::StrCat(
        Printable(device.id()), " has forked: ", absl::StrJoin(forks, ", "),
        ". Two phones may be using it, or it was put back from a copy; all they recorded is kept. If there "
        "are two, enrol one anew."));
  }
  for (const std::string& technician : response.invited_technician_ids()) {
    Say(absl::StrCat("An invitation for ", Printable(technician), " has not been used yet."));
  }
  if (more) Note(absl::StrCat("There are more: --limit ", limit * 10));
  return absl::OkStatus();
}

}  // namespace

void RegisterDevice(Command root, const Tools& tools) {
  Command device = root.Group("device", "The technicians' phones");
  {
    auto technician = std::make_shared<std::string>();
    Command invite = device.Leaf("invite", "Makes the code that enrols one phone", {"doorstep device invite T-ana"});
    invite.Positional("TECHNICIAN", technician.get(), "Whose phone it is");
    invite.Does([technician, tools] { return Invite(*technician, tools); });
  }
  for (const bool allowed : {true, false}) {
    auto phone = std::make_shared<std::string>();
    auto technician = std::make_shared<std::string>();
    Command allow = allowed ? device.Leaf("allow", "Lets one more technician sign in on a phone",
                                          {"doorstep device allow d1 T-wei"})
                            : device.Leaf("disallow", "Lets a technician sign in on a phone no longer",
                                          {"doorstep device disallow d1 T-wei"});
    allow.Positional("DEVICE", phone.get(), "The phone, as doorstep device list names it");
    allow.Positional("TECHNICIAN", technician.get(), "Who shares it");
    allow.Does([phone, technician, allowed, tools] { return Allow(*phone, *technician, allowed, tools); });
  }
  {
    auto limit = std::make_shared<int64_t>(1000);
    Command list =
        device.Leaf("list", "Phones, when they were last heard from, what they still hold", {"doorstep device list"});
    list.NumberOption("limit", "N", limit.get(), 1, 1000000, "At most so many");
    list.Does([limit, tools] { return List(*limit, tools); });
  }
  RegisterDeviceWakes(device, tools);
}

}  // namespace doorstep::cli
