// The office in a simulated world: the real storage, writer and calls of the server over a disk that can lose power,
// without a network library.
// Invariant watched: an acknowledgement that left is durable, until an older file is put in place; every start compares
// the journals' marks with what was acknowledged before.
#ifndef DOORSTEP_TESTS_SIM_SIM_SERVER_H_
#define DOORSTEP_TESTS_SIM_SIM_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/clock.h"
#include "client_core/base/random.h"
#include "server/apply/writer.h"
#include "server/services/attachment_intake.h"
#include "server/services/authenticator.h"
#include "server/services/parts.h"
#include "server/services/signing_keys.h"
#include "server/services/watch_hub.h"
#include "server/storage/storage.h"
#include "tests/sim/held_entries.h"
#include "tests/sim/scope_check.h"
#include "tests/sim/world.h"
#include "tests/support/power_vfs.h"

namespace doorstep::sim {

class SimServer final : public Clock {
 public:
  // `folder` exists and is this server's own.
  SimServer(World* world, std::string folder);
  ~SimServer() override;

  void Start();
  bool up() const { return writer_ != nullptr; }
  // The process dies within its next few writes, in the middle of whatever it does then; `power`: so does the machine.
  void DieSoon(bool power);
  // If it is down, or dying: now, and up again at once.
  void Mend();

  // Makes a backup as `doorstep backup` does; from then on it is the one to go back to.
  void BackUp();
  bool has_backup() const { return !backup_.empty(); }
  // The disk is lost, and the newest backup is put in place: by `doorstep restore`, or `by_hand`, which keeps the
  // generation, so that phones have to find out. Up again at once.
  void GoBack(bool by_hand);
  // How often it went back.
  int setbacks() const { return setbacks_; }
  // Its disk takes nothing more, as long as it is so.
  void SetFull(bool full);
  // While it is up.
  size_t Devices();
  bool HasVisit(const std::string& id);
  // What the office had made of what.
  VisitCopies& copies() { return copies_; }

  // Absent: nobody answers, the server is down or died before its answer left.
  using Answer = std::optional<absl::StatusOr<std::string>>;
  using Answered = std::function<void(Answer answer)>;
  // What the network brings. What must be written waits a moment for others to be written with, as in the real server;
  // `answered` runs once, in an event of its own.
  void Call(const std::string& method, const std::string& authorization, const std::string& request, Answered answered);
  // The same, and waits.
  Answer CallNow(const std::string& method, const std::string& authorization, const std::string& request);

  // Opens a stream of hints, which the server ends. Absent: nobody answers. Not OK: refused, and `stream` is not its
  // own.
  std::optional<absl::Status> Watch(const std::string& authorization, HintStream* stream, uint64_t& id);
  // The stream's message has been taken; its phone is gone. Ids of an earlier process are ignored.
  void HintTaken(int start, uint64_t id);
  void HintsUnheard(int start, uint64_t id);
  // Counts its processes.
  int starts() const { return starts_; }

  // "Bearer ..." of the administrator.
  const std::string& administrator() const { return administrator_; }
  // While it is up.
  Storage& storage() { return *storage_; }
  AttachmentFiles& attachments() { return intake_->files(); }
  // Every entry that it ever held.
  const HeldEntries& held() const { return held_; }
  Random& random() { return random_; }

  ClockReading Now() override;

 private:
  // A call from its arrival to the moment its answer leaves. It outlives the requests that the writer reads.
  struct Waiting {
    std::string method;
    std::string device;  // Who asks; empty: no phone that is known.
    Answered answered;
    std::shared_ptr<void> request;
  };
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  void Begin(Waiting& waiting, const std::string& authorization, const std::string& request, const Done& done);
  template <typename Request>
  void Office(Waiting& waiting, const Scope& scope, const std::string& bytes, const Done& done);
  void Invite(Waiting& waiting, const Scope& scope, const std::string& bytes, const Done& done);
  // The answer is on its way out, unless the process is dead.
  void Leave(uint64_t call, absl::StatusOr<std::string> answer);
  void TurnSoon();
  // The writer takes what waits.
  void Turn();
  absl::Status Open();
  std::string Database() const { return folder_ + "/doorstep.db"; }
  void Close();
  void Die();
  // Beside the database: files of the system, which the disk does not know.
  void TearPieces();
  void LoseAttachments();
  void NotePushed(const std::string& device, const std::string& push_answer);
  absl::Status CheckMarks();
  void Tick();
  // Hints go out by hand: the hub has no thread here.
  void SendHints();

  World* const world_;
  const std::string folder_;
  SeededRandom random_;
  testing::PowerDisk disk_;
  bool power_cut_ = false;
  int starts_ = 0;
  int backups_ = 0;
  int setbacks_ = 0;
  std::string backup_;  // The newest; empty: none.
  std::string administrator_;
  bool full_ = false;
  bool turn_due_ = false;
  uint64_t calls_ = 0;
  std::map<uint64_t, Waiting> waiting_;

  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<SigningKeys> signing_keys_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<AttachmentIntake> intake_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<ServerParts> parts_;
  HeldEntries held_;
  VisitCopies copies_;
  // (device, epoch) -> what was acknowledged, outside of any disk.
  std::map<std::pair<std::string, uint64_t>, v1::JournalMark> acknowledged_;
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SIM_SERVER_H_
