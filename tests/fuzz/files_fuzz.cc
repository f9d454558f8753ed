// Files that a disk, a restore or a person has damaged: a phone opens them, repairs them or says why not, and goes on;
// a backup is put in place whole or refused. The first byte says which file, the rest which of its bytes are others:
// two bytes for where, one for what, over and over.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/limits.h"
#include "client_core/base/sha256.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/session/frame_builder.h"
#include "client_core/store/local_store.h"
#include "server/storage/backup_file.h"
#include "server/storage/restore.h"
#include "server/storage/storage.h"
#include "tests/fuzz/scratch_folder.h"
#include "tests/support/enrolment.h"
#include "tests/support/office_feed.h"

namespace doorstep {
namespace {

constexpr int kFramesMax = 50;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

[[noreturn]] void Break(const char* promise, const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", promise, status.ToString().c_str());
  std::abort();
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  out.close();
  if (!out.good()) std::abort();
}

std::string Damaged(std::string bytes, const uint8_t* data, size_t size) {
  for (size_t i = 0; i + 2 < size && !bytes.empty(); i += 3) {
    const size_t at = static_cast<size_t>(data[i]) << 8 | data[i + 1];
    bytes[at % bytes.size()] = static_cast<char>(data[i + 2]);
  }
  return bytes;
}

v1::LogEntry Entry(int number) {
  v1::LogEntry entry;
  entry.set_visit_id("v1");
  entry.mutable_time()->set_wall_time_us(1795420800000000);
  entry.mutable_time()->set_boot_id("boot");
  entry.mutable_note()->set_text(absl::StrCat("note ", number));
  entry.set_nonce(std::string(16, 'n'));
  return entry;
}

absl::StatusOr<std::unique_ptr<LocalStore>> OpenPhone(const std::string& folder) {
  StoreOptions options;
  options.directory = folder;
  return LocalStore::Open(options);
}

absl::Status Repairs(const LocalStore& store) { return absl::DataLossError(absl::StrJoin(store.repairs(), "; ")); }

// What a server asks of the claims in a Hello.
void CheckClaims(const LocalStore& store, const std::vector<v1::JournalClaim>& claims) {
  for (const v1::JournalClaim& claim : claims) {
    const bool taken =
        claim.epoch() >= 1 && claim.epoch() <= limits::kEpochMax && claim.salt().size() == kChainSaltBytes;
    if (!taken) Break("a Hello is refused", Repairs(store));
  }
}

// To an office that takes every frame which is well made, until nothing is unsent. Whether `expected` was sent.
bool SendAll(LocalStore& store, const v1::LogEntry& expected) {
  SodiumSha256 hasher;
  bool sent = false;
  for (int frames = 0; frames < kFramesMax; ++frames) {
    SendPush push;
    push.epoch = store.journal().UnsentEpoch();
    if (push.epoch == 0) return sent;
    push.after_seq = store.journal().epochs().at(push.epoch).received_through;
    push.entries_max = limits::kFrameEntriesMax;
    push.bytes_max = limits::kFrameBytesMax;
    const absl::StatusOr<BuiltFrame> built = BuildNextFrame(push, ClockReading(), store);
    if (absl::IsNotFound(built.status())) continue;  // Repaired: it goes on in another epoch.
    if (!built.ok()) Break("what is unsent cannot be read", built.status());
    const absl::StatusOr<OpenedFrame> frame = OpenFrame(built->bytes);
    if (!frame.ok()) Break("a frame is refused", frame.status());
    if (const auto chain = CheckChain(hasher, *frame); !chain.ok()) Break("a frame is refused", chain.status());
    for (const v1::EntryEnvelope& envelope : frame->body.entries()) {
      sent |= envelope.entry() == expected.SerializeAsString();
    }
    const absl::StatusOr<Acknowledgement> taken = store.journal().Acknowledge(built->covers);
    if (absl::IsDataLoss(taken.status())) {
      if (const absl::Status repaired = store.RepairJournal(taken.status()); !repaired.ok()) {
        Break("what only a writer notices is not repaired", repaired);
      }
    } else if (!taken.ok() || *taken != Acknowledgement::kMoved) {
      Break("a mark is not taken", taken.status());
    }
  }
  return false;
}

// A phone's two files with a few rows in each table, and a backup of an empty server.
class Files {
 public:
  Files() {
    if (const absl::Status made = Make(); !made.ok()) std::abort();
  }

  void OpenDamagedPhone(bool replica, const uint8_t* data, size_t size) {
    folder_.Empty();
    WriteAll(Path("journal.db"), replica ? journal_ : Damaged(journal_, data, size));
    WriteAll(Path("replica.db"), replica ? Damaged(replica_, data, size) : replica_);
    auto store = OpenPhone(folder_.path());
    if (!store.ok()) {
      if (store.status().message().empty()) std::abort();
      return;
    }
    (*store)->view().Visits("").status().IgnoreError();
    (*store)->Settle().status().IgnoreError();
    v1::PhoneStatus status;
    (*store)->FillStatus(ClockReading(), &status).IgnoreError();
    // Damaged or not: what is recorded from now on is there afterwards, and what stands before it keeps it from no
    // office.
    const auto recorded = (*store)->Append("ana", Entry(99), "token-99");
    if (!recorded.ok()) return;
    store->reset();
    store = OpenPhone(folder_.path());
    if (!store.ok()) Break("a phone that recorded is not opened again", store.status());
    const auto again = (*store)->Append("ana", Entry(99), "token-99");
    if (!again.ok()) Break("what was recorded cannot be recorded again", again.status());
    if (!again->repeated) Break("what was recorded is gone", Repairs(**store));
    CheckClaims(**store, (*store)->journal().Claims());
    if (!SendAll(**store, Entry(99))) Break("what was recorded is not sent", Repairs(**store));
  }

  void RestoreDamagedBackup(const uint8_t* data, size_t size) {
    folder_.Empty();
    WriteAll(Path("noon.backup"), Damaged(backup_, data, size));
    SeededRandom random(1);
    const auto report = RestoreBackup(Path("noon.backup"), Path("doorstep.db"), random);
    if (!report.ok()) {
      if (report.status().message().empty() || std::filesystem::exists(Path("doorstep.db"))) std::abort();
      return;
    }
    StorageOptions options;
    options.path = Path("doorstep.db");
    if (!Storage::Open(options, random).ok()) std::abort();
  }

 private:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  absl::Status Make() {
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<LocalStore> store, OpenPhone(folder_.path()));
      SeededRandom random(1);
      v1::EnrolmentRequest request;
      request.set_invitation_code("blue-kite-42");
      RETURN_IF_ERROR(store->PrepareEnrolment(request, random).status());
      RETURN_IF_ERROR(store->CompleteEnrolment(Enrolment()));
      for (int i = 0; i < 20; ++i) {
        RETURN_IF_ERROR(store->Append("ana", Entry(i), absl::StrCat("token-", i)).status());
      }
      OfficeFeed feed("technician:ana");
      v1::Visit visit;
      visit.set_id("v1");
      visit.set_state(v1::VISIT_STATE_DISPATCHED);
      feed.Put(v1::ENTITY_KIND_VISIT, "v1", visit);
      RETURN_IF_ERROR(store->ApplyPage("technician:ana", "", feed.SnapshotPage(0, 100)).status());
    }
    journal_ = ReadAll(Path("journal.db"));
    replica_ = ReadAll(Path("replica.db"));
    folder_.Empty();
    StorageOptions options;
    options.path = Path("doorstep.db");
    SeededRandom random(1);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<Storage> storage, Storage::Open(options, random));
      RETURN_IF_ERROR(CopyLive(*storage, Path("noon.backup"), [](uint64_t, uint64_t) { return true; }));
    }
    backup_ = ReadAll(DraftPath(Path("noon.backup")));
    return absl::OkStatus();
  }

  fuzz::ScratchFolder folder_;
  std::string journal_;
  std::string replica_;
  std::string backup_;
};

}  // namespace
}  // namespace doorstep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static doorstep::Files files;
  if (size == 0) return 0;
  if (data[0] % 3 == 2) {
    files.RestoreDamagedBackup(data + 1, size - 1);
  } else {
    files.OpenDamagedPhone(data[0] % 3 == 1, data + 1, size - 1);
  }
  return 0;
}
