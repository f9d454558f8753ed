#include "client_core/store/attachments.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/named_attachments.h"
#include "client_core/sqlite/migrate.h"
#include "client_core/store/attachment_rows.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

constexpr absl::string_view kSchema = R"sql(
CREATE TABLE attachment (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  added_us INTEGER NOT NULL,
  state INTEGER NOT NULL,                -- AttachmentStored.
  kept INTEGER NOT NULL,                 -- 1: its bytes are in `chunk`.
  sent_through INTEGER NOT NULL DEFAULT 0,
  backed_up INTEGER NOT NULL DEFAULT 0,
  ask INTEGER NOT NULL DEFAULT 0,        -- 1: the office may have lost it.
  asked_us INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,   -- KeptAttachment::failed.
  message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX attachment_unsent ON attachment (state) WHERE state <> 2;
CREATE TABLE name (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  n INTEGER NOT NULL,
  visit_id TEXT NOT NULL,
  preview INTEGER NOT NULL,
  PRIMARY KEY (epoch, seq, n)
) WITHOUT ROWID;
CREATE INDEX name_of_attachment ON name (n);
CREATE INDEX name_of_visit ON name (visit_id);
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,                -- n << 16 | place
  hash BLOB NOT NULL,
  bytes BLOB NOT NULL
);
CREATE TABLE known (one INTEGER PRIMARY KEY CHECK (one = 1), generation TEXT NOT NULL);
)sql";

// What goes must give its room back to the phone, and a photo's log must not stay as long as the photo was.
constexpr absl::string_view kGiveRoomBack = "PRAGMA auto_vacuum=INCREMENTAL; VACUUM";
constexpr absl::string_view kShortLog = "PRAGMA journal_size_limit=1048576";

uint64_t SizeMax(v1::AttachmentKind kind) {
  return kind == v1::ATTACHMENT_KIND_PREVIEW ? limits::kPreviewBytesMax : limits::kAttachmentBytesMax;
}

// There is no file yet; the first attachment makes it.
bool IsMissing(const absl::Status& opened, const std::string& path) {
  return absl::IsFailedPrecondition(opened) && access(path.c_str(), F_OK) != 0;
}

absl::Status CheckContent(absl::string_view content, v1::AttachmentKind kind, absl::string_view content_type) {
  if (kind != v1::ATTACHMENT_KIND_PREVIEW && kind != v1::ATTACHMENT_KIND_ORIGINAL) {
    return absl::InvalidArgumentError("kind: must be PREVIEW or ORIGINAL");
  }
  if (content.empty() || content.size() > SizeMax(kind)) {
    return absl::InvalidArgumentError(
        absl::StrCat("content: must have 1 to ", SizeMax(kind), " bytes, has ", content.size()));
  }
  if (content_type.size() <= limits::kContentTypeBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("content_type: must have at most ", limits::kContentTypeBytesMax, " bytes"));
}

}  // namespace

KeptAttachment KeptAttachmentOf(const sqlite::Statement& row) {
  KeptAttachment out;
  out.n = row.Int(0);
  out.sha256 = std::string(row.Blob(1));
  out.size = static_cast<uint64_t>(row.Int(2));
  out.kind = static_cast<v1::AttachmentKind>(row.Int(3));
  out.content_type = std::string(row.Text(4));
  out.added_us = row.Int(5);
  out.state = static_cast<AttachmentStored>(row.Int(6));
  out.kept = row.Int(7) != 0;
  out.sent_through = static_cast<uint64_t>(row.Int(8));
  out.backed_up = row.Int(9) != 0;
  out.ask = row.Int(10) != 0;
  out.failed = row.Int(11);
  out.message = std::string(row.Text(12));
  return out;
}

absl::StatusOr<std::unique_ptr<Attachments>> Attachments::Open(const sqlite::OpenOptions& file) {
  std::unique_ptr<Attachments> attachments(new Attachments(file));
  const absl::Status opened = attachments->OpenFile(/*create=*/false);
  if (!opened.ok() && !IsMissing(opened, file.path)) return opened;
  return attachments;
}

std::unique_ptr<Attachments> Attachments::Unopened(const sqlite::OpenOptions& file) {
  std::unique_ptr<Attachments> attachments(new Attachments(file));
  attachments->may_be_there_ = true;
  return attachments;
}

bool Attachments::IsOpen() {
  if (db_ != nullptr || !may_be_there_) return db_ != nullptr;
  const absl::Status opened = OpenFile(/*create=*/false);
  may_be_there_ = !opened.ok() && !IsMissing(opened, file_.path);
  return opened.ok();
}

absl::Status Attachments::OpenFile(bool create) {
  if (db_ != nullptr) return absl::OkStatus();
  sqlite::OpenOptions options = file_;
  options.create = create;
  ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Database> db, sqlite::Database::Open(options));
  bool made = false;
  {
    ASSIGN_OR_RETURN(sqlite::Statement read, db->Prepare("PRAGMA user_version"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    made = row && read.Int(0) == 0;
  }
  if (made) RETURN_IF_ERROR(db->Execute(kGiveRoomBack));
  RETURN_IF_ERROR(sqlite::Migrate(*db, {kSchema}));
  RETURN_IF_ERROR(db->Execute(kShortLog));
  db_ = std::move(db);
  return LoadNames();
}

absl::Status Attachments::LoadNames() {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT DISTINCT epoch, seq FROM name"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::OkStatus();
    named_.insert({static_cast<uint64_t>(read.Int(0)), static_cast<uint64_t>(read.Int(1))});
  }
}

absl::StatusOr<std::vector<KeptAttachment>> Attachments::Rows(absl::string_view where, int64_t value) {
  std::vector<KeptAttachment> rows;
  if (!IsOpen()) return rows;
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare(absl::StrCat("SELECT ", kAttachmentColumns, " FROM attachment ", where)));
  read.Bind(1, value);
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return rows;
    rows.push_back(KeptAttachmentOf(read));
  }
}

absl::StatusOr<std::optional<KeptAttachment>> Attachments::FindRow(absl::string_view sha256) {
  std::optional<KeptAttachment> found;
  if (!IsOpen()) return found;
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare(absl::StrCat("SELECT ", kAttachmentColumns, " FROM attachment WHERE sha256 = $1")));
  ASSIGN_OR_RETURN(const bool row, read.BindBlob(1, sha256).Step());
  if (row) found = KeptAttachmentOf(read);
  return found;
}

// ---- adding ----

absl::StatusOr<v1::AttachmentAddResponse> Attachments::Add(absl::string_view content, const Hash& sha256,
                                                           v1::AttachmentKind kind, absl::string_view content_type,
                                                           int64_t now_us) {
  RETURN_IF_ERROR(CheckContent(content, kind, content_type));
  if (const absl::Status opened = OpenFile(/*create=*/true); !opened.ok()) return ExplainFullDisk(opened);
  v1::AttachmentAddResponse response;
  response.set_sha256(std::string(AsBytes(sha256)));
  response.set_size_bytes(content.size());
  ASSIGN_OR_RETURN(const std::optional<KeptAttachment> there, FindRow(AsBytes(sha256)));
  if (there.has_value() && there->kept && there->state != AttachmentStored::kDamaged) {
    ASSIGN_OR_RETURN(sqlite::Statement again,
                     db_->Prepare("UPDATE attachment SET added_us = max(added_us, $2) WHERE n = $1"));
    RETURN_IF_ERROR(ExplainFullDisk(again.Bind(1, there->n).Bind(2, now_us).Run()));
    response.set_repeated(true);
    return response;
  }
  ASSIGN_OR_RETURN(const AttachmentCounts counts, Counts());
  if (counts.waiting_bytes + content.size() > limits::kAttachmentQueueBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("content: ", counts.waiting_bytes, " bytes of attachments wait on this phone already, at most ",
                     limits::kAttachmentQueueBytesMax, " may; sync over a network that is not metered"));
  }
  const absl::Status kept = db_->Transaction([&]() -> absl::Status {
    int64_t n = there.has_value() ? there->n : 0;
    if (there.has_value()) RETURN_IF_ERROR(DropBytes(n));
    ASSIGN_OR_RETURN(sqlite::Statement write,
                     db_->Prepare("INSERT INTO attachment (sha256, size, kind, content_type, added_us, state, kept) "
                                  "VALUES ($1, $2, $3, $4, $5, 1, 1) ON CONFLICT (sha256) DO UPDATE SET "
                                  "size = excluded.size, kind = excluded.kind, content_type = excluded.content_type, "
                                  "added_us = excluded.added_us, state = CASE state WHEN 2 THEN 2 ELSE 1 END, "
                                  "kept = 1, sent_through = CASE state WHEN 2 THEN excluded.size ELSE 0 END, "
                                  "backed_up = 0, ask = (state = 2), failures = 0, message = '' RETURNING n"));
    ASSIGN_OR_RETURN(const bool row, write.BindBlob(1, AsBytes(sha256))
                                         .Bind(2, static_cast<int64_t>(content.size()))
                                         .Bind(3, kind)
                                         .BindText(4, content_type)
                                         .Bind(5, now_us)
                                         .Step());
    if (row) n = write.Int(0);
    RETURN_IF_ERROR(write.Run());
    return InsertBytes(n, content);
  });
  if (!kept.ok()) return ExplainFullDisk(kept);
  return response;
}

absl::Status Attachments::InsertBytes(int64_t n, absl::string_view content) {
  ASSIGN_OR_RETURN(sqlite::Statement write, db_->Prepare("INSERT INTO chunk (id, hash, bytes) VALUES ($1, $2, $3)"));
  SodiumSha256 hasher;
  for (int64_t place = 0; !content.empty(); ++place) {
    const absl::string_view bytes = content.substr(0, limits::kAttachmentChunkBytesMax);
    content.remove_prefix(bytes.size());
    hasher.Reset();
    hasher.Update(bytes);
    const Hash hash = hasher.Finish();
    RETURN_IF_ERROR(write.Bind(1, ChunkKey(n, place)).BindBlob(2, AsBytes(hash)).BindBlobBorrowed(3, bytes).Run());
  }
  return absl::OkStatus();
}

// Inside a transaction.
absl::Status Attachments::DropBytes(int64_t n) {
  ASSIGN_OR_RETURN(sqlite::Statement drop, db_->Prepare("DELETE FROM chunk WHERE id >= $1 AND id < $2"));
  return drop.Bind(1, ChunkKey(n, 0)).Bind(2, ChunkKey(n + 1, 0)).Run();
}

// ---- names ----

absl::StatusOr<std::vector<std::string>> Attachments::CatchUp(Journal& journal) {
  std::vector<std::string> not_here;
  for (const auto& [epoch, entries] : journal.pending()) {
    for (const PendingEntry& pending : entries) {
      const v1::LogEntry::FactCase fact = pending.info.fact;
      const bool may_name = fact == v1::LogEntry::kAttachmentAdded || fact == v1::LogEntry::kSignatureCaptured ||
                            fact == v1::LogEntry::kCorrection;
      if (!may_name || named_.count({pending.info.epoch, pending.info.seq}) > 0) continue;
      const absl::StatusOr<v1::LogEntry> entry = journal.Read(pending.info.epoch, pending.info.seq);
      if (absl::IsDataLoss(entry.status())) continue;  // The journal's damage, which sending it finds and repairs.
      RETURN_IF_ERROR(entry.status());
      const std::vector<NamedAttachment> names = AttachmentsNamedBy(*entry);
      if (names.empty()) continue;
      RETURN_IF_ERROR(OpenFile(/*create=*/true));
      RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
        for (const NamedAttachment& name : names) RETURN_IF_ERROR(InsertName(name, pending.info, entry->visit_id()));
        return absl::OkStatus();
      }));
      named_.insert({pending.info.epoch, pending.info.seq});
      for (const NamedAttachment& name : names) {
        ASSIGN_OR_RETURN(const std::optional<KeptAttachment> row, FindRow(name.sha256));
        const bool here = row.has_value() && row->state != AttachmentStored::kDamaged;
        if (!here) not_here.push_back(name.sha256);
      }
    }
  }
  return not_here;
}

absl::Status Attachments::InsertName(const NamedAttachment& name, const EntryInfo& info, absl::string_view visit_id) {
  // What was never added is remembered as missing, so that the visit does not look complete.
  ASSIGN_OR_RETURN(sqlite::Statement missing,
                   db_->Prepare("INSERT INTO attachment (sha256, size, kind, content_type, added_us, state, kept) "
                                "VALUES ($1, $2, $3, $4, $5, 3, 0) ON CONFLICT (sha256) DO NOTHING"));
  RETURN_IF_ERROR(missing.BindBlob(1, name.sha256)
                      .Bind(2, static_cast<int64_t>(name.size_bytes))
                      .Bind(3, name.preview ? v1::ATTACHMENT_KIND_PREVIEW : v1::ATTACHMENT_KIND_ORIGINAL)
                      .BindText(4, name.content_type)
                      .Bind(5, info.wall_time_us)
                      .Run());
  ASSIGN_OR_RETURN(sqlite::Statement claimed,
                   db_->Prepare("UPDATE attachment SET state = 1 WHERE sha256 = $1 AND state = 4"));
  RETURN_IF_ERROR(claimed.BindBlob(1, name.sha256).Run());
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT OR IGNORE INTO name (epoch, seq, n, visit_id, preview) "
                                "SELECT $1, $2, n, $3, $4 FROM attachment WHERE sha256 = $5"));
  return write.Bind(1, static_cast<int64_t>(info.epoch))
      .Bind(2, static_cast<int64_t>(info.seq))
      .BindText(3, visit_id)
      .Bind(4, name.preview ? 1 : 0)
      .BindBlob(5, name.sha256)
      .Run();
}

// ---- forgetting ----

absl::StatusOr<uint64_t> Attachments::Retain(int64_t now_us) {
  if (!IsOpen()) return 0;
  ASSIGN_OR_RETURN(
      const std::vector<KeptAttachment> backed_up,
      Rows("WHERE kept = 1 AND state = 2 AND backed_up = 1 AND added_us < $1", now_us - limits::kRetentionMicros));
  ASSIGN_OR_RETURN(const std::vector<KeptAttachment> unnamed,
                   Rows("WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.n = attachment.n) AND added_us < $1",
                        now_us - limits::kAttachmentOrphanMicros));
  if (backed_up.empty() && unnamed.empty()) return 0;
  RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(sqlite::Statement let_go, db_->Prepare("UPDATE attachment SET kept = 0 WHERE n = $1"));
    ASSIGN_OR_RETURN(sqlite::Statement forget, db_->Prepare("DELETE FROM attachment WHERE n = $1"));
    for (const KeptAttachment& row : backed_up) {
      RETURN_IF_ERROR(DropBytes(row.n));
      RETURN_IF_ERROR(let_go.Bind(1, row.n).Run());
    }
    for (const KeptAttachment& row : unnamed) {
      RETURN_IF_ERROR(DropBytes(row.n));
      RETURN_IF_ERROR(forget.Bind(1, row.n).Run());
    }
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(db_->Execute("PRAGMA incremental_vacuum"));
  return backed_up.size() + unnamed.size();
}

}  // namespace doorstep
