// What an import understands: the kinds of records, their columns, and the field of the contract behind each column.
#ifndef DOORSTEP_TOOLS_DOORSTEP_IMPORT_SCHEMA_H_
#define DOORSTEP_TOOLS_DOORSTEP_IMPORT_SCHEMA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Descriptor;
}

namespace doorstep::cli {

struct ImportColumn {
  const char* name;
  // The field of the record, "outcome.fault". Empty: a column that only helps to read others ("zone" of a visit).
  const char* path;
  bool required;
  const char* example;
  const char* help;
};

struct ImportKind {
  const char* name;    // "accounts".
  const char* record;  // The field of ImportRow that holds it.
  std::vector<ImportColumn> columns;
};

// In the order in which they name each other: accounts before their sites, sites before the assets there.
const std::vector<ImportKind>& ImportKinds();

// The record's type, for instance of Account.
const google::protobuf::Descriptor& RecordType(const ImportKind& kind);

// INVALID_ARGUMENT with the known names.
absl::StatusOr<const ImportKind*> FindImportKind(absl::string_view name);

// From the file's name ("accounts-2026.csv"), else from its columns. INVALID_ARGUMENT when neither decides.
absl::StatusOr<const ImportKind*> GuessImportKind(absl::string_view file_name,
                                                  const std::vector<std::string>& column_names);

// The path that a column of a file fills: by name ("account", "Account", "account_id"), or a path of the contract
// ("outcome.fault.code"). Null: unknown. `*ignored`: known, and computed by the server.
struct ColumnMatch {
  const ImportColumn* column = nullptr;  // Null when only a path of the contract matched.
  std::string path;
  bool known = false;
  bool ignored = false;
};
ColumnMatch MatchColumn(const ImportKind& kind, absl::string_view name);

// The known column that an unknown `name` may have meant; empty: none is near.
std::string NearestColumn(const ImportKind& kind, absl::string_view name);

// The column's name for a field that the server complained about ("account_id" is "account").
std::string ColumnOfField(const ImportKind& kind, absl::string_view field);
// What the server says of a record, with columns where it names fields: "must not be before arrived".
std::string InColumnNames(const ImportKind& kind, absl::string_view reason);

// A CSV file to begin with: what each column means as comments, the header, one example.
std::string ImportTemplate(const ImportKind& kind, char delimiter);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_IMPORT_SCHEMA_H_
