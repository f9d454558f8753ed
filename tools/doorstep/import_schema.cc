#include "tools/doorstep/import_schema.h"

#include <csv.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "doorstep/v1/import_service.pb.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr char kZoneHelp[] = "IANA zone in which times without an offset are read; not set: the account's zone";
constexpr char kOutcomeHelp[] =
    "resolved, temporary_fix, partially_done, not_resolved, no_fault_found, no_access, customer_refused, unsafe, "
    "wrong_skill, parts_missing, not_needed";
constexpr char kTimeHelp[] = "2026-11-22, 2026-11-22T08:30 or 2026-11-22T08:30+01:00";

std::vector<ImportKind> MakeKinds() {
  return {
      {"accounts",
       "account",
       {{"id", "id", true, "A-17", "the customer's id, which stays the same for ever"},
        {"name", "name", true, "Gasthaus Linde", "at most 256 bytes"},
        {"segment", "segment", false, "hospitality", ""},
        {"tier", "tier", false, "gold", ""},
        {"success_owner", "success_owner", false, "mara", "the success manager"},
        {"languages", "languages", false, "de|en", "BCP 47, the preferred first, separated by |"},
        {"zone", "zone", false, "Europe/Berlin", "IANA zone"},
        {"parent_account", "parent_account_id", false, "", "the account this one belongs to"},
        {"fit", "fit", false, "good", "good, uncertain, misfit"},
        {"fit_reason", "fit_reason", false, "", ""},
        {"acquired", "acquired_time_us", false, "2024-03-01", kTimeHelp},
        {"acquisition_cost", "acquisition_cost", false, "1250.00 EUR", "amount and currency"},
        {"acquisition_source", "acquisition_source", false, "fair", ""},
        {"referred_by", "referred_by_account_id", false, "", "the account that brought this one"}}},
      {"contacts",
       "contact",
       {{"id", "id", true, "P-31", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"name", "name", true, "Jo Brandt", ""},
        {"role", "role", false, "kitchen", ""},
        {"phone", "phone", false, "+49 30 1234567", ""},
        {"email", "email", false, "jo@linde.example", ""},
        {"language", "language", false, "de", "BCP 47"},
        {"consent", "consent", false, "yes", "yes: agreed to be asked"}}},
      {"sites",
       "site",
       {{"id", "id", true, "S-17-1", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"name", "name", true, "Cellar", ""},
        {"address", "address", false, "Lindenweg 4, 10115 Berlin", ""},
        {"latitude", "position.latitude_e7", false, "52.5310", "degrees, WGS 84"},
        {"longitude", "position.longitude_e7", false, "13.3849", "degrees, WGS 84"},
        {"geofence_m", "geofence_m", false, "80", "metres"},
        {"zone", "zone", false, "Europe/Berlin", "IANA zone"},
        {"access_notes", "access_notes", false, "Key at the bar", ""},
        {"hazards", "hazards", false, "Steep stairs", ""},
        {"opening_hours", "opening_hours", false, "Tue-Sun 11-23", ""}}},
      {"technicians",
       "technician",
       {{"id", "id", true, "T-ana", ""},
        {"name", "name", true, "Ana Petrova", ""},
        {"skills", "skills", false, "gas|refrigeration", "codes separated by |"},
        {"language", "language", false, "de", "BCP 47"},
        {"zone", "zone", false, "Europe/Berlin", "IANA zone"}}},
      {"assets",
       "asset",
       {{"id", "id", true, "E-251", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"site", "site_id", false, "S-17-1", "the site's id"},
        {"model", "model", false, "D9 diesel", ""},
        {"serial", "serial", false, "D9-000251", ""},
        {"installed", "installed_time_us", false, "2024-04-02", kTimeHelp},
        {"status", "status", false, "operational", "operational, degraded, down, retired"},
        {"warranty_end", "warranty_end_time_us", false, "2027-04-02", kTimeHelp},
        {"last_service", "last_service_time_us", false, "", kTimeHelp},
        {"zone", "", false, "", kZoneHelp}}},
      {"contracts",
       "contract",
       {{"id", "id", true, "C-17", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"coverage", "coverage", false, "All engines, parts included", ""},
        {"response_sla_min", "response_sla_min", false, "240", "minutes"},
        {"start", "start_time_us", false, "2024-04-01", kTimeHelp},
        {"renewal", "renewal_time_us", false, "2027-04-01", kTimeHelp},
        {"monthly_value", "monthly_value", false, "89.90 EUR", "amount and currency"},
        {"zone", "", false, "", kZoneHelp}}},
      {"work-orders",
       "work_order",
       {{"id", "id", true, "W-901", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"site", "site_id", false, "S-17-1", "the site's id"},
        {"kind", "kind", true, "corrective", "corrective, preventive, install, inspection, recall, goodwill"},
        {"priority", "priority", false, "2", "1 (most urgent) to 5"},
        {"symptoms", "symptoms", false, "NO-START", "codes separated by |"},
        {"assets", "asset_ids", false, "E-251", "ids separated by |"},
        {"skills", "skills", false, "gas", "codes separated by |"},
        {"description", "description", false, "Engine does not start when cold", "what the customer said"},
        {"sla_due", "sla_due_time_us", false, "", kTimeHelp},
        {"zone", "", false, "", kZoneHelp}}},
      {"visits",
       "past_visit",
       {{"id", "id", true, "E-251-1", ""},
        {"account", "account_id", true, "A-17", "the account's id"},
        {"site", "site_id", false, "S-17-1", "the site's id"},
        {"asset", "asset_id", false, "E-251", "the asset's id; without it no repeat is seen"},
        {"kind", "kind", true, "corrective", "corrective, preventive, install, inspection, recall, goodwill"},
        {"technician", "technician_id", false, "T-ana", "the technician's id"},
        {"arrived", "arrived_time_us", false, "2026-05-04T09:10", "must be set; as ended"},
        {"ended", "ended_time_us", true, "2026-05-04T10:40", kTimeHelp},
        {"zone", "", false, "Europe/Berlin", kZoneHelp},
        {"outcome", "outcome.code", true, "resolved", kOutcomeHelp},
        {"symptom", "outcome.symptom", false, "NO-START", "a code, or \"CODE what it means\""},
        {"fault", "outcome.fault", false, "VALVE-SEAT",
         "a code, or \"CODE what it means\"; only visits to one asset with one fault code are repeats of each other"},
        {"cause", "outcome.cause", false, "", "as fault"},
        {"remedy", "outcome.remedy", false, "REPLACED", "as fault"},
        {"asset_status_after", "outcome.asset_status_after", false, "operational",
         "operational, degraded, down, retired"},
        {"down_time_min", "outcome.down_time_min", false, "", "minutes"},
        {"customer_confirms", "outcome.customer_confirms", false, "yes", "yes or no"},
        {"follow_up_wanted", "outcome.follow_up_wanted", false, "no", "yes or no"},
        {"summary", "outcome.summary", false, "Valve seat replaced", ""}}},
  };
}

// What the server computes, and what an entity printed with --json carries besides its columns.
bool IsComputed(absl::string_view name) {
  return name == "version" || name == "state" || name == "first_time_fix" || name == "created_time_us" ||
         name == "external_refs" || name == "utc_offset_s" || absl::StartsWith(name, "external_refs.");
}

std::string Normal(absl::string_view name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripAsciiWhitespace(name)), {{" ", "_"}, {"-", "_"}});
}

// Whether `path` leads through the record to a field that has one value or a list of plain values.
bool IsPath(const Descriptor* type, absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    if (type == nullptr) return false;
    field = type->FindFieldByName(std::string(part));
    if (field == nullptr) return false;
    type = field->is_repeated() ? nullptr : field->message_type();
  }
  return true;
}

bool NamesColumn(const ImportColumn& column, absl::string_view name) {
  return name == column.name || name == absl::StrCat(column.name, "_id") || name == absl::StrCat(column.name, "_time");
}

std::string CsvValue(const std::string& value, char delimiter) {
  const bool plain =
      value.find_first_of("\"\n\r#") == std::string::npos && !absl::StrContains(value, std::string(1, delimiter));
  if (plain) return value;
  std::string quoted(value.size() * 2 + 2, '\0');
  quoted.resize(csv_write(quoted.data(), quoted.size(), value.data(), value.size()));
  return quoted;
}

}  // namespace

const std::vector<ImportKind>& ImportKinds() {
  static const auto* const kinds = new std::vector<ImportKind>(MakeKinds());
  return *kinds;
}

const Descriptor& RecordType(const ImportKind& kind) {
  return *v1::ImportRow::descriptor()->FindFieldByName(kind.record)->message_type();
}

absl::StatusOr<const ImportKind*> FindImportKind(absl::string_view name) {
  const std::string wanted = absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}, {" ", "-"}});
  std::vector<std::string> names;
  for (const ImportKind& kind : ImportKinds()) {
    const absl::string_view plural = kind.name;
    if (wanted == plural || wanted + "s" == plural || wanted == absl::StrCat("past-", plural)) return &kind;
    names.push_back(kind.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name.substr(0, 40), "\" is no kind of record; known are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<const ImportKind*> GuessImportKind(absl::string_view file_name,
                                                  const std::vector<std::string>& column_names) {
  absl::string_view base = file_name;
  if (const size_t slash = base.rfind('/'); slash != absl::string_view::npos) base.remove_prefix(slash + 1);
  const std::string normal = Normal(base);
  const ImportKind* by_name = nullptr;
  int names = 0;
  for (const ImportKind& kind : ImportKinds()) {
    const std::string stem(absl::StripSuffix(Normal(kind.name), "s"));
    if (!absl::StrContains(normal, stem)) continue;
    by_name = &kind;
    ++names;
  }
  if (names == 1) return by_name;

  // Only kinds of which no required column is missing; among them the one that knows the most columns.
  const ImportKind* best = nullptr;
  size_t best_known = 0;
  bool tie = false;
  for (const ImportKind& kind : ImportKinds()) {
    size_t known = 0;
    size_t required = 0;
    for (const std::string& name : column_names) {
      const ColumnMatch match = MatchColumn(kind, name);
      if (match.known) ++known;
      if (match.column != nullptr && match.column->required) ++required;
    }
    const size_t wanted = static_cast<size_t>(
        std::count_if(kind.columns.begin(), kind.columns.end(), [](const ImportColumn& c) { return c.required; }));
    if (required < wanted || known < best_known) continue;
    tie = known == best_known;
    best = &kind;
    best_known = known;
  }
  if (best != nullptr && !tie) return best;
  return absl::InvalidArgumentError("neither its name nor its columns tell what kind of records it holds");
}

ColumnMatch MatchColumn(const ImportKind& kind, absl::string_view name) {
  const std::string wanted = Normal(name);
  ColumnMatch match;
  for (const ImportColumn& column : kind.columns) {
    if (!NamesColumn(column, wanted)) continue;
    match.column = &column;
    match.path = column.path;
    match.known = true;
    return match;
  }
  if (IsComputed(wanted)) {
    match.known = match.ignored = true;
  } else if (IsPath(&RecordType(kind), wanted)) {
    match.path = wanted;
    match.known = true;
    for (const ImportColumn& column : kind.columns) {
      if (match.path == column.path) match.column = &column;
    }
  } else if (wanted == "currency") {
    match.known = true;
  }
  return match;
}

std::string NearestColumn(const ImportKind& kind, absl::string_view name) {
  std::vector<std::string> names;
  for (const ImportColumn& column : kind.columns) names.push_back(column.name);
  return Nearest(name, names);
}

std::string ColumnOfField(const ImportKind& kind, absl::string_view field) {
  field = absl::StripPrefix(field, absl::StrCat(kind.record, "."));
  for (const ImportColumn& column : kind.columns) {
    if (field == column.path || absl::StartsWith(field, absl::StrCat(column.path, ".")) ||
        absl::StartsWith(field, absl::StrCat(column.path, "["))) {
      if (column.path[0] != '\0') return column.name;
    }
  }
  return std::string(field);
}

std::string InColumnNames(const ImportKind& kind, absl::string_view reason) {
  std::string out;
  while (!reason.empty()) {
    const size_t end = std::find_if_not(reason.begin(), reason.end(),
                                        [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }) -
                       reason.begin();
    const absl::string_view word = reason.substr(0, end);
    const ImportColumn* named = nullptr;
    for (const ImportColumn& column : kind.columns) {
      // A path of one plain word may be meant as a word: "name", "kind".
      if (word == column.path && word.find_first_of("_.") != absl::string_view::npos) named = &column;
    }
    absl::StrAppend(&out, named != nullptr ? named->name : word, reason.substr(end, 1));
    reason.remove_prefix(std::min(end + 1, reason.size()));
  }
  return out;
}

std::string ImportTemplate(const ImportKind& kind, char delimiter) {
  std::string out =
      absl::StrCat("# ", kind.name, ": one row each. Lines before the header that begin with # are left out.\n");
  std::vector<std::string> names;
  std::vector<std::string> examples;
  for (const ImportColumn& column : kind.columns) {
    const absl::string_view help = column.help;
    absl::StrAppend(&out, "# ", column.name, column.required ? " (required)" : "", help.empty() ? "" : ": ", help,
                    "\n");
    names.push_back(column.name);
    examples.push_back(CsvValue(column.example, delimiter));
  }
  const std::string separator(1, delimiter);
  absl::StrAppend(&out, absl::StrJoin(names, separator), "\n", absl::StrJoin(examples, separator), "\n");
  return out;
}

}  // namespace doorstep::cli
