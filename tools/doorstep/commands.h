// The commands: each file declares its own part of the tree. `connection` must live until the command has run.
#ifndef DOORSTEP_TOOLS_DOORSTEP_COMMANDS_H_
#define DOORSTEP_TOOLS_DOORSTEP_COMMANDS_H_

#include "tools/doorstep/command.h"
#include "tools/doorstep/connection.h"

namespace doorstep::cli {

// What every command is given.
struct Tools {
  const Globals* globals;
  Connection* connection;
  const CommandLine* line;
};

void RegisterConnect(Command root, const Tools& tools);
void RegisterImport(Command root, const Tools& tools);
void RegisterAccount(Command root, const Tools& tools);
void RegisterAccountHealth(Command account, const Tools& tools);
void RegisterWorkOrder(Command root, const Tools& tools);
void RegisterVisit(Command root, const Tools& tools);
void RegisterVisitChanges(Command visit, const Tools& tools);
void RegisterDevice(Command root, const Tools& tools);
void RegisterDeviceWakes(Command device, const Tools& tools);
void RegisterTechnician(Command root, const Tools& tools);
void RegisterJournal(Command root, const Tools& tools);
void RegisterQuarantine(Command root, const Tools& tools);
void RegisterQuarantineChanges(Command quarantine, const Tools& tools);
void RegisterAttention(Command root, const Tools& tools);
void RegisterAttachment(Command root, const Tools& tools);
void RegisterBackup(Command root, const Tools& tools);
void RegisterRestore(Command root, const Tools& tools);
void RegisterServer(Command root, const Tools& tools);
void RegisterWhy(Command root, const Tools& tools);
void RegisterVersion(Command root, const Tools& tools);
void RegisterCompletion(Command root, const Tools& tools);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_COMMANDS_H_
