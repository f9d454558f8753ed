// doorstep quarantine list | show: what was received, is kept, and does not count yet. The decisions about it are in
// quarantine_change_command.cc.
#include "absl/strings/escaping.h"
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

constexpr size_t kBytesShown = 24;

absl::Status List(bool all, int64_t limit, const Tools& tools) {
  v1::ListQuarantineRequest request;
  request.set_include_dismissed(all);
  v1::ListQuarantineResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, limit));
  std::vector<v1::JournalPosition> damaged;
  for (const v1::QuarantinedEntry& entry : response.entries()) {
    if (IsDamaged(entry)) damaged.push_back(entry.judgement().position());
  }
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(std::move(damaged));
  }
  Table table({{"Entry"}, {"Received"}, {"Reason"}, {"Visit"}, {"Why", false, true}});
  for (const v1::QuarantinedEntry& entry : response.entries()) {
    const v1::Judgement& judgement = entry.judgement();
    table.Row({FormatPosition(judgement.position()), ShowTime(entry.received_time_us()), Words(judgement.reason()),
               judgement.visit_id(), WithoutField(judgement.message())});
  }
  if (table.empty()) {
    Say("Nothing is in quarantine.");
  } else {
    table.Print();
  }
  if (more) Note(absl::StrCat("There are more: --limit ", limit * 10));
  return DamageError(std::move(damaged));
}

absl::Status Show(const std::string& id, const Tools& tools) {
  const absl::StatusOr<v1::JournalPosition> position = ParsePosition(id);
  if (!position.ok()) return UsageError(position.status().message(), "doorstep quarantine list");
  v1::GetQuarantinedRequest request;
  *request.mutable_position() = *position;
  v1::GetQuarantinedResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  const v1::QuarantinedEntry& entry = response.entry();
  std::vector<v1::JournalPosition> damaged;
  if (IsDamaged(entry)) damaged.push_back(*position);
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(std::move(damaged));
  }
  const std::string& bytes = entry.envelope().entry();
  Details details;
  details.Add("Entry", FormatPosition(entry.judgement().position()));
  details.Add("By", entry.envelope().author());
  details.Add("Received", ShowTime(entry.received_time_us()));
  details.Add("Reason", Words(entry.judgement().reason()), Colour::kWarning);
  details.Add("Why", WithoutField(entry.judgement().message()));
  details.Add("Next", entry.judgement().next());
  details.Add("Visit", entry.judgement().visit_id());
  if (!damaged.empty()) {
    details.Print();
    return DamageError(std::move(damaged));
  }
  v1::LogEntry parsed;
  const bool readable = !entry.envelope().opaque() && parsed.ParseFromString(bytes);
  details.Add("Says", readable ? EntryWords(parsed, absl::LocalTimeZone())
                               : "these bytes are no entry that this program can read");
  details.Add("Bytes", absl::StrCat(Grouped(bytes.size()), ": ", absl::BytesToHexString(bytes.substr(0, kBytesShown)),
                                    bytes.size() > kBytesShown ? "... (--json has all)" : ""));
  details.Print();
  return absl::OkStatus();
}

}  // namespace

void RegisterQuarantine(Command root, const Tools& tools) {
  Command quarantine = root.Group("quarantine", "What was received and does not count until somebody has looked");
  {
    auto all = std::make_shared<bool>(false);
    auto limit = std::make_shared<int64_t>(1000);
    Command list = quarantine.Leaf("list", "What waits for somebody",
                                   {"doorstep quarantine list", "doorstep quarantine list --all"});
    list.Flag("all", all.get(), "Also what was dismissed");
    list.NumberOption("limit", "N", limit.get(), 1, 1000000, "At most so many");
    list.Does([all, limit, tools] { return List(*all, *limit, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command show =
        quarantine.Leaf("show", "One entry, byte for byte as received", {"doorstep quarantine show d7.2.418"});
    show.Positional("ENTRY", id.get(), "The entry's id");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  RegisterQuarantineChanges(quarantine, tools);
}

}  // namespace doorstep::cli
