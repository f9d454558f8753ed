// The facts a technician can record: what to type for each, and how the words become a LogEntry.
#ifndef DOORSTEP_TOOLS_PHONE_FACT_H_
#define DOORSTEP_TOOLS_PHONE_FACT_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tools/phone/line.h"

namespace doorstep::phone {

// What a fact may need to know besides its words.
struct FactContext {
  // The visit that is open; its id alone when the phone does not have it. Without an id: none is open.
  v1::Visit visit;
  int64_t now_us = 0;
  // What `last` means as a position. Absent: nothing was recorded on this phone yet.
  v1::JournalPosition last;
};

struct Fact {
  const char* name;
  const char* usage;
  const char* summary;
  // As Arguments::Parse() takes them.
  const char* options;
  // How many words it needs at least.
  size_t words_min;
  // Fills `entry`. `visit_id` is already the open visit's.
  absl::Status (*build)(const Arguments& words, const FactContext& context, v1::LogEntry* entry);
  // How many it takes at most. Most end with a text, which is any number of words.
  size_t words_max = std::numeric_limits<size_t>::max();
};

// The steps of a visit, the work, what concerns the customer, and new or changed records.
const std::vector<Fact>& StepFacts();
const std::vector<Fact>& WorkFacts();
const std::vector<Fact>& CustomerFacts();
const std::vector<Fact>& RecordFacts();
// All of them, in that order.
const std::vector<const Fact*>& AllFacts();
// Null when there is no such fact.
const Fact* FindFact(absl::string_view name);

// The entry that `words` after the fact's name describe. INVALID_ARGUMENT with the usage when they do not fit.
absl::StatusOr<v1::LogEntry> BuildFact(const Fact& fact, const std::vector<std::string>& words,
                                       const FactContext& context);

// "d7.2.418", or `last`.
absl::StatusOr<v1::JournalPosition> ReadTarget(absl::string_view word, const FactContext& context);

// A UUIDv7 for what is made on this phone.
std::string NewId(int64_t now_us);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_FACT_H_
