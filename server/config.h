// What the command line asks of doorstepd, checked.
#ifndef DOORSTEP_SERVER_CONFIG_H_
#define DOORSTEP_SERVER_CONFIG_H_

#include <optional>
#include <string>

#include "client_core/base/log.h"

namespace doorstep {

inline constexpr char kVersion[] = "0.1.0";

struct Config {
  // Where the database and the administrator's file live. Made when it is not there.
  std::string data_dir;
  // HOST:PORT with a loopback host; port 0: any free one.
  std::string listen = "127.0.0.1:7443";
  // Serves without TLS, which loopback alone allows.
  bool insecure_loopback = false;
  // The file that shifts the server's clock. Empty: the system's time.
  std::string demo_clock;
  // Lets gRPC tools list the services.
  bool reflection = false;
  // Issues another administrator's token in place of the one before.
  bool new_admin_token = false;
  LogLevel log_level = LogLevel::kInfo;
};

// What came of reading the command line: a Config, or the status to exit with (help was asked for: 0, an error that has
// been printed: 2).
struct ParsedConfig {
  std::optional<Config> config;
  int exit_status = 0;
};
ParsedConfig ParseConfig(int argc, const char* const* argv);

// Prints "Error: ..." and "Try: ..." to standard error.
void PrintError(const std::string& error, const std::string& hint);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_CONFIG_H_
