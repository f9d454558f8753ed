#include "tests/crash/phone_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"

namespace doorstep::crash {
namespace {

constexpr int64_t kNineOClockUs = int64_t{1795420800} * 1000000;

std::string TextOf(const std::string& entry_bytes) {
  v1::LogEntry entry;
  if (!entry.ParseFromString(entry_bytes)) return "(not an entry)";
  return entry.note().text().substr(0, entry.note().text().find(' '));
}

// Every entry that lives under `epoch`, its chain checked from its beginning.
absl::Status ReadEpoch(LocalStore& store, const EpochMarks& marks, std::vector<v1::EntryEnvelope>& entries) {
  SodiumSha256 hasher;
  const std::string device = store.journal().identity()->device();
  Hash hash = ChainStart(hasher, device, marks.epoch, marks.salt);
  uint64_t seq = 0;
  while (true) {
    ASSIGN_OR_RETURN(const FrameEntries frame, store.ReadForFrame(marks.epoch, seq, kAll, kAll));
    if (frame.entries.empty()) return absl::OkStatus();
    for (const v1::EntryEnvelope& envelope : frame.entries) {
      hash = ChainNext(hasher, hash,
                       {device, marks.epoch, ++seq, envelope.author(), envelope.from_epoch(), envelope.from_seq(),
                        envelope.entry()});
      entries.push_back(envelope);
    }
    if (hash != frame.head_hash || seq != frame.last_seq) {
      return absl::DataLossError(absl::StrCat("the chain of epoch ", marks.epoch, " does not hold at ", seq));
    }
  }
}

// What the office counts, by first position: an entry that comes again under another position counts once.
using Office = std::map<std::string, std::string>;

std::string Take(const FrameEntries& frame, Office& office) {
  uint64_t seq = frame.first_seq;
  for (const v1::EntryEnvelope& envelope : frame.entries) {
    const std::string first = envelope.from_epoch() > 0 ? absl::StrCat(envelope.from_epoch(), ".", envelope.from_seq())
                                                        : absl::StrCat(frame.epoch, ".", seq);
    ++seq;
    const auto [known, is_new] = office.try_emplace(first, TextOf(envelope.entry()));
    if (!is_new && known->second != TextOf(envelope.entry())) {
      return absl::StrCat("the office knows ", first, " as ", known->second, ", and is sent ",
                          TextOf(envelope.entry()));
    }
  }
  return "";
}

}  // namespace

v1::EnrolmentRequest Invitation() {
  v1::EnrolmentRequest request;
  request.set_invitation_code("blue-kite-42");
  request.set_device_name("Ana's phone");
  return request;
}

absl::StatusOr<AppendResult> TapOn(LocalStore& store, const Tap& tap) {
  v1::LogEntry entry;
  entry.set_visit_id(tap.visit);
  entry.mutable_time()->set_wall_time_us(kNineOClockUs);
  entry.mutable_time()->set_monotonic_us(1000000);
  entry.mutable_time()->set_boot_id(tap.boot);
  std::string text = absl::StrCat(tap.text, " ");
  if (text.size() < tap.bytes) text.append(tap.bytes - text.size(), '.');
  entry.mutable_note()->set_text(text);
  entry.set_nonce(std::string(16, 'n'));
  return store.Append("ana", entry, absl::StrCat("token-", tap.text));
}

absl::StatusOr<std::unique_ptr<LocalStore>> OpenPhone(const std::string& folder, const testing::PowerDisk* disk,
                                                      const std::string& key) {
  StoreOptions options;
  options.directory = folder;
  options.key = key;
  if (disk != nullptr) options.vfs = disk->vfs();
  return LocalStore::Open(options);
}

std::string NameWithKey(const std::string& name, const std::string& key) {
  return key.empty() ? name : absl::StrCat(name, "-encrypted");
}

absl::Status StoryPhone::Open() {
  if (store_ == nullptr) {
    ASSIGN_OR_RETURN(store_, OpenPhone(place_.folder, place_.disk, key_));
  }
  return store_->repairs().empty() ? absl::OkStatus() : absl::DataLossError(store_->repairs()[0]);
}

void StoryPhone::DoTap(const Tap& tap) {
  steps_.Do(absl::StrCat("tap ", tap.text), [this, tap]() -> absl::Status {
    RETURN_IF_ERROR(Open());
    ledger_.Begins(absl::StrCat("entry ", tap.text));
    RETURN_IF_ERROR(TapOn(*store_, tap).status());
    ledger_.Answered(absl::StrCat("entry ", tap.text));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Thing>> EntriesOf(LocalStore& store) {
  std::vector<Thing> things;
  if (!store.journal().identity().has_value()) return things;
  // Copied: reading may repair the journal.
  const std::map<uint64_t, EpochMarks> epochs = store.journal().epochs();
  for (const auto& [epoch, marks] : epochs) {
    std::vector<v1::EntryEnvelope> entries;
    RETURN_IF_ERROR(ReadEpoch(store, marks, entries));
    for (const v1::EntryEnvelope& entry : entries) things.push_back(absl::StrCat("entry ", TextOf(entry.entry())));
  }
  return things;
}

std::vector<Thing> MarksOf(LocalStore& store) {
  std::vector<Thing> things;
  for (const auto& [epoch, marks] : store.journal().epochs()) {
    for (uint64_t seq = 1; seq <= marks.received_through; ++seq) {
      things.push_back(absl::StrCat("received ", epoch, ".", seq));
    }
    for (uint64_t seq = 1; seq <= marks.judged_through; ++seq) {
      things.push_back(absl::StrCat("judged ", epoch, ".", seq));
    }
  }
  return things;
}

absl::StatusOr<std::vector<Thing>> HonestEntriesOf(LocalStore& store) {
  ASSIGN_OR_RETURN(std::vector<Thing> things, EntriesOf(store));
  v1::PhoneStatus status;
  RETURN_IF_ERROR(store.FillStatus(ClockReading(), &status));
  const uint64_t sum = status.entries_saved_here() + status.entries_safe() + store.journal().Counts().judged;
  if (status.entries_recorded() == things.size() && sum == things.size()) return things;
  return absl::InternalError(absl::StrCat("the status says ", status.entries_recorded(), " entries (", sum,
                                          " in all stages), and there are ", things.size()));
}

absl::StatusOr<v1::JournalMark> MarkAt(LocalStore& store, uint64_t epoch, uint64_t seq) {
  ASSIGN_OR_RETURN(const FrameEntries frame, store.ReadForFrame(epoch, 0, seq, kAll));
  if (frame.last_seq != seq) return absl::NotFoundError(absl::StrCat("no entry ", epoch, ".", seq));
  v1::JournalMark mark;
  mark.set_epoch(epoch);
  mark.set_received_through(seq);
  mark.set_hash(std::string(AsBytes(frame.head_hash)));
  return mark;
}

std::string SyncAndCount(LocalStore& store, const std::vector<std::string>& taps) {
  Office office;
  for (const auto& [epoch, marks] : store.journal().epochs()) {
    if (marks.received_through == 0) continue;
    const absl::StatusOr<FrameEntries> held = store.ReadForFrame(epoch, 0, marks.received_through, kAll);
    if (!held.ok()) return absl::StrCat("reading: ", held.status().ToString());
    if (std::string wrong = Take(*held, office); !wrong.empty()) return wrong;
  }
  while (const uint64_t epoch = store.journal().UnsentEpoch()) {
    const uint64_t after = store.journal().epochs().at(epoch).received_through;
    const absl::StatusOr<FrameEntries> frame = store.ReadForFrame(epoch, after, kAll, kAll);
    if (!frame.ok()) return absl::StrCat("sending: ", frame.status().ToString());
    if (frame->entries.empty()) return absl::StrCat("epoch ", epoch, " has nothing to send after ", after);
    if (std::string wrong = Take(*frame, office); !wrong.empty()) return wrong;
    v1::JournalMark mark;
    mark.set_epoch(epoch);
    mark.set_received_through(frame->last_seq);
    mark.set_hash(std::string(AsBytes(frame->head_hash)));
    const absl::StatusOr<Acknowledgement> taken = store.journal().Acknowledge(mark);
    if (!taken.ok()) return absl::StrCat("acknowledging: ", taken.status().ToString());
    if (*taken != Acknowledgement::kMoved) return "an acknowledgement of what was just sent is not taken";
  }
  std::map<std::string, int> counts;
  for (const auto& [first, text] : office) ++counts[text];
  for (const std::string& tap : taps) {
    if (counts[tap] != 1) {
      return absl::StrCat("after syncing, the office counts entry ", tap, " ", counts[tap], " times");
    }
    counts.erase(tap);
  }
  if (counts.empty()) return "";
  return absl::StrCat("after syncing, the office has an entry ", counts.begin()->first, " that nobody tapped");
}

}  // namespace doorstep::crash
