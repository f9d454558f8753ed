// How the phone's files are opened, and what happens when one of them is damaged.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/store/journal_rows.h"
#include "client_core/store/journal_swap.h"
#include "client_core/store/local_store.h"
#include "client_core/store/salvage.h"

namespace doorstep {
namespace {

constexpr absl::string_view kJournalFile = "journal.db";
constexpr absl::string_view kReplicaFile = "replica.db";
constexpr absl::string_view kAttachmentsFile = "attachments.db";

bool SaysNotADatabase(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && status.message().find("not a database") != absl::string_view::npos;
}

absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenInMemory() {
  sqlite::OpenOptions options;
  options.path = ":memory:";
  return sqlite::Database::Open(options);
}

std::string UnreadableWords(const Salvaged& salvaged) {
  if (!salvaged.may_lack_more) return absl::StrCat(salvaged.unreadable);
  return salvaged.unreadable == 0 ? "it is not known how many" : absl::StrCat("at least ", salvaged.unreadable);
}

}  // namespace

std::string LocalStore::Path(absl::string_view file) const { return absl::StrCat(options_.directory, "/", file); }

sqlite::OpenOptions LocalStore::FileOptions(absl::string_view file) const {
  sqlite::OpenOptions file_options;
  file_options.path = Path(file);
  file_options.key = options_.key;
  file_options.vfs = options_.vfs;
  file_options.exclusive = true;
  file_options.busy_timeout_ms = 0;  // The folder's lock has kept everybody else out.
  const bool replica = file == kReplicaFile;
  file_options.synchronous = replica ? sqlite::Synchronous::kNormal : sqlite::Synchronous::kFull;
  file_options.cache_bytes = (replica ? 4 : 1) * 1024 * 1024;
  return file_options;
}

absl::Status LocalStore::OpenJournal(bool create) {
  shown_.reset();
  journal_.reset();
  journal_db_.reset();
  sqlite::OpenOptions options = FileOptions(kJournalFile);
  options.create = create;
  ASSIGN_OR_RETURN(journal_db_, sqlite::Database::Open(options));
  ASSIGN_OR_RETURN(journal_, Journal::Open(journal_db_.get()));
  can_record_ = absl::OkStatus();
  return absl::OkStatus();
}

absl::Status LocalStore::OpenReplica() {
  shown_.reset();
  replica_.reset();
  replica_db_.reset();
  ASSIGN_OR_RETURN(replica_db_, sqlite::Database::Open(FileOptions(kReplicaFile)));
  ASSIGN_OR_RETURN(replica_, Replica::Open(replica_db_.get()));
  return absl::OkStatus();
}

absl::Status LocalStore::OpenFiles() {
  // What a process has left that ended in the midst of a salvage.
  if (JournalSwap(Path(kJournalFile)).decided()) {
    ASSIGN_OR_RETURN(const std::string aside, JournalSwap(Path(kJournalFile)).Finish());
    Report(
        absl::StrCat("The journal was damaged. It was salvaged before this phone was last closed; the damaged file is "
                     "kept as ",
                     aside, "."));
  }
  JournalSwap(Path(kJournalFile)).Clean();
  const absl::Status journal = OpenJournal(/*create=*/true);
  const absl::Status replica = OpenReplica();
  // A file whose first page is damaged reads like one with another key. The other file tells them apart.
  if (SaysNotADatabase(journal) && replica.ok()) {
    const absl::StatusOr<std::string> kept = replica_->KeptIdentity();
    if (!kept.ok() || kept->empty()) return journal;
    RETURN_IF_ERROR(SalvageJournal(journal));
  } else if (absl::IsDataLoss(journal)) {
    if (absl::IsDataLoss(replica) || SaysNotADatabase(replica)) RETURN_IF_ERROR(RebuildReplica(replica));
    RETURN_IF_ERROR(SalvageJournal(journal));
  } else if (!journal.ok()) {
    return ExplainFullDisk(journal);
  } else if (!journal_->identity().has_value() && KeptIdentity().has_value()) {
    RETURN_IF_ERROR(SalvageJournal(absl::DataLossError("its file was missing or empty")));
  }
  if (replica_ == nullptr) {
    if (!absl::IsDataLoss(replica) && !SaysNotADatabase(replica)) return ExplainFullDisk(replica);
    RETURN_IF_ERROR(RebuildReplica(replica));
  }
  KeepIdentity();
  return absl::OkStatus();
}

absl::Status LocalStore::RebuildReplica(const absl::Status& why) {
  replica_.reset();
  replica_db_.reset();
  RemoveDatabase(Path(kReplicaFile));
  const absl::Status opened = OpenReplica();
  if (!opened.ok()) return ExplainFullDisk(opened);
  Report(
      absl::StrCat("The office's data on this phone was damaged and is being fetched again; nothing recorded here is "
                   "affected. (",
                   std::string(why.message()), ")"));
  return absl::OkStatus();
}

// Absent: the replica has none, or cannot be read.
std::optional<v1::EnrollResponse> LocalStore::KeptIdentity() {
  if (replica_ == nullptr) return std::nullopt;
  const absl::StatusOr<std::string> bytes = replica_->KeptIdentity();
  v1::EnrollResponse identity;
  if (!bytes.ok() || !ParseIdentity(*bytes, identity)) return std::nullopt;
  return identity;
}

// The new journal is made beside the damaged one and takes its place only when it is whole, so that a process that
// ends in between loses nothing.
absl::Status LocalStore::SalvageJournal(const absl::Status& why) {
  journal_.reset();
  journal_db_.reset();
  sqlite::OpenOptions damaged = FileOptions(kJournalFile);
  damaged.create = false;
  const Salvaged salvaged = ReadDamagedJournal(damaged, KeptIdentity());
  const JournalSwap swap(Path(kJournalFile));
  uint64_t reappended = 0;
  {
    sqlite::OpenOptions options = FileOptions(kJournalFile);
    options.path = swap.Begin();
    ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::Database> db, sqlite::Database::Open(options));
    ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal, Journal::Open(db.get()));
    if (salvaged.identity.has_value()) {
      ASSIGN_OR_RETURN(reappended, journal->TakeOver(*salvaged.identity, salvaged.epochs, salvaged.rows));
    }
    if (salvaged.push_token.has_value()) RETURN_IF_ERROR(journal->push_token().Set(*salvaged.push_token).status());
  }
  RETURN_IF_ERROR(swap.Decide());
  ASSIGN_OR_RETURN(const std::string aside, swap.Finish());
  RETURN_IF_ERROR(OpenJournal(/*create=*/false));
  Report(absl::StrCat("The journal was damaged: ", salvaged.rows.size(), " entries were read, ", reappended,
                      " of them will be sent again, ", UnreadableWords(salvaged), " could not be read. ",
                      salvaged.identity.has_value() ? "" : "Who this phone is could not be read: enrol it again. ",
                      "The damaged file is kept as ", aside, ". (", std::string(why.message()), ")"));
  return absl::OkStatus();
}

// A repair that fails must not leave the session without files: until the next open it stands on empty ones in
// memory, which answer that the phone is not enrolled and that nothing has been fetched. An empty journal takes
// nothing.
absl::Status LocalStore::RepairJournal(const absl::Status& damaged) {
  if (!absl::IsDataLoss(damaged)) return damaged;
  const absl::Status salvaged = SalvageJournal(damaged);
  if (salvaged.ok()) return salvaged;
  // Once the salvaged journal is decided upon, what the damaged one took would be lost when it is set aside.
  const bool damaged_is_left =
      journal_ == nullptr && !JournalSwap(Path(kJournalFile)).decided() && OpenJournal(/*create=*/false).ok();
  if (journal_ == nullptr && !damaged_is_left) {
    shown_.reset();
    ASSIGN_OR_RETURN(journal_db_, OpenInMemory());
    ASSIGN_OR_RETURN(journal_, Journal::Open(journal_db_.get()));
    can_record_ = absl::FailedPreconditionError(absl::StrCat(
        "the journal was damaged and could not be replaced yet, so nothing can be recorded: make some room "
        "on the phone, then close the app and open it again; everything that can be read of what was "
        "recorded before is kept (",
        std::string(salvaged.message()), ")"));
    Report(absl::StrCat("Nothing can be recorded on this phone: ", std::string(can_record_.message()), "."));
    return can_record_;
  }
  return ExplainFullDisk(salvaged);
}

absl::Status LocalStore::RepairReplica(const absl::Status& damaged) {
  if (!absl::IsDataLoss(damaged)) return damaged;
  const absl::Status rebuilt = RebuildReplica(damaged);
  if (replica_ == nullptr) {
    shown_.reset();
    ASSIGN_OR_RETURN(replica_db_, OpenInMemory());
    ASSIGN_OR_RETURN(replica_, Replica::Open(replica_db_.get()));
  }
  KeepIdentity();
  return rebuilt;
}

absl::Status LocalStore::CheckJournal() {
  const absl::Status sound = journal_db_->CheckIntegrity();
  return absl::IsDataLoss(sound) ? RepairJournal(sound) : sound;
}

bool LocalStore::RepairDamaged() {
  if (const absl::Status journal = journal_db_->CheckIntegrity(); absl::IsDataLoss(journal)) {
    return RepairJournal(journal).ok();
  }
  const absl::Status replica = replica_db_->CheckIntegrity();
  return absl::IsDataLoss(replica) && RepairReplica(replica).ok();
}

void LocalStore::OpenAttachments() {
  absl::StatusOr<std::unique_ptr<Attachments>> opened = Attachments::Open(FileOptions(kAttachmentsFile));
  if (!opened.ok()) {
    if (absl::IsDataLoss(opened.status()) || SaysNotADatabase(opened.status())) {
      return RepairAttachments(opened.status());
    }
    attachments_ = Attachments::Unopened(FileOptions(kAttachmentsFile));
    Report(absl::StrCat("The photos and documents on this phone cannot be read now: ", opened.status().message()));
    return;
  }
  attachments_ = *std::move(opened);
  const absl::Status named = attachments_->CatchUp(*journal_).status();
  if (absl::IsDataLoss(named)) return RepairAttachments(named);
  if (!named.ok()) Log(options_.log, LogLevel::kWarning, absl::StrCat("attachments: ", named.ToString()));
}

void LocalStore::RepairAttachments(const absl::Status& damaged) {
  Report(
      absl::StrCat("The photos and documents on this phone were damaged: those that the office did not have are lost, "
                   "nothing else is. The damaged file is kept beside the others. (",
                   damaged.message(), ")"));
  attachments_.reset();
  SetAside(Path(kAttachmentsFile));
  attachments_ = Attachments::Unopened(FileOptions(kAttachmentsFile));
  // What entries name is remembered as missing.
  if (const auto named = attachments_->CatchUp(*journal_); !named.ok()) {
    Log(options_.log, LogLevel::kWarning, absl::StrCat("attachments: ", named.status().ToString()));
  }
}

// A failure is made good at the next open: the copy is a second line of defence.
void LocalStore::KeepIdentity() {
  if (!journal_->identity().has_value()) return;
  const std::string identity = journal_->identity()->SerializeAsString();
  const absl::StatusOr<std::string> kept = replica_->KeptIdentity();
  if (kept.ok() && *kept == identity) return;
  const absl::Status written = replica_->KeepIdentity(identity);
  if (!written.ok()) Log(options_.log, LogLevel::kWarning, "the copy of the identity was not written");
}

void LocalStore::Report(std::string line) {
  Log(options_.log, LogLevel::kWarning, line);
  repairs_.push_back(std::move(line));
}

}  // namespace doorstep
