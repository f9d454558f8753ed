// A phone with a newer app than this server knows: it enrols and pushes frames made by hand, entries of unknown kinds
// among them.
#ifndef DOORSTEP_TESTS_SPEC_NEWER_PHONE_H_
#define DOORSTEP_TESTS_SPEC_NEWER_PHONE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client_core/base/sha256.h"
#include "client_core/transport/transport.h"
#include "doorstep/v1/sync.pb.h"
#include "tests/spec/story_clock.h"
#include "tests/spec/story_phone.h"

namespace doorstep::spec {

class NewerPhone {
 public:
  NewerPhone(std::string author, StoryClock* clock) : author_(std::move(author)), clock_(clock) {}

  absl::Status Enrol(const std::string& address, const std::string& invitation_code);
  // A kind of entry that nobody here knows.
  absl::Status SendUnknownKind(const std::string& visit);
  absl::Status SendNote(const std::string& visit, const std::string& text);
  const std::vector<Noted>& noted() const { return noted_; }

 private:
  v1::LogEntry Begin(const std::string& visit);
  // As the next entry of the journal.
  absl::Status SendEntry(const std::string& entry, const Noted& noted);
  v1::Frame MakeFrame(const std::string& entry) const;

  const std::string author_;
  StoryClock* const clock_;
  std::unique_ptr<Transport> transport_;
  std::string device_;
  std::string token_;
  uint64_t epoch_ = 0;
  uint64_t seq_ = 0;
  Hash head_{};
  std::vector<Noted> noted_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_NEWER_PHONE_H_
