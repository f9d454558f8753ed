// doorstep journal show: what a phone recorded, as received.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr int64_t kPageEntries = 500;

struct Args {
  std::string device;
  int64_t epoch = 0;
  std::string after;
  int64_t limit = 1000;
};

absl::Status Show(const Args& args, const Tools& tools) {
  v1::GetJournalRequest request;
  request.set_device(args.device);
  request.set_epoch(static_cast<uint64_t>(args.epoch));
  if (!args.after.empty()) {
    const absl::StatusOr<v1::JournalPosition> after = ParsePosition(args.after);
    if (!after.ok()) return UsageError(absl::StrCat("--after ", after.status().message()), "--after d7.2.418");
    *request.mutable_after() = *after;
  }
  v1::GetJournalResponse all;
  while (true) {
    request.set_limit(static_cast<uint32_t>(std::min(kPageEntries, args.limit - all.entries_size())));
    v1::GetJournalResponse page;
    RETURN_IF_ERROR(tools.connection->Call(&request, &page));
    all.MergeFrom(page);
    all.set_more(page.more());
    if (!page.more() || page.entries().empty() || all.entries_size() >= args.limit) break;
    *request.mutable_after() = page.entries(page.entries_size() - 1).position();
  }
  std::vector<v1::JournalPosition> damaged;
  for (const v1::ReceivedEntry& entry : all.entries()) {
    if (IsDamaged(entry)) damaged.push_back(entry.position());
  }
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(all));
    return DamageError(std::move(damaged));
  }
  // Where the phone was when the first of them was recorded.
  const auto first = std::find_if(all.entries().begin(), all.entries().end(),
                                  [](const v1::ReceivedEntry& entry) { return entry.has_time(); });
  const int32_t offset_s = first == all.entries().end() ? 0 : first->time().utc_offset_s();
  const absl::TimeZone zone = absl::FixedTimeZone(offset_s);
  Table table({{"Entry"},
               {"Time", false, true},
               {"Received", false, true},
               {"By"},
               {"Visit"},
               {"What", false, true},
               {"Judgement", false, true}});
  for (const v1::ReceivedEntry& entry : all.entries()) {
    const std::string judgement = JudgementWords(entry.judgement());
    table.Row({FormatPosition(entry.position()), ShowTime(entry.time().time_us(), zone),
               ShowTime(entry.received_time_us(), zone), entry.author(), entry.entry().visit_id(),
               IsDamaged(entry) ? "" : EntryWords(entry.entry(), zone), judgement},
              judgement == "counted" ? Colour::kPlain : Colour::kWarning);
  }
  if (table.empty()) {
    Note("Nothing was received.");
  } else {
    Say(absl::StrCat("Times in ", ShowZone(zone), "."));
    table.Print();
  }
  if (all.more()) {
    Note(absl::StrCat("There are more: --after ", FormatPosition(all.entries(all.entries_size() - 1).position())));
  }
  return DamageError(std::move(damaged));
}

}  // namespace

void RegisterJournal(Command root, const Tools& tools) {
  Command journal = root.Group("journal", "What the phones recorded, as received");
  auto args = std::make_shared<Args>();
  Command show = journal.Leaf("show", "The journal of one phone",
                              {"doorstep journal show d7", "doorstep journal show d7 --epoch 2 --after d7.2.418"});
  show.Positional("DEVICE", &args->device, "The device's id; doorstep device list shows it");
  show.NumberOption("epoch", "N", &args->epoch, 0, INT64_MAX, "Only this journal of the device");
  show.Option("after", "ENTRY", &args->after, "Only what stands behind this entry");
  show.NumberOption("limit", "N", &args->limit, 1, 1000000, "At most so many");
  show.Does([args, tools] { return Show(*args, tools); });
}

}  // namespace doorstep::cli
