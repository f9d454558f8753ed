// A server of one phone, in memory: it checks what a real one checks (chain, order, forks, repeats) and keeps the
// entries, so that a test can count them. Everything it stores it judges at once.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_FAKE_SERVER_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_FAKE_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"
#include "client_core/base/sha256.h"
#include "client_core/transport/transport.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

class FakeServer {
 public:
  struct Stored {
    v1::EntryEnvelope envelope;
    Hash hash{};
  };
  struct Journal {
    std::string salt;
    std::vector<Stored> entries;  // Entry i has seq i + 1.
  };
  // What happens to a call: OK lets it through. `after`: the answer is lost after the server has done its work.
  struct Fate {
    absl::Status status;
    bool after = false;
  };

  // Thread-safe. The serialized answer.
  absl::StatusOr<std::string> Handle(const std::string& method, const std::string& authorization,
                                     const std::string& request);

  // The rest is read and set while no call is under way.
  std::function<Fate(const std::string& method, const std::string& request)> fate;
  // True: the call is put off with a wait of a millisecond.
  std::function<bool(const std::string& method)> busy;
  std::function<absl::Status(const v1::FrameHeader& header, const v1::FrameBody& body)> on_frame;
  std::function<bool(const v1::LogEntry& entry)> quarantines;
  // Answers the calls of AttachmentService; empty: UNIMPLEMENTED.
  std::function<absl::StatusOr<std::string>(const std::string& method, const std::string& request)> attachments;
  v1::Grant grant;
  std::string generation = "g1";
  std::string push_token;  // Empty: it has none.
  bool keeps_push_tokens = true;
  int64_t server_time_us = int64_t{1764000000} * 1000000;
  std::map<uint64_t, Journal> journals;
  std::vector<std::string> enrol_request_ids;
  std::vector<v1::FrameHeader> headers;  // Of every frame that was stored.
  std::vector<v1::HelloRequest> hellos;
  std::map<std::string, int> calls;  // By method.
  bool refuse_token = false;
  std::vector<std::string> technicians = {"ana"};  // Who may use the phone; ana has enrolled it.

  // Puts a row into a feed.
  void Put(const std::string& feed, v1::EntityKind kind, const std::string& id, const std::string& entity);
  // Comes back from a backup that knew `entries` entries of `epoch`.
  void Restore(const std::string& new_generation, uint64_t epoch, size_t entries);
  // Every entry that counts once: those with a first position elsewhere are the same entry.
  std::vector<v1::LogEntry> Entries() const;
  Hash HeadHash(uint64_t epoch, uint64_t seq) const;

 private:
  struct Row {
    v1::EntityKind kind = v1::ENTITY_KIND_UNSPECIFIED;
    std::string id;
    std::string entity;
    int64_t version = 0;
    int64_t seq = 0;
  };
  absl::StatusOr<std::string> PutOff(const std::string& method, const std::string& request) const;
  absl::StatusOr<std::string> Enroll(const std::string& request);
  absl::StatusOr<std::string> Hello(const std::string& request);
  absl::StatusOr<std::string> Push(const std::string& request);
  absl::StatusOr<std::string> Pull(const std::string& request);
  v1::JournalMark Mark(uint64_t epoch) const;
  void PutJournalState(uint64_t epoch);
  v1::Fork MakeFork(uint64_t epoch, uint64_t last_common);

  mutable Mutex mutex_;
  std::map<std::string, std::map<std::string, Row>> feeds_;
  int64_t seq_ = 0;
  std::string token_;
};

// Answers from `server` before Start returns.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(FakeServer* server) : server_(server) {}
  void Start(uint64_t id, UnaryCall call, Done done) override;
  void Cancel(uint64_t) override {}

 private:
  FakeServer* const server_;
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_SESSION_FAKE_SERVER_H_
