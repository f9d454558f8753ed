// One connection to one server, opened at the first call. Only connection.cc includes gRPC: a call finds its method
// from the type of its request, because every request of the contract belongs to exactly one method.
#ifndef DOORSTEP_TOOLS_DOORSTEP_CONNECTION_H_
#define DOORSTEP_TOOLS_DOORSTEP_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "tools/doorstep/profile.h"

namespace doorstep::cli {

struct Globals;

inline constexpr int kCallSeconds = 30;
// A rebuild reads every frame the server ever got.
inline constexpr int kLongCallSeconds = 3600;

class Connection {
 public:
  // The profile is read at the first call. `globals` must outlive this object.
  explicit Connection(const Globals* globals);
  // For a profile that is not stored yet.
  Connection(const Globals* globals, v1::ConnectFile profile);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Fills an empty `request_id`, and repeats the call once, under the same id, when the server was away. The status is
  // the server's, with its words.
  absl::Status Call(google::protobuf::Message* request, google::protobuf::Message* response,
                    int seconds = kCallSeconds);

  // Calls page by page and gathers the rows in `response`, at most `rows_max` of its first repeated field. Returns
  // whether there are more.
  absl::StatusOr<bool> CallPages(google::protobuf::Message* request, google::protobuf::Message* response,
                                 int64_t rows_max);

  // Reads the stream that answers `request` for so many seconds: `each` is asked after every message, which is in
  // `response` then, and `goes_on` a few times a second. OK: one of them said no. DEADLINE_EXCEEDED: the seconds are
  // over. Else as Call, which is not repeated.
  absl::Status Listen(const google::protobuf::Message& request, google::protobuf::Message* response, int seconds,
                      const std::function<absl::StatusOr<bool>()>& each, const std::function<bool()>& goes_on);

  // "default (127.0.0.1:7070)". Valid after the first call.
  std::string Description() const;

 private:
  struct Channel;

  absl::Status Open();

  const Globals* const globals_;
  std::string name_;
  v1::ConnectFile profile_;
  std::unique_ptr<Channel> channel_;
};

// Whether `address` cannot leave this machine. Tokens are sent only there, because the connection is not encrypted.
bool IsLoopback(const std::string& address);

// A random id for one change, so that a repeat is known as one.
std::string NewRequestId();

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_CONNECTION_H_
