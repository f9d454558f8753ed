// The composition root: owns everything the server is made of, wires it, drains it.
// Invariant: once Start has returned, every answer it gives is durable; after Drain nothing is left in the air.
#ifndef DOORSTEP_SERVER_SERVER_H_
#define DOORSTEP_SERVER_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "server/config.h"

namespace doorstep {

class Server {
 public:
  // Serves when it returns. ALREADY_EXISTS: the port is taken; FAILED_PRECONDITION: the data folder belongs to another
  // server or to a newer version, or the connect file can be read by others.
  // `clock`, when not null, takes the place of the system's and outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, LogSink log, Clock* clock = nullptr);
  // Drains, if that has not been done.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT with the port that is really taken.
  const std::string& address() const;
  std::string connect_path() const;

  // Takes no more calls, finishes those that were taken, commits what the writer holds and closes the file.
  void Drain();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVER_H_
