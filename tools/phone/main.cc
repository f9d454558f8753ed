// doorstep-phone: a technician's phone in a terminal. It uses the phone core through its C header and nothing else.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <string>

#include "tools/phone/errors.h"
#include "tools/phone/phone.h"
#include "tools/phone/script.h"
#include "tools/phone/shell.h"

namespace doorstep::phone {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  doorstep-phone --dir /tmp/ana --server 127.0.0.1:7443\n"
    "  doorstep-phone --dir /tmp/ana --server 127.0.0.1:7443 --script monday.txt --json\n"
    "Inside, `help` lists the commands. A script has one command a line, # begins a\n"
    "comment, and a line that begins with - may fail.\n"
    "Exit status: 0 done, 1 a line of the script failed, 2 wrong usage.";

struct Flags {
  std::string directory;
  std::string server = "127.0.0.1:7443";
  std::string demo_clock;
  std::string script;
  std::string language = "en";
  bool json = false;
  bool verbose = false;
};

int Run(const Flags& flags) {
  PhoneClock clock(flags.demo_clock);
  absl::Status status = clock.Check();
  Phone phone;
  phone.clock = &clock;
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<Core>> core = Core::Open(flags.directory, flags.server, clock, flags.verbose);
    status = core.status();
    if (core.ok()) phone.core = *std::move(core);
  }
  if (status.ok()) {
    const absl::StatusOr<v1::PhoneStatus> recorded = phone.core->Status();
    if (recorded.ok()) phone.last = recorded->last_entry();
  }
  if (!status.ok()) {
    PrintError(status);
    return kExitFailed;
  }
  phone.json = flags.json;
  phone.language = flags.language;
  return flags.script.empty() ? RunShell(phone) : RunScript(phone, flags.script);
}

}  // namespace
}  // namespace doorstep::phone

int main(int argc, char** argv) {
  // Without a locale of its own a bare machine would count the bytes of Chinese text and not its cells.
  if (std::setlocale(LC_ALL, "") == nullptr || std::string(std::setlocale(LC_CTYPE, nullptr)) == "C") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
  if (sodium_init() < 0) return 1;
  doorstep::phone::Flags flags;
  CLI::App app("doorstep-phone: a technician's phone in a terminal");
  app.footer(doorstep::phone::kExamples);
  app.set_version_flag("--version", "doorstep-phone " DOORSTEP_VERSION, "The version of this program");
  app.add_option("--dir", flags.directory, "Folder of this phone's files; made when it is\nmissing")->required();
  app.add_option("--server", flags.server, "HOST:PORT of doorstepd on this machine")->capture_default_str();
  app.add_option("--demo-clock", flags.demo_clock,
                 "File with the microseconds by which the phone's\nclocks are shifted");
  app.add_option("--script", flags.script, "Run the commands of a file, or of standard input\n(-)");
  app.add_option("--language", flags.language, "Language offered first to a customer")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();
  app.add_flag("--json", flags.json, "One JSON object a command");
  app.add_flag("--verbose", flags.verbose, "Print the core's log to standard error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // For help, or for the version.
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "Error: %s\nTry: doorstep-phone --help\n", error.what());
    return doorstep::phone::kExitUsage;
  }
  return doorstep::phone::Run(flags);
}
