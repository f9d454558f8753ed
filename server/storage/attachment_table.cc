#include "server/storage/attachment_table.h"

#include "client_core/base/status.h"

namespace doorstep {
namespace {

AttachmentRow RowOf(const Query& query) {
  return {std::string(query.Blob(0)),          static_cast<uint64_t>(query.Int(1)), query.Int(2),     query.Int(3),
          static_cast<uint64_t>(query.Int(4)), static_cast<uint64_t>(query.Int(5)), query.Int(6) != 0};
}

}  // namespace

absl::StatusOr<std::optional<AttachmentRow>> FindAttachment(SqlSession& sql, absl::string_view sha256) {
  Query query =
      sql.Use("SELECT sha256, size, stored_us, device, epoch, seq, backed_up FROM attachment WHERE sha256 = $1");
  ASSIGN_OR_RETURN(const bool found, query.Blob(1, sha256).Step());
  return found ? std::optional(RowOf(query)) : std::optional<AttachmentRow>();
}

absl::Status WriteAttachment(SqlSession& sql, const AttachmentRow& row) {
  return sql
      .Use(
          "INSERT INTO attachment (sha256, size, stored_us, device, epoch, seq, backed_up) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, "
          "stored_us = excluded.stored_us, device = excluded.device, epoch = excluded.epoch, seq = excluded.seq, "
          "backed_up = excluded.backed_up")
      .Blob(1, row.sha256)
      .Int(2, static_cast<int64_t>(row.size))
      .Int(3, row.stored_us)
      .Int(4, row.device)
      .Int(5, static_cast<int64_t>(row.epoch))
      .Int(6, static_cast<int64_t>(row.seq))
      .Int(7, row.backed_up ? 1 : 0)
      .Run();
}

absl::Status DeleteAttachment(SqlSession& sql, absl::string_view sha256) {
  return sql.Use("DELETE FROM attachment WHERE sha256 = $1").Blob(1, sha256).Run();
}

absl::Status ForEachAttachment(SqlSession& sql, const std::function<absl::Status(const AttachmentRow&)>& take) {
  Query query =
      sql.Use("SELECT sha256, size, stored_us, device, epoch, seq, backed_up FROM attachment ORDER BY sha256");
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return absl::OkStatus();
    RETURN_IF_ERROR(take(RowOf(query)));
  }
}

absl::StatusOr<std::vector<std::string>> AttachmentsNotBackedUp(SqlSession& sql) {
  Query query = sql.Use("SELECT sha256 FROM attachment WHERE backed_up = 0 ORDER BY sha256");
  std::vector<std::string> hashes;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return hashes;
    hashes.emplace_back(query.Blob(0));
  }
}

absl::Status MarkAttachmentBackedUp(SqlSession& sql, absl::string_view sha256) {
  return sql.Use("UPDATE attachment SET backed_up = 1 WHERE sha256 = $1").Blob(1, sha256).Run();
}

absl::StatusOr<AttachmentTotals> CountAttachments(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*), coalesce(sum(size), 0) FROM attachment");
  ASSIGN_OR_RETURN(const bool found, query.Step());
  AttachmentTotals totals;
  if (found) totals = {static_cast<uint64_t>(query.Int(0)), static_cast<uint64_t>(query.Int(1))};
  return totals;
}

}  // namespace doorstep
