#include "tools/phone/fact.h"

#include <sys/random.h>

#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {

const std::vector<const Fact*>& AllFacts() {
  static const auto* const facts = [] {
    auto* all = new std::vector<const Fact*>();
    for (const std::vector<Fact>* part : {&StepFacts(), &WorkFacts(), &CustomerFacts(), &RecordFacts()}) {
      for (const Fact& fact : *part) all->push_back(&fact);
    }
    return all;
  }();
  return *facts;
}

const Fact* FindFact(absl::string_view name) {
  for (const Fact* fact : AllFacts()) {
    if (name == fact->name) return fact;
  }
  return nullptr;
}

absl::StatusOr<v1::LogEntry> BuildFact(const Fact& fact, const std::vector<std::string>& words,
                                       const FactContext& context) {
  absl::StatusOr<Arguments> arguments = Arguments::Parse(words, fact.options, fact.usage);
  if (!arguments.ok()) return arguments.status();
  absl::Status status = arguments->CheckSize(fact.name, fact.words_min, fact.words_max, fact.usage);
  if (!status.ok()) return status;
  v1::LogEntry entry;
  entry.set_visit_id(context.visit.id());
  status = WithTry(fact.build(*arguments, context, &entry), fact.usage);
  if (!status.ok()) return status;
  return entry;
}

absl::StatusOr<v1::JournalPosition> ReadTarget(absl::string_view word, const FactContext& context) {
  if (word != "last") return ParsePosition(word);
  if (context.last.seq() > 0) return context.last;
  return WithTry(absl::FailedPreconditionError("nothing was recorded on this phone yet"), "open VISIT, then note TEXT");
}

std::string NewId(int64_t now_us) {
  // RFC 9562: 48 bits of milliseconds, the version, random bits with the variant.
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof(bytes), 0) != static_cast<ssize_t>(sizeof(bytes))) std::memset(bytes, 0, sizeof(bytes));
  const uint64_t ms = static_cast<uint64_t>(now_us / 1000);
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x70);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(bytes), sizeof(bytes)));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

}  // namespace doorstep::phone
