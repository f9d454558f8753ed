// A row of a file as a record of the contract, or the field and reason why it is none. Nothing is rounded: money and
// degrees are read as decimal text, civil times with the rules of their zone.
#ifndef DOORSTEP_TOOLS_DOORSTEP_IMPORT_ROW_H_
#define DOORSTEP_TOOLS_DOORSTEP_IMPORT_ROW_H_

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/import_service.pb.h"
#include "tools/doorstep/import_schema.h"
#include "tools/doorstep/source_row.h"

namespace doorstep::cli {

struct RowProblem {
  std::string field;  // The column; empty: the row as a whole.
  std::string reason;
};

// The IANA zone of an account; empty: the account is unknown or has none.
using ZoneOfAccount = std::function<absl::StatusOr<std::string>(const std::string& account_id)>;

struct ImportSettings {
  std::string system;        // Where the records come from.
  std::string default_zone;  // For times without an offset, when neither row nor account has a zone.
  ZoneOfAccount zone_of_account;
};

// The status is an error only when a zone could not be asked for.
absl::StatusOr<std::variant<v1::ImportRow, RowProblem>> ConvertRow(const ImportKind& kind, const SourceRow& row,
                                                                   const ImportSettings& settings);

// The record's own id.
std::string RecordId(const ImportKind& kind, const v1::ImportRow& row);
// The account that the record belongs to; empty for kinds that belong to none.
std::string RecordOwner(const ImportKind& kind, const v1::ImportRow& row);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_IMPORT_ROW_H_
