// doorstep import: records of other systems.
#include <google/protobuf/struct.pb.h>

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "tools/doorstep/bundle_import.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/import_run.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

struct Args {
  std::vector<std::string> files;
  std::string kind;
  std::string system = "import";
  std::string zone = "UTC";
  std::string delimiter;
  std::string template_kind;
  bool dry_run = false;
};

absl::StatusOr<char> Delimiter(const std::string& text) {
  if (text.empty()) return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "comma") return ',';
  if (text == "semicolon") return ';';
  if (text.size() == 1 && text != "\"") return text[0];
  return UsageError(absl::StrCat("--delimiter \"", text, "\": one character, or comma, semicolon, tab"),
                    "--delimiter semicolon");
}

google::protobuf::Value Text(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return value;
}

google::protobuf::Value Number(uint64_t number) {
  google::protobuf::Value value;
  value.set_number_value(static_cast<double>(number));
  return value;
}

absl::Status PrintRunAsJson(const ImportRun& run, bool dry_run) {
  google::protobuf::Struct object;
  auto& members = *object.mutable_fields();
  members["dry_run"].set_bool_value(dry_run);
  auto& files = *members["files"].mutable_list_value();
  ImportTally sum;
  uint64_t unconfirmed = 0;
  for (const ImportTally& tally : run.tallies()) {
    auto& file = *files.add_values()->mutable_struct_value()->mutable_fields();
    file["file"] = Text(tally.file);
    file["kind"] = Text(tally.kind);
    for (const auto& [name, count, total] :
         {std::tuple("rows", tally.rows, &sum.rows), std::tuple("created", tally.created, &sum.created),
          std::tuple("updated", tally.updated, &sum.updated), std::tuple("unchanged", tally.unchanged, &sum.unchanged),
          std::tuple("rejected", tally.rejected, &sum.rejected),
          std::tuple("unconfirmed", tally.unconfirmed(), &unconfirmed)}) {
      file[name] = Number(count);
      *total += count;
      members[name] = Number(*total);
    }
  }
  auto& updated_rows = *members["updated_rows"].mutable_list_value();
  for (const UpdatedRow& row : run.updated()) {
    auto& updated = *updated_rows.add_values()->mutable_struct_value()->mutable_fields();
    updated["file"] = Text(row.file);
    updated["line"] = Number(static_cast<uint64_t>(row.line));
    updated["id"] = Text(row.id);
    auto& fields = *updated["changed_fields"].mutable_list_value();
    for (const std::string& field : row.changed_fields) *fields.add_values() = Text(field);
  }
  auto& rejected_rows = *members["rejected_rows"].mutable_list_value();
  for (const RejectedRow& row : run.rejected()) {
    auto& rejected = *rejected_rows.add_values()->mutable_struct_value()->mutable_fields();
    rejected["file"] = Text(row.file);
    rejected["line"] = Number(static_cast<uint64_t>(row.line));
    rejected["field"] = Text(row.field);
    rejected["reason"] = Text(Printable(row.reason));
  }
  return PrintJson(object);
}

void PrintRun(const ImportRun& run, bool dry_run) {
  for (const RejectedRow& row : run.rejected()) {
    // The form that editors and compilers share, so that a click leads to the line.
    Say(absl::StrCat(Printable(row.file), ":", row.line, ": ", Coloured("rejected", Colour::kBad), ": ",
                     row.field.empty() ? "" : absl::StrCat(Printable(row.field), ": "), Printable(row.reason)));
  }
  for (const UpdatedRow& row : run.updated()) {
    Say(absl::StrCat(Printable(row.file), ":", row.line, ": ", dry_run ? "would update " : "updated ",
                     Printable(row.id), ": ", Printable(absl::StrJoin(row.changed_fields, ", "))));
  }
  if (!run.rejected().empty() || !run.updated().empty()) Say();
  const bool whole = std::all_of(run.tallies().begin(), run.tallies().end(),
                                 [](const ImportTally& tally) { return tally.unconfirmed() == 0; });
  std::vector<Table::Column> columns = {{"File", false, true},
                                        {"Kind"},
                                        {"Rows", true},
                                        {dry_run ? "Would create" : "Created", true},
                                        {dry_run ? "Would update" : "Updated", true},
                                        {"Unchanged", true},
                                        {"Rejected", true}};
  if (!whole) columns.push_back({"Unconfirmed", true});
  Table table(columns);
  uint64_t cannot_repeat = 0;
  for (const ImportTally& tally : run.tallies()) {
    table.Row({tally.file, tally.kind, Grouped(tally.rows), Grouped(tally.created), Grouped(tally.updated),
               Grouped(tally.unchanged), Grouped(tally.rejected), Grouped(tally.unconfirmed())},
              tally.rejected + tally.unconfirmed() > 0 ? Colour::kWarning : Colour::kPlain);
    cannot_repeat += tally.cannot_repeat;
  }
  table.Print();
  if (cannot_repeat > 0) {
    Note(absl::StrCat("Note: ", Count(cannot_repeat, "corrective visit names", "corrective visits name"),
                      " no asset or no fault code. Nothing is seen as a repeat without both."));
  }
  if (dry_run) Say("A dry run: nothing was changed.");
}

// `failed` with what is in the server all the same, as far as it has said so.
absl::Status WithCounts(const absl::Status& failed, const ImportRun& run, bool dry_run) {
  uint64_t stored = 0;
  uint64_t unconfirmed = 0;
  for (const ImportTally& tally : run.tallies()) {
    stored += tally.created + tally.updated + tally.unchanged;
    unconfirmed += tally.unconfirmed();
  }
  if (dry_run || failed.ok()) return failed;
  absl::Status counted(failed.code(),
                       absl::StrCat(failed.message(), "; ", Count(stored, "row is", "rows are"), " stored, ",
                                    Count(unconfirmed, "row is", "rows are"), " not, as far as the server has said"));
  failed.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) { counted.SetPayload(type, payload); });
  return counted;
}

absl::Status Import(const Args& args, const Tools& tools) {
  ASSIGN_OR_RETURN(const char delimiter, Delimiter(args.delimiter));
  if (!args.template_kind.empty()) {
    const absl::StatusOr<const ImportKind*> kind = FindImportKind(args.template_kind);
    if (!kind.ok()) return UsageError(kind.status().message(), "doorstep import --template accounts");
    const std::string text = ImportTemplate(**kind, delimiter == 0 ? ',' : delimiter);
    Say(absl::string_view(text).substr(0, text.size() - 1));
    return absl::OkStatus();
  }
  if (args.files.empty()) return UsageError("no file to import", "doorstep import accounts.csv");
  if (std::any_of(args.files.begin(), args.files.end(), IsBundle)) {
    if (args.dry_run) return UsageError("--dry-run: a phone's file is taken or left", "doorstep import FILE");
    return ImportBundles(args.files, tools);
  }
  if (!args.kind.empty() && !FindImportKind(args.kind).ok()) {
    return UsageError(FindImportKind(args.kind).status().message(), "doorstep import FILE --kind accounts");
  }
  std::vector<ImportFile> files;
  for (const std::string& name : args.files) {
    ASSIGN_OR_RETURN(ImportFile file, OpenImportFile(name, args.kind, delimiter));
    files.push_back(std::move(file));
  }
  // Accounts before what belongs to them, in whatever order the files were named.
  std::stable_sort(files.begin(), files.end(),
                   [](const ImportFile& a, const ImportFile& b) { return a.kind < b.kind; });

  ImportRun run(tools.connection, args.system, args.zone, args.dry_run);
  absl::Status status;
  for (const ImportFile& file : files) {
    status.Update(run.Import(file));
  }
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintRunAsJson(run, args.dry_run));
  } else if (status.ok() || run.tallies().front().rows > 0) {
    PrintRun(run, args.dry_run);
  }
  RETURN_IF_ERROR(WithCounts(status, run, args.dry_run));
  if (run.rejected().empty()) return absl::OkStatus();
  uint64_t rows = 0;
  for (const ImportTally& tally : run.tallies()) rows += tally.rows;
  const bool others = rows > run.rejected().size();
  return WithTry(
      absl::InvalidArgumentError(absl::StrCat(Count(run.rejected().size(), "row was", "rows were"), " rejected; ",
                                              !others        ? "there was no other"
                                              : args.dry_run ? "the others would be taken"
                                                             : "the others are in")),
      "correct the rows that are listed and import the file again: what is already there changes nothing");
}

}  // namespace

void RegisterImport(Command root, const Tools& tools) {
  auto args = std::make_shared<Args>();
  Command import = root.Leaf(
      "import", "Takes records of other systems from CSV and JSON lines",
      {"doorstep import accounts.csv sites.csv --dry-run", "doorstep import history.jsonl --kind visits --system sap",
       "doorstep import --template visits > visits.csv", "",
       "Kinds: accounts, contacts, sites, technicians, assets, contracts, work-orders",
       "and visits (of the past). CSV has a header line, is separated by commas,",
       "semicolons or tabs, and is UTF-8 or GB18030. Files are taken in the order in",
       "which records name each other. Good rows are kept, bad ones are listed with",
       "file, line, field and reason and make the exit status 1. A row replaces the",
       "record of its id as a whole; a second import of the same file changes nothing.", "",
       "A visit counts as a repeat of another when both name the same asset and the",
       "same fault code: fill in both columns, or repeats are not seen.", "",
       "It also takes the files that phones without a network hand over."});
  import.Positionals("FILE", &args->files, "CSV, JSON lines, or what a phone handed over");
  import.Option("kind", "KIND", &args->kind, "What the files hold; not set: told by file name or columns");
  import.Option("system", "NAME", &args->system, "The system the records come from");
  import.Option("zone", "ZONE", &args->zone, "For times without an offset, where neither row nor account has a zone");
  import.Option("delimiter", "CHAR", &args->delimiter, "Separator of CSV values; not set: told by the header");
  import.Option("template", "KIND", &args->template_kind, "Print a file to begin with, and do nothing else");
  import.Flag("dry-run", &args->dry_run, "Say what would happen and change nothing");
  import.Does([args, tools] { return Import(*args, tools);
});
}  // namespace doorstep::cli

}  // namespace doorstep::cli
