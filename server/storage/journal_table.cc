#include "server/storage/journal_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns device, epoch, salt, mark, head_hash, last_frame_us, backed_up.
JournalRow ReadRow(const Query& query) {
  JournalRow row;
  row.device = query.Int(0);
  row.epoch = static_cast<uint64_t>(query.Int(1));
  row.salt = std::string(query.Blob(2));
  row.mark = static_cast<uint64_t>(query.Int(3));
  row.head_hash = std::string(query.Blob(4));
  row.last_frame_us = query.Int(5);
  row.backed_up = static_cast<uint64_t>(query.Int(6));
  return row;
}

// Columns epoch, seq, from_epoch, from_seq, copy.
RehomedRow ReadRehomed(const Query& query) {
  return {static_cast<uint64_t>(query.Int(0)), static_cast<uint64_t>(query.Int(1)), static_cast<uint64_t>(query.Int(2)),
          static_cast<uint64_t>(query.Int(3)), query.Int(4) != 0};
}

}  // namespace

absl::StatusOr<std::optional<JournalRow>> FindJournal(SqlSession& sql, int64_t device, uint64_t epoch) {
  Query query = sql.Use(
      "SELECT device, epoch, salt, mark, head_hash, last_frame_us, backed_up FROM journal WHERE device = $1 "
      "AND epoch = $2");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, device).Int(2, static_cast<int64_t>(epoch)).Step());
  if (!found) return std::optional<JournalRow>();
  return std::optional<JournalRow>(ReadRow(query));
}

absl::Status InsertJournal(SqlSession& sql, const JournalRow& row) {
  return sql
      .Use("INSERT INTO journal (device, epoch, salt, mark, head_hash, last_frame_us) VALUES ($1, $2, $3, $4, $5, $6)")
      .Int(1, row.device)
      .Int(2, static_cast<int64_t>(row.epoch))
      .Blob(3, row.salt)
      .Int(4, static_cast<int64_t>(row.mark))
      .Blob(5, row.head_hash)
      .Int(6, row.last_frame_us)
      .Run();
}

absl::Status MoveMark(SqlSession& sql, const JournalRow& row) {
  return sql.Use("UPDATE journal SET mark = $3, head_hash = $4, last_frame_us = $5 WHERE device = $1 AND epoch = $2")
      .Int(1, row.device)
      .Int(2, static_cast<int64_t>(row.epoch))
      .Int(3, static_cast<int64_t>(row.mark))
      .Blob(4, row.head_hash)
      .Int(5, row.last_frame_us)
      .Run();
}

absl::Status MoveBackedUp(SqlSession& sql, const JournalRow& row) {
  return sql.Use("UPDATE journal SET backed_up = $3 WHERE device = $1 AND epoch = $2")
      .Int(1, row.device)
      .Int(2, static_cast<int64_t>(row.epoch))
      .Int(3, static_cast<int64_t>(row.backed_up))
      .Run();
}

absl::StatusOr<std::vector<JournalBeyondBackups>> JournalsBeyondBackups(SqlSession& sql) {
  Query query = sql.Use(
      "SELECT d.id, j.epoch, j.mark FROM journal j JOIN device d ON d.n = j.device WHERE j.mark > j.backed_up "
      "ORDER BY j.device, j.epoch");
  std::vector<JournalBeyondBackups> journals;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return journals;
    journals.push_back(
        {std::string(query.Text(0)), static_cast<uint64_t>(query.Int(1)), static_cast<uint64_t>(query.Int(2))});
  }
}

absl::StatusOr<std::vector<JournalRow>> JournalsOfDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use(
      "SELECT device, epoch, salt, mark, head_hash, last_frame_us, backed_up FROM journal WHERE device = $1 "
      "ORDER BY epoch");
  query.Int(1, device);
  std::vector<JournalRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRow(query));
  }
}

absl::StatusOr<std::optional<ForkRow>> FindFork(SqlSession& sql, int64_t device, uint64_t epoch,
                                                absl::string_view head_hash) {
  Query query = sql.Use(
      "SELECT last_common_seq, new_epoch, new_epoch_salt FROM fork WHERE device = $1 AND epoch = $2 "
      "AND head_hash = $3");
  query.Int(1, device).Int(2, static_cast<int64_t>(epoch)).Blob(3, head_hash);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<ForkRow>();
  return std::optional<ForkRow>(ForkRow{device, epoch, std::string(head_hash), static_cast<uint64_t>(query.Int(0)),
                                        static_cast<uint64_t>(query.Int(1)), std::string(query.Blob(2))});
}

absl::StatusOr<std::vector<ForkRow>> ForksOfDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use(
      "SELECT epoch, head_hash, last_common_seq, new_epoch, new_epoch_salt FROM fork WHERE device = $1 "
      "ORDER BY new_epoch");
  query.Int(1, device);
  std::vector<ForkRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back({device, static_cast<uint64_t>(query.Int(0)), std::string(query.Blob(1)),
                    static_cast<uint64_t>(query.Int(2)), static_cast<uint64_t>(query.Int(3)),
                    std::string(query.Blob(4))});
  }
}

absl::Status WriteFork(SqlSession& sql, const ForkRow& row) {
  return sql
      .Use(
          "INSERT INTO fork (device, epoch, head_hash, last_common_seq, new_epoch, new_epoch_salt) "
          "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (device, epoch, head_hash) DO UPDATE "
          "SET last_common_seq = $4, new_epoch = $5, new_epoch_salt = $6")
      .Int(1, row.device)
      .Int(2, static_cast<int64_t>(row.epoch))
      .Blob(3, row.head_hash)
      .Int(4, static_cast<int64_t>(row.last_common_seq))
      .Int(5, static_cast<int64_t>(row.new_epoch))
      .Blob(6, row.new_epoch_salt)
      .Run();
}

absl::Status WriteRehomed(SqlSession& sql, int64_t device, const RehomedRow& row) {
  return sql
      .Use(
          "INSERT INTO rehomed (device, epoch, seq, from_epoch, from_seq, copy) VALUES ($1, $2, $3, $4, $5, $6) "
          "ON CONFLICT (device, epoch, seq) DO UPDATE SET copy = excluded.copy")
      .Int(1, device)
      .Int(2, static_cast<int64_t>(row.epoch))
      .Int(3, static_cast<int64_t>(row.seq))
      .Int(4, static_cast<int64_t>(row.from_epoch))
      .Int(5, static_cast<int64_t>(row.from_seq))
      .Int(6, row.copy ? 1 : 0)
      .Run();
}

absl::StatusOr<std::vector<RehomedRow>> RehomedFrom(SqlSession& sql, int64_t device, uint64_t from_epoch,
                                                    uint64_t first_seq, uint64_t last_seq) {
  Query query = sql.Use(
      "SELECT epoch, seq, from_epoch, from_seq, copy FROM rehomed WHERE device = $1 AND from_epoch = $2 "
      "AND from_seq >= $3 AND from_seq <= $4 ORDER BY from_seq, epoch, seq");
  query.Int(1, device).Int(2, static_cast<int64_t>(from_epoch));
  query.Int(3, static_cast<int64_t>(first_seq)).Int(4, static_cast<int64_t>(last_seq));
  std::vector<RehomedRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRehomed(query));
  }
}

}  // namespace doorstep
