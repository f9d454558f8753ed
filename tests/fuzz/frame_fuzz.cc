// Bytes that claim to be a frame: refused with a reason or opened within the bounds; and whatever body opens, it comes
// back the same from a frame that is built of it.
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"

namespace doorstep {
namespace {

void ReadEntries(const v1::FrameBody& body) {
  for (const v1::EntryEnvelope& envelope : body.entries()) {
    v1::LogEntry entry;
    if (!entry.ParseFromString(envelope.entry())) continue;
    if (!CheckEntry(entry).ok()) continue;
    v1::JournalPosition position;
    position.set_device("d1");
    position.set_epoch(1);
    position.set_seq(1);
    MakeFoldFact(entry, position, envelope.author(), v1::CorrectedTime());
  }
}

void BuildAndOpen(absl::string_view bytes) {
  v1::FrameBody body;
  if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || body.entries_size() == 0) return;
  v1::FrameHeader header;
  header.set_device("d1");
  header.set_epoch(1);
  header.set_first_seq(1);
  header.set_last_seq(static_cast<uint64_t>(body.entries_size()));
  header.set_prev_hash(std::string(32, 'p'));
  header.set_head_hash(std::string(32, 'h'));
  const absl::StatusOr<std::string> frame = BuildFrame(header, body);
  if (!frame.ok()) return;
  const absl::StatusOr<OpenedFrame> opened = OpenFrame(*frame);
  if (opened.ok() && opened->body.SerializeAsString() != body.SerializeAsString()) std::abort();
}

}  // namespace
}  // namespace doorstep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<doorstep::OpenedFrame> opened = doorstep::OpenFrame(bytes);
  if (opened.ok()) {
    doorstep::SodiumSha256 hasher;
    doorstep::CheckChain(hasher, *opened).IgnoreError();
    doorstep::ReadEntries(opened->body);
  }
  doorstep::BuildAndOpen(bytes);
  return 0;
}
