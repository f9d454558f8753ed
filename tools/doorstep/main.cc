// doorstep: the office's side of Doorstep on the command line.
#include <clocale>
#include <csignal>
#include <cstring>

#include <langinfo.h>

#include "tools/doorstep/commands.h"

int main(int argc, char** argv) {
  // Column widths need a locale that knows UTF-8; where the environment names another one, text is UTF-8 all the same.
  if (std::setlocale(LC_CTYPE, "") == nullptr || std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
  std::signal(SIGPIPE, SIG_DFL);  // `doorstep visit list | head` ends quietly.

  doorstep::cli::CommandLine line;
  doorstep::cli::Connection connection(&line.globals());
  const doorstep::cli::Tools tools{&line.globals(), &connection, &line};
  doorstep::cli::Command root = line.root();
  doorstep::cli::RegisterConnect(root, tools);
  doorstep::cli::RegisterImport(root, tools);
  doorstep::cli::RegisterAccount(root, tools);
  doorstep::cli::RegisterWorkOrder(root, tools);
  doorstep::cli::RegisterVisit(root, tools);
  doorstep::cli::RegisterTechnician(root, tools);
  doorstep::cli::RegisterDevice(root, tools);
  doorstep::cli::RegisterJournal(root, tools);
  doorstep::cli::RegisterQuarantine(root, tools);
  doorstep::cli::RegisterAttention(root, tools);
  doorstep::cli::RegisterAttachment(root, tools);
  doorstep::cli::RegisterServer(root, tools);
  doorstep::cli::RegisterBackup(root, tools);
  doorstep::cli::RegisterRestore(root, tools);
  doorstep::cli::RegisterWhy(root, tools);
  doorstep::cli::RegisterVersion(root, tools);
  doorstep::cli::RegisterCompletion(root, tools);
  return line.Run(argc, argv);
}
