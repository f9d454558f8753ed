#include "server/config.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

namespace doorstep {
namespace {

// Where a program keeps its state by the XDG base directory rules: the same wherever it is started.
std::string DefaultDataDir() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string(state) + "/doorstep";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state/doorstep";
  return "";
}

bool IsLoopback(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

bool HasPort(const std::string& listen) {
  if (listen.find(':') == std::string::npos) return false;
  const std::string port = listen.substr(listen.rfind(':') + 1);
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos &&
         std::stoi(port) <= 65535;
}

// Refuses what cannot be served; false when it has printed why.
bool Check(const Config& config) {
  if (config.data_dir.empty()) {
    PrintError("no data folder: neither XDG_STATE_HOME nor HOME is set", "doorstepd --data DIR");
    return false;
  }
  if (!IsLoopback(config.listen) || !HasPort(config.listen)) {
    PrintError("--listen " + config.listen +
                   (IsLoopback(config.listen) ? ": has no port of 0 to 65535" : ": this version serves loopback only"),
               "--listen 127.0.0.1:PORT, with a port of 0 to 65535");
    return false;
  }
  if (!config.insecure_loopback) {
    PrintError(
        "this version has no TLS, so it serves programs on this machine only, and must be told that this is meant",
        "the same command with --insecure-loopback");
    return false;
  }
  return true;
}

}  // namespace

void PrintError(const std::string& error, const std::string& hint) {
  std::fprintf(stderr, "Error: %s\n", error.c_str());
  if (!hint.empty()) std::fprintf(stderr, "Try: %s\n", hint.c_str());
}

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  Config config;
  config.data_dir = DefaultDataDir();
  CLI::App app("doorstepd: the server that technicians' phones and the office speak to.", "doorstepd");
  app.set_version_flag("--version", std::string("doorstepd ") + kVersion);
  app.add_option("--data", config.data_dir,
                 "Folder of the database and of the administrator's\nfile (admin.connect). Made when it is not there.\n"
                 "Default: $XDG_STATE_HOME/doorstep,\nelse ~/.local/state/doorstep")
      ->type_name("DIR");
  app.add_option("--listen", config.listen,
                 "Loopback address and port; port 0 takes a free\none, which is printed and stands in admin.connect.\n"
                 "Default: 127.0.0.1:7443")
      ->type_name("HOST:PORT");
  app.add_flag("--insecure-loopback", config.insecure_loopback,
               "Serve without TLS, on loopback only. Required:\nthis version has no TLS");
  app.add_option("--demo-clock", config.demo_clock,
                 "Move the clock by the microseconds that stand in\nthis file, read at every use, so that server and\n"
                 "phones share one made-up time. With\n--insecure-loopback only")
      ->type_name("FILE");
  app.add_flag("--reflection", config.reflection, "Let gRPC tools list services and messages");
  app.add_flag("--new-admin-token", config.new_admin_token,
               "Write a new admin.connect; the administrator's\ntoken from before stops being good");
  const std::map<std::string, LogLevel> levels = {{"debug", LogLevel::kDebug},
                                                  {"info", LogLevel::kInfo},
                                                  {"warning", LogLevel::kWarning},
                                                  {"error", LogLevel::kError}};
  std::string log_level = "info";
  app.add_option("--log-level", log_level, "debug, info (default), warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}).description(""))
      ->type_name("LEVEL");
  app.footer(
      "Examples:\n"
      "  doorstepd --insecure-loopback --data /var/lib/doorstep\n"
      "  doorstepd --insecure-loopback --data /tmp/try --listen 127.0.0.1:0 --log-level debug\n"
      "\n"
      "The first start writes DIR/admin.connect (mode 0600): `doorstep connect\nDIR/admin.connect` makes the holder "
      "the "
      "administrator. SIGTERM or SIGINT ends the\nserver after it has finished what it holds.\n"
      "Exit status: 0 ended as asked, 1 could not start or failed, 2 wrong flags.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, std::cout, std::cerr);
    return {std::nullopt, 0};
  } catch (const CLI::ParseError& error) {
    PrintError(error.what(), "doorstepd --help");
    return {std::nullopt, 2};
  }
  config.log_level = levels.at(log_level);
  if (!Check(config)) return {std::nullopt, 2};
  return {config, 0};
}

}  // namespace doorstep
