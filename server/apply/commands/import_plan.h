// What an import would do, row by row, without doing it: each row is compared with what is stored and with the rows
// before it.
// Invariant: the plan changes nothing, so a dry run is a plan that nobody carries out.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_PLAN_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_PLAN_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/command.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

class ImportPlan {
 public:
  explicit ImportPlan(Transaction* tx) : tx_(tx) {}  // `tx` must outlive the plan.

  // What becomes of the next row. A row that is wrong is a REJECTED result; an error is the server's own.
  absl::StatusOr<v1::ImportRowResult> Add(v1::ImportRow row);

  // The rows that change something, each id once with what was said of it last, in the order of the call.
  v1::ImportCommand Command() const;

 private:
  // A kind of record and an id.
  using Key = std::pair<v1::ImportRow::RecordCase, std::string>;

  // INVALID_ARGUMENT and NOT_FOUND: the row is wrong, the message names the field.
  absl::StatusOr<v1::ImportRowResult> PlanRow(v1::ImportRow& row);

  // As planned so far, else as stored. Absent: neither.
  template <typename Record>
  absl::StatusOr<std::optional<Record>> Find(absl::string_view id);
  absl::StatusOr<std::optional<v1::PastVisit>> FindPastVisit(absl::string_view id);
  // NOT_FOUND "FIELD: no account A-7". Optional ones pass when empty.
  absl::Status NeedsAccount(absl::string_view field, absl::string_view account_id);
  absl::Status NeedsSite(absl::string_view site_id);
  absl::Status NeedsAsset(absl::string_view field, absl::string_view asset_id);
  // INVALID_ARGUMENT too: the record of `id` belongs to another account than `account_id`.
  template <typename Record>
  absl::Status NeedsOfAccount(absl::string_view field, absl::string_view id, absl::string_view account_id);

  const v1::ImportRow* Planned(v1::ImportRow::RecordCase kind, absl::string_view id) const;

  Transaction* const tx_;
  std::vector<v1::ImportRow> rows_;
  std::map<Key, size_t> row_of_;  // Index into `rows_`.
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_PLAN_H_
