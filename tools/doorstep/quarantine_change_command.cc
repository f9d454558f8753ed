// doorstep quarantine replay | repair | dismiss: what an administrator decides about parked entries.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr char kListThem[] = "doorstep quarantine list";

struct ReplayArgs {
  std::vector<std::string> entries;
  bool all = false;
};

struct DecideArgs {
  std::string entry;
  std::string visit;
  std::string file;
  std::string reason;
};

absl::StatusOr<v1::JournalPosition> Position(const std::string& id) {
  absl::StatusOr<v1::JournalPosition> position = ParsePosition(id);
  if (!position.ok()) return UsageError(position.status().message(), kListThem);
  return position;
}

absl::StatusOr<std::vector<v1::JournalPosition>> EverythingParked(const Tools& tools) {
  v1::ListQuarantineRequest request;
  v1::ListQuarantineResponse response;
  RETURN_IF_ERROR(tools.connection->CallPages(&request, &response, std::numeric_limits<int64_t>::max()).status());
  std::vector<v1::JournalPosition> positions;
  for (const v1::QuarantinedEntry& entry : response.entries()) positions.push_back(entry.judgement().position());
  return positions;
}

void PrintJudgement(const v1::Judgement& judgement) {
  Say(Printable(absl::StrCat(FormatPosition(judgement.position()), "  ", JudgementWords(judgement))));
}

absl::Status Replay(const ReplayArgs& args, const Tools& tools) {
  if (args.all == !args.entries.empty()) {
    return UsageError("name the entries, or say --all", "doorstep quarantine replay d7.2.418");
  }
  std::vector<v1::JournalPosition> positions;
  for (const std::string& id : args.entries) {
    ASSIGN_OR_RETURN(v1::JournalPosition position, Position(id));
    positions.push_back(std::move(position));
  }
  if (args.all) {
    ASSIGN_OR_RETURN(positions, EverythingParked(tools));
  }
  v1::ReplayQuarantinedResponse all;
  for (size_t begin = 0; begin < positions.size(); begin += limits::kReplayPositionsMax) {
    v1::ReplayQuarantinedRequest request;
    const size_t end = std::min(positions.size(), begin + limits::kReplayPositionsMax);
    for (size_t i = begin; i < end; ++i) *request.add_positions() = positions[i];
    v1::ReplayQuarantinedResponse response;
    RETURN_IF_ERROR(tools.connection->Call(&request, &response));
    all.MergeFrom(response);
  }
  if (tools.globals->json) return PrintJson(all);
  uint64_t counted = 0;
  for (const v1::Judgement& judgement : all.judgements()) {
    PrintJudgement(judgement);
    counted += judgement.verdict() == v1::VERDICT_COUNTED ? 1 : 0;
  }
  const uint64_t parked = static_cast<uint64_t>(all.judgements_size()) - counted;
  Say(absl::StrCat(Count(counted, "entry counts", "entries count"), " now; ",
                   Count(parked, "stays parked", "stay parked"), "."));
  return absl::OkStatus();
}

// What --entry names: a LogEntry as JSON, as `doorstep journal show --json` prints it.
absl::Status ReadEntry(const std::string& path, v1::LogEntry& entry) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return absl::NotFoundError(absl::StrCat("--entry ", path, ": cannot be read"));
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &entry);
  if (parsed.ok()) return absl::OkStatus();
  return UsageError(absl::StrCat("--entry ", path, ": ", parsed.message().ToString()),
                    "a file with {\"part_used\": {\"part_number\": \"P-7\", \"quantity_milli\": 1000}}");
}

absl::Status Repair(const DecideArgs& args, const Tools& tools) {
  v1::RepairQuarantinedRequest request;
  ASSIGN_OR_RETURN(*request.mutable_position(), Position(args.entry));
  if (args.visit.empty() && args.file.empty()) {
    return UsageError("say what is to be other: --visit, or --entry with the whole of it",
                      absl::StrCat("doorstep quarantine repair ", args.entry, " --visit V-501 --reason \"...\""));
  }
  request.set_visit_id(args.visit);
  request.set_reason(args.reason);
  if (!args.file.empty()) RETURN_IF_ERROR(ReadEntry(args.file, *request.mutable_entry()));
  v1::RepairQuarantinedResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::Judgement& judgement = response.judgement();
  Say(Printable(absl::StrCat("Entry ", FormatPosition(judgement.repaired_by()), " stands in for ", args.entry,
                             judgement.visit_id().empty() ? "" : " and counts for visit ", judgement.visit_id(), ".")));
  return absl::OkStatus();
}

absl::Status Dismiss(const DecideArgs& args, const Tools& tools) {
  v1::DismissQuarantinedRequest request;
  ASSIGN_OR_RETURN(*request.mutable_position(), Position(args.entry));
  request.set_reason(args.reason);
  v1::DismissQuarantinedResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintJudgement(response.judgement());
  return absl::OkStatus();
}

}  // namespace

void RegisterQuarantineChanges(Command quarantine, const Tools& tools) {
  {
    auto args = std::make_shared<ReplayArgs>();
    Command replay = quarantine.Leaf("replay", "Judge entries again; what counts now counts as of its own time",
                                     {"doorstep quarantine replay d7.2.418", "doorstep quarantine replay --all"});
    replay.Positionals("ENTRY", &args->entries, "The entries' ids");
    replay.Flag("all", &args->all, "Everything that is parked");
    replay.Does([args, tools] { return Replay(*args, tools); });
  }
  {
    auto args = std::make_shared<DecideArgs>();
    Command repair = quarantine.Leaf(
        "repair", "Record an entry anew; the parked one is kept, and the technician is told",
        {"doorstep quarantine repair d7.2.418 --visit V-501 --reason \"V-510 was a slip for V-501\"",
         "doorstep quarantine repair d7.2.418 --entry fixed.json --reason \"it was one part, not 2,000,000\""});
    repair.Positional("ENTRY", &args->entry, "The parked entry's id");
    repair.Option("visit", "ID", &args->visit, "The visit it belongs to; not set: the one it names");
    repair.Option("entry", "FILE", &args->file, "What should have been recorded, as JSON; not set: what it says");
    repair.RequiredOption("reason", "TEXT", &args->reason, "For the technician");
    repair.Does([args, tools] { return Repair(*args, tools); });
  }
  {
    auto args = std::make_shared<DecideArgs>();
    Command dismiss =
        quarantine.Leaf("dismiss", "Say that an entry will never count; it is kept, and the technician is told",
                        {"doorstep quarantine dismiss d7.2.418 --reason \"a test of the new app\""});
    dismiss.Positional("ENTRY", &args->entry, "The parked entry's id");
    dismiss.RequiredOption("reason", "TEXT", &args->reason, "For the technician");
    dismiss.Does([args, tools] { return Dismiss(*args, tools); });
  }
}

}  // namespace doorstep::cli
