// The photos, signatures and documents of this phone, until the office has them: attachments.db, a file of its own, so
// that a photo neither delays a tap nor can damage the journal. In a database and not as plain files, because then they
// are encrypted with the phone's key, and an attachment is there as a whole or not at all.
//
// Invariants: what Add answered is durable; bytes are sent only after they were compared with what was added; they are
// deleted only when nobody names them, or when the office has them in a verified backup and they are old enough.
//
//   NOT_NAMED --an entry names it--> SAVED_HERE --the office has it whole--> SAFE --backed up, 7 days--> bytes go
//                                     |  ^
//         its bytes are not what was  v  | added once more
//                                    DAMAGED
//
// The entry comes second: it is recorded after Add, and CatchUp finds it in the journal, also after a restart.
// The file is made with the first attachment. Not thread-safe: everything runs on the session's queue.
#ifndef DOORSTEP_CLIENT_CORE_STORE_ATTACHMENTS_H_
#define DOORSTEP_CLIENT_CORE_STORE_ATTACHMENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"
#include "client_core/rules/named_attachments.h"
#include "client_core/sqlite/database.h"
#include "client_core/store/attachment_rows.h"
#include "client_core/store/journal.h"
#include "doorstep/v1/attachment.pb.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// What may be asked of the office, in the order in which it is done.
enum class AttachmentStep {
  kAsk,       // How far it is with those that it may have lost, or may have backed up since.
  kPreview,   // The next piece of a preview.
  kOriginal,  // The next piece of an original.
};

// What there is to do, as far as the office has the entries that name it, or may have them.
struct AttachmentWork {
  bool ask = false;
  bool previews = false;
  bool originals = false;
  // KeptAttachment::failed of the one that is next of each.
  int64_t ask_failed = 0;
  int64_t previews_failed = 0;
  int64_t originals_failed = 0;
};

struct OutgoingChunk {
  v1::AttachmentClaim claim;
  uint64_t offset = 0;
  std::string data;
};

// What an answer of the office changed.
struct AttachmentMove {
  bool progressed = false;  // More bytes are there, or it is whole.
  bool failed = false;      // It is to blame itself: the others go first from now on.
  bool became_safe = false;
  bool became_damaged = false;
  std::string visit_id;
};

struct AttachmentCounts {
  uint64_t queued = 0;  // Named, and not whole at the office.
  uint64_t queued_bytes = 0;
  uint64_t originals = 0;  // Of the queued.
  uint64_t damaged = 0;
  uint64_t waiting_bytes = 0;  // On this phone and not at the office, named or not.
};

struct VisitAttachments {
  uint32_t named = 0;  // Without previews.
  uint32_t safe = 0;
};

class Attachments {
 public:
  // Opens the file when it is there; `file.create` is ignored. Errors as Database::Open.
  static absl::StatusOr<std::unique_ptr<Attachments>> Open(const sqlite::OpenOptions& file);
  // Without the file, which cannot be opened now, as on a disk that fails: it is opened as soon as it can be, and until
  // then nothing is here.
  static std::unique_ptr<Attachments> Unopened(const sqlite::OpenOptions& file);

  // Keeps `content`, whose hash is `sha256`, for as long as if it were here for the first time: its entry is still to
  // come. INVALID_ARGUMENT: empty or too large for its kind. RESOURCE_EXHAUSTED: the
  // disk is full, or limits::kAttachmentQueueBytesMax wait already. Nothing is kept then.
  absl::StatusOr<v1::AttachmentAddResponse> Add(absl::string_view content, const Hash& sha256, v1::AttachmentKind kind,
                                                absl::string_view content_type, int64_t now_us);

  // Takes the names that unsettled entries of the journal give. Returns hashes that are named now and are not here.
  absl::StatusOr<std::vector<std::string>> CatchUp(Journal& journal);

  // ---- sending ----
  absl::StatusOr<AttachmentWork> Work(const Journal& journal, int64_t now_us);
  // The next piece for a step (kPreview, kOriginal), at most `bytes_max` bytes, compared with what was added. Absent:
  // there is none. An attachment that turns out to be damaged is marked so, named in `damaged`, and passed over.
  absl::StatusOr<std::optional<OutgoingChunk>> NextChunk(AttachmentStep step, const Journal& journal,
                                                         uint64_t bytes_max, std::vector<std::string>& damaged);
  // What to ask about now; at most limits::kAttachmentClaimsMax.
  absl::StatusOr<std::vector<v1::AttachmentClaim>> NextQuestions(const Journal& journal, int64_t now_us);
  // What the office said about one. `asked_us`: of an answer to a question, when; 0: of a piece.
  absl::StatusOr<AttachmentMove> Take(const v1::AttachmentProgress& progress, const Journal& journal, int64_t asked_us);
  // The piece could not be sent and something else is tried before it.
  absl::Status NoteFailure(absl::string_view sha256, absl::string_view message);
  // The office was restored: it may have lost what it had. True: this generation is new here.
  absl::StatusOr<bool> TakeGeneration(absl::string_view generation);
  // The office may have lost what it had, and says so by no new generation: nothing is believed of what it was sent
  // until it has been asked.
  absl::Status Doubt();

  // Nothing is left to recover when the file is opened next.
  absl::Status Checkpoint() { return db_ == nullptr ? absl::OkStatus() : db_->CheckpointAll(); }

  // Deletes bytes by the rule above. Returns how many attachments went.
  absl::StatusOr<uint64_t> Retain(int64_t now_us);

  // ---- reading ----
  // INVALID_ARGUMENT: limit above 1000, or no hash. `metered`: what the text says about originals.
  absl::StatusOr<v1::AttachmentsListResponse> List(const v1::AttachmentsListRequest& request, absl::string_view device,
                                                   bool metered);
  absl::StatusOr<v1::AttachmentReadResponse> Read(const v1::AttachmentReadRequest& request);
  absl::StatusOr<AttachmentCounts> Counts();
  absl::StatusOr<VisitAttachments> CountVisit(absl::string_view visit_id);

 private:
  explicit Attachments(sqlite::OpenOptions file) : file_(std::move(file)) {}
  // Tries to open what could not be opened before.
  bool IsOpen();
  absl::Status OpenFile(bool create);
  absl::Status LoadNames();
  absl::Status InsertName(const NamedAttachment& name, const EntryInfo& info, absl::string_view visit_id);
  absl::Status InsertBytes(int64_t n, absl::string_view content);
  absl::StatusOr<std::optional<KeptAttachment>> FindRow(absl::string_view sha256);
  // No entry that names it is here, under the position that it had, or comes.
  absl::StatusOr<bool> LostItsName(const KeptAttachment& row, const Journal& journal);
  // In `where`, $1 stands for `value`.
  absl::StatusOr<std::vector<KeptAttachment>> Rows(absl::string_view where, int64_t value);
  // With the position of an entry that names it and that the office has; of several the newest, which no restore has
  // lost before the others. Where this phone has none of them any more, deleted or damaged, the office is the one to
  // say, and is asked. Absent: one is here and the office does not have it yet. `names` reads them.
  absl::StatusOr<std::optional<v1::AttachmentClaim>> ClaimOf(const KeptAttachment& row, const Journal& journal,
                                                             sqlite::Statement& names);
  // Bytes from `offset`, compared with what was added. DATA_LOSS: they differ.
  absl::StatusOr<std::string> ReadBytes(const KeptAttachment& row, uint64_t offset, uint64_t length);
  absl::Status MarkDamaged(int64_t n, absl::string_view why);
  absl::Status WriteProgress(const KeptAttachment& row, int64_t asked_us);
  absl::Status DropBytes(int64_t n);
  absl::StatusOr<std::string> VisitOf(int64_t n);

  const sqlite::OpenOptions file_;
  std::unique_ptr<sqlite::Database> db_;           // Null: no attachment has ever been here, or it cannot be opened.
  bool may_be_there_ = false;                      // It could not be opened when it was looked at.
  std::set<std::pair<uint64_t, uint64_t>> named_;  // Entries whose names are taken: (epoch, seq).
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_ATTACHMENTS_H_
