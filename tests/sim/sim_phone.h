// A phone in a simulated world: the real files, engine and driver of the phone core, on a disk that can lose power,
// with clocks that lie and a link that fails. A process of it lives from Open to its death and is then made anew.
// Invariants watched while it runs: files open after any death without a repair, and what was shown as safe stays
// so, until the server says that it was restored.
#ifndef DOORSTEP_TESTS_SIM_SIM_PHONE_H_
#define DOORSTEP_TESTS_SIM_SIM_PHONE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/base/random.h"
#include "client_core/session/event_log.h"
#include "client_core/session/frame_signer.h"
#include "client_core/session/sync_driver.h"
#include "client_core/store/local_store.h"
#include "tests/sim/attached_bytes.h"
#include "tests/sim/link.h"
#include "tests/sim/observer.h"
#include "tests/sim/sim_queue.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/world.h"
#include "tests/support/power_vfs.h"

namespace doorstep::sim {

// What one entry names, and how it is added.
struct Attachment {
  Photo photo;
  std::optional<Photo> preview;
  bool signature = false;
  bool entry_first = false;  // Apps add the bytes first, and nothing keeps them from doing it afterwards.
};

class SimPhone final : public Clock {
 public:
  SimPhone(World* world, SimServer* server, Observer* observer, std::string name, std::string technician,
           std::string folder);
  ~SimPhone() override;

  void Open();
  // Tries until the server answers.
  void Enrol(const std::string& invitation_code);
  bool running() const { return driver_ != nullptr; }
  bool enrolled() const { return running() && store_->journal().identity().has_value(); }
  bool destroyed() const { return destroyed_; }
  int64_t opened_us() const { return opened_us_; }
  const std::string& name() const { return name_; }
  // For whom it was enrolled.
  const std::string& technician() const { return technician_; }
  const std::string& folder() const { return folder_; }
  Link& link() { return link_; }
  LocalStore& store() { return *store_; }

  void Tap(v1::LogEntry entry, const std::string& visit);
  void Attach(const Attachment& what, const std::string& visit);
  // Whether the bytes of an attachment are here, undamaged.
  bool Keeps(const std::string& sha256);
  void Notify(Notice notice);
  void SetMetered(bool metered);

  // ---- who works with it ----
  // While it is enrolled. Whoever is first is who taps when nobody says otherwise.
  std::vector<std::string> SignedIn();
  void SignIn(const std::string& technician);
  void SignOut(const std::string& technician);
  std::string device() { return store_->journal().identity()->device(); }

  // ---- sleep ----
  // The system is about to suspend the app, does it, and wakes it again later or kills it without a word.
  void Suspend();
  void WakeUp();

  // ---- what may happen to it ----
  // As SimServer::DieSoon.
  void DieSoon(bool power);
  // Now, and up again later.
  void Reboot();
  void JumpClock(int64_t by_us) { skew_us_ += by_us; }
  void SetFull(bool full);
  // The phone falls into the water.
  void Destroy();
  // A copy of its files as of now; the process ends for it and comes again.
  void CopyTo(const std::string& folder);
  // Its files become those of `folder`.
  void RestoreFrom(const std::string& folder);
  // Spoils a page of the journal's file. What stood on it is lost; whoever reads the page finds it out.
  void DamageJournal(Draws& draws);
  // `told`: the app is opened, and the system says that the network is back. Else it says so only when it had said that
  // the network is lost.
  void Mend(bool told);

  // Nothing is left to do: all is judged, and every feed is at its head. Else why not.
  std::string Unrest();
  // Its rows and what it shows are what the office holds of `all` visits for its technician.
  void CompareWithOffice(const std::vector<std::string>& all);
  // Which must be refused.
  void AskForAnothersFeed();
  bool IsDeceived(const std::string& here, const std::string& office) const;

  ClockReading Now() override;

 private:
  struct Doubt {
    EntryKey key;
    v1::AppendRequest request;
    std::vector<std::string> attached;
  };

  void Die();
  void End();
  void OpenLater(int64_t delay_us);
  void CallEnroll();
  void CompleteEnrolment(const std::string& answer, const ClockReading& sent, const ClockReading& answered);
  // The app is opened. False: nobody can record anything now.
  bool PickUp();
  v1::AppendRequest RequestOf(v1::LogEntry entry, const std::string& visit);
  // `attached`: what it names and is here. Absent: the phone did not say that it is recorded.
  std::optional<EntryKey> Append(const v1::AppendRequest& request, std::optional<EntryKey> doubted,
                                 std::vector<std::string> attached);
  bool AddBytes(const Photo& photo, v1::AttachmentKind kind, std::vector<std::string>& attached);
  bool AddAll(const Attachment& what, std::vector<std::string>& attached);
  std::string AttachmentUnrest();
  void LookForDeath();
  void ForgetShown();
  std::string Author();
  // As the session does after whatever it was asked for.
  void WakeSoon();
  void FallAsleep();
  // Signed in, and let by the office: whose feeds are here.
  absl::StatusOr<std::vector<std::string>> Served(SqlSession& sql);
  // Looks at everything that moved since the last time.
  void WatchMarks();
  void WatchSafe(const EpochMarks& marks, uint64_t before);
  void WatchSettled(const EpochMarks& marks);
  void WatchScreen();
  std::string MissingIn(const std::string& row, const std::set<std::pair<uint64_t, uint64_t>>& entries);
  void WatchFeeds();
  void WatchRest();

  World* const world_;
  SimServer* const server_;
  Observer* const observer_;
  const std::string name_;
  const std::string technician_;
  const std::string folder_;
  SeededRandom random_;
  testing::PowerDisk disk_;
  Link link_;

  int64_t skew_us_ = 0;
  int64_t booted_us_ = 0;
  int64_t opened_us_ = 0;   // The last time.
  bool looked_at_ = false;  // By somebody, since the world healed.
  int boots_ = 1;
  int processes_ = 0;
  size_t repairs_ = 0;  // That this process knows of.
  bool power_cut_ = false;
  bool destroyed_ = false;
  bool full_ = false;
  bool network_lost_ = false;     // The system said so to this process, and has not taken it back.
  bool metered_ = false;          // Likewise, that its network costs.
  std::optional<Notice> missed_;  // What it would have said of the network while the process was frozen.
  int64_t last_tap_us_ = 0;
  uint64_t tokens_ = 0;
  std::string invitation_code_;
  std::optional<Doubt> doubt_;               // The app died over this one and asks again with the same token.
  std::map<uint64_t, uint64_t> shown_safe_;  // By epoch, in this generation of the server.
  std::string shown_generation_;
  std::map<uint64_t, uint64_t> found_out_;  // By epoch: how often the server had been put back when it was found out.
  std::map<uint64_t, uint64_t> settled_;    // By epoch.
  std::map<uint64_t, uint64_t> retained_;   // Likewise: deleted through here.
  // By visit: what is settled and still here, by epoch and seq.
  std::map<std::string, std::set<std::pair<uint64_t, uint64_t>>> off_screen_;
  std::pair<int, uint64_t> rows_looked_at_;  // Process and version of the replica that the screen was watched at.

  // The process, in the order in which its parts outlive each other.
  std::unique_ptr<LocalStore> store_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<SimQueue> queue_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<FrameSigner> signer_;
  std::unique_ptr<SyncDriver> driver_;
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SIM_PHONE_H_
