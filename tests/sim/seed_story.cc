#include "tests/sim/seed_story.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/rebuild.h"
#include "server/storage/visit_table.h"
#include "tests/sim/arrival_order.h"
#include "tests/sim/observer.h"
#include "tests/sim/sim_office.h"
#include "tests/sim/sim_phone.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/taps.h"
#include "tests/sim/world.h"
#include "tests/support/memory_vfs.h"

namespace doorstep::sim {
namespace {

constexpr int kPhonesMax = 3;
constexpr int64_t kVisitsAtFirst = 12;
constexpr int kPhonesWithClonesMax = 5;
constexpr int64_t kOfficePace = 5 * kMinute;
constexpr int64_t kFaultPace = 2 * kMinute;
// A world that lasts longer is no busier: so often at the most.
constexpr int64_t kStrikesMax = 60;
// With no fault left, everything is at rest within so much: twice the longest backoff, the longest call and a poll.
constexpr int64_t kRestWithin = 15 * kMinute;
// And so much when nobody tells the phones that anything is better: they say Hello every 15 minutes.
constexpr int64_t kRestAloneWithin = 40 * kMinute;
constexpr int64_t kLookEvery = 10 * kSecond;
// In a thousand, of a world's strength: the phone goes into the pocket right after a tap.
constexpr int64_t kPocketed = 200;
// The longest that a repeated request takes.
constexpr int64_t kEchoes = 21 * kMinute;
constexpr uint64_t kRebuildEvery = 8;
constexpr uint64_t kReorderEvery = 4;
// More would find nothing that these do not, and a fold is done again for each.
constexpr int64_t kTapsOfAPhone = 250;
// Each is verified by a rebuild.
constexpr int kBackupsMax = 6;

class SeedStory {
 public:
  SeedStory(const Script& script, std::string folder, bool tell)
      : script_(script), folder_(std::move(folder)), world_(script.seed, tell), observer_(&world_) {}

  // The story is over: nobody reads what its disks hold.
  ~SeedStory() { testing::DropMemoryFiles(); }
  SeedStory(const SeedStory&) = delete;
  SeedStory& operator=(const SeedStory&) = delete;

  SeedVerdict Run() {
    const int64_t began_us = kMonday + world_.Draw(kDay);
    world_.DrawFaults(began_us, script_.without);
    verdict_.drawn = world_.DrawnFaults();
    world_.Note("world", absl::StrCat("faults: ", verdict_.drawn));
    const int64_t drawn_us = Chaos();
    pace_us_ = std::max(world_.Between(2, 60) * kSecond, drawn_us / kTapsOfAPhone);
    fault_pace_us_ = std::max(kFaultPace, drawn_us / kStrikesMax);
    office_pace_us_ = std::max(kOfficePace, drawn_us / kStrikesMax);
    Begin();
    const int64_t chaos_us = script_.chaos_us > 0 ? script_.chaos_us : drawn_us;
    world_.RunUntil(began_us + chaos_us);
    verdict_.chaos_us = std::min(chaos_us, world_.now_us() - began_us);
    Heal();
    verdict_.violation_kind = world_.violation_kind();
    verdict_.violation = world_.violation();
    verdict_.trace_hash = world_.TraceHash();
    verdict_.entries = observer_.accepted();
    verdict_.simulated_us = world_.now_us() - began_us;
    verdict_.faults = world_.counts();
    verdict_.steps = steps_;
    return verdict_;
  }

 private:
  std::string Folder(const std::string& name) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::filesystem::create_directories(path);
    return path;
  }

  // Most worlds are short, a few last a night.
  int64_t Chaos() { return world_.Chance(970) ? world_.Between(5, 40) * kMinute : world_.Between(2, 16) * kHour; }

  void Begin() {
    server_ = std::make_unique<SimServer>(&world_, Folder("server"));
    server_->Start();
    office_ = std::make_unique<SimOffice>(&world_, server_.get());
    int technicians = static_cast<int>(world_.Between(1, 2));
    const int phones = static_cast<int>(world_.Between(1, kPhonesMax));
    if (world_.Has(FaultKind::kTechnicianChanged)) technicians = std::max(technicians, 2);
    office_->Import(technicians);
    for (int i = 0; i < phones && !world_.violated(); ++i) {
      const std::string technician = SimOffice::Technician(1 + i % technicians);
      SimPhone& phone = AddPhone(technician, Folder(absl::StrCat("p", i + 1)));
      ++invited_;
      phone.Enrol(office_->Invite(technician));
      phone.Open();
    }
    for (int64_t visits = world_.Between(1, kVisitsAtFirst); visits > 0; --visits) office_->Plan();
    Repeat(&office_pace_us_, [this] { office_->DoSomething(); });
    Repeat(&fault_pace_us_, [this] { StrikeServer(); });
    if (!world_.Has(FaultKind::kOfficeDecided)) return;
    Repeat(&fault_pace_us_, [this] {
      if (world_.Strikes(FaultKind::kOfficeDecided)) office_->Decide();
    });
  }

  SimPhone& AddPhone(const std::string& technician, const std::string& folder) {
    const std::string name = absl::StrCat("p", phones_.size() + 1);
    phones_.push_back(std::make_unique<SimPhone>(&world_, server_.get(), &observer_, name, technician, folder));
    copies_.emplace_back();
    const size_t index = phones_.size() - 1;
    phones_[index]->JumpClock(script_.clock_shift_us);
    if (world_.Strikes(FaultKind::kClockSkewed)) phones_[index]->JumpClock(world_.Between(-2 * kDay, 2 * kDay));
    if (world_.Has(FaultKind::kSmallPages)) {
      world_.Count(FaultKind::kSmallPages);
      phones_[index]->link().SetSmallPages();
    }
    Repeat(&pace_us_, [this, index] { Tap(*phones_[index]); });
    Repeat(&fault_pace_us_, [this, index] { StrikePhone(index); });
    return *phones_[index];
  }

  // About every `*pace_us`, as long as there is chaos.
  void Repeat(const int64_t* pace_us, std::function<void()> what) {
    world_.After(world_.Between(1, 2 * *pace_us), [this, pace_us, what] {
      if (world_.healing()) return;
      if (script_.skipped.count(++steps_) == 0) what();
      Repeat(pace_us, what);
    });
  }

  void Tap(SimPhone& phone) {
    if (!phone.enrolled()) return;
    // Also visits of others, and some that do not exist yet.
    const auto& visits = office_->visits();
    std::string visit = absl::StrCat("V-", visits.size() + 1);
    if (!visits.empty() && !world_.Chance(50)) {
      visit = visits[static_cast<size_t>(world_.Draw(static_cast<int64_t>(visits.size())))];
    }
    if (world_.Strikes(FaultKind::kAttachment)) return phone.Attach(taps_.SomeAttachment(), visit);
    if (world_.aside().Chance(kPocketed) && world_.Strikes(FaultKind::kSuspended)) {
      world_.After(world_.aside().Between(0, kSecond), [&phone] { phone.Suspend(); });
    }
    // What decides about another entry names its visit; mostly one's own, at times one that is not here yet.
    if (world_.Chance(120)) {
      const auto& told = observer_.told();
      if (!told.empty()) {
        const Told& target = told[static_cast<size_t>(world_.Draw(static_cast<int64_t>(told.size())))];
        return phone.Tap(taps_.Deciding(target.position), target.visit);
      }
    }
    phone.Tap(taps_.SomeFact(), visit);
  }

  // ---- faults ----

  void StrikeServer() {
    if (world_.Strikes(FaultKind::kServerKilled)) server_->DieSoon(/*power=*/false);
    if (world_.Strikes(FaultKind::kServerPowerCut)) server_->DieSoon(/*power=*/true);
    if (world_.Strikes(FaultKind::kServerFull)) {
      server_->SetFull(true);
      world_.After(world_.Between(1, 10) * kMinute, [this] { server_->SetFull(false); });
    }
    StrikeServersFile();
  }

  // Backups begin when every phone is enrolled: one that no file knows has to be enrolled again by people.
  void StrikeServersFile() {
    const bool goes_back = world_.Has(FaultKind::kServerRestored) || world_.Has(FaultKind::kServerSetBack);
    if (!goes_back || !server_->up() || server_->Devices() < invited_) return;
    if (world_.Chance(100) && backups_++ < kBackupsMax) server_->BackUp();
    for (const FaultKind kind : {FaultKind::kServerRestored, FaultKind::kServerSetBack}) {
      if (!server_->has_backup() || !server_->up() || !world_.Chance(300) || !world_.Strikes(kind)) continue;
      server_->GoBack(/*by_hand=*/kind == FaultKind::kServerSetBack);
      observer_.WentBack(*server_);
      world_.After(world_.Between(0, 20) * kMinute, [this, planned = office_->visits().size()] {
        if (server_->up()) office_->PlanAgain(planned);
      });
    }
  }

  void StrikePhone(size_t index) {
    SimPhone& phone = *phones_[index];
    if (phone.destroyed()) return;
    if (world_.Strikes(FaultKind::kNetworkGone)) Unplug(phone);
    if (world_.Strikes(FaultKind::kOneWay)) {
      phone.link().SetOneWay(true);
      world_.After(world_.Between(1, 20) * kMinute, [&phone] { phone.link().SetOneWay(false); });
    }
    if (world_.Strikes(FaultKind::kClockJumped)) {
      phone.JumpClock(world_.Chance(500) ? world_.Between(-kHour, kHour) : world_.Between(-3 * kDay, 3 * kDay));
    }
    if (world_.Strikes(FaultKind::kDiskFull)) {
      phone.SetFull(true);
      world_.After(world_.Between(1, 20) * kMinute, [&phone] { phone.SetFull(false); });
    }
    if (world_.Strikes(FaultKind::kPhoneKilled)) phone.DieSoon(/*power=*/false);
    if (world_.Strikes(FaultKind::kPhonePowerCut)) phone.DieSoon(/*power=*/true);
    if (world_.Strikes(FaultKind::kPhoneRebooted)) phone.Reboot();
    StrikeFiles(index);
    if (phone.enrolled() && world_.Strikes(FaultKind::kSuspended)) phone.Suspend();
    if (phone.enrolled() && world_.Strikes(FaultKind::kTechnicianChanged)) ChangeTechnician(phone);
    if (world_.Has(FaultKind::kAttachment) && world_.aside().Chance(60)) {
      phone.SetMetered(true);
      world_.After(world_.aside().Between(1, 20) * kMinute, [&phone] { phone.SetMetered(false); });
    }
  }

  // The office lets them all at first, and later changes its mind at times. One technician hands the phone to another,
  // both work with it, or nobody does for a while.
  void ChangeTechnician(SimPhone& phone) {
    Draws& draws = world_.aside();
    if (let_.insert(phone.device()).second) return office_->LetAll(phone.device());
    const std::string technician = office_->SomeTechnician(draws);
    const int64_t what = draws.Draw(10);
    if (what < 2) return office_->Let(phone.device(), technician, draws.Chance(700));
    if (what < 7 && phone.enrolled()) {
      for (const std::string& one : phone.SignedIn()) {
        if (phone.enrolled() && draws.Chance(800)) phone.SignOut(one);
      }
    }
    if (what < 9 && phone.enrolled()) phone.SignIn(technician);
  }

  void Unplug(SimPhone& phone) {
    phone.link().SetGone(true);
    if (world_.Chance(500)) phone.Notify(Notice::kNetworkLost);
    world_.After(world_.Between(1, 60) * kMinute, [&phone] {
      phone.link().SetGone(false);
      phone.Notify(Notice::kNetworkChanged);
    });
  }

  void StrikeFiles(size_t index) {
    SimPhone& phone = *phones_[index];
    std::string& copy = copies_[index];
    if (phone.enrolled() && world_.Has(FaultKind::kPhoneRestored) && copy.empty() && world_.Chance(300)) {
      copy = absl::StrCat(folder_, "/copy-of-", phone.name());
      phone.CopyTo(copy);
    } else if (!copy.empty() && server_->up() && world_.Strikes(FaultKind::kPhoneRestored)) {
      observer_.Excuse(phone.name(), *server_);
      phone.RestoreFrom(copy);
      copy.clear();
      // The farther it gets before it hears of the journal that it had, the harder it is.
      if (world_.Chance(500)) Unplug(phone);
    }
    if (phone.enrolled() && phones_.size() < kPhonesWithClonesMax && world_.Strikes(FaultKind::kPhoneCloned)) {
      const std::string folder = absl::StrCat(folder_, "/p", phones_.size() + 1);
      phone.CopyTo(folder);
      SimPhone& clone = AddPhone(phone.technician(), folder);
      clone.Open();
      if (world_.Chance(600)) Unplug(world_.Chance(500) ? phone : clone);
    }
    if (phone.running() && phone.enrolled() && server_->up() && world_.Has(FaultKind::kJournalDamaged) &&
        world_.Strikes(FaultKind::kJournalDamaged)) {
      observer_.Excuse(phone.name(), *server_);
      phone.DamageJournal(world_.aside());
    }
    if (server_->up() && world_.Chance(200) && world_.Strikes(FaultKind::kPhoneDestroyed)) {
      observer_.Excuse(phones_[index]->name(), *server_);
      phones_[index]->Destroy();
    }
  }

  // ---- the end ----

  std::string Unrest() {
    if (!server_->up()) return "the server is down";
    if (office_->waiting() > 0) return absl::StrCat("the office waits for ", office_->waiting(), " answers");
    for (const auto& phone : phones_) {
      if (std::string unrest = phone->Unrest(); !unrest.empty()) return unrest;
    }
    return "";
  }

  void ComeToRest() {
    const int64_t within_us = world_.Has(FaultKind::kLeftAlone) ? kRestAloneWithin : kRestWithin;
    int64_t from_us = world_.now_us();
    std::string unrest = Unrest();
    while (!unrest.empty() && !world_.violated() && world_.now_us() < from_us + within_us) {
      world_.RunUntil(world_.now_us() + kLookEvery);
      unrest = Unrest();
      // One that died as the world healed comes back later, and has news for the others.
      for (const auto& phone : phones_) from_us = std::max(from_us, phone->opened_us());
    }
    if (!unrest.empty()) world_.Violate("stuck", unrest);
  }

  void Heal() {
    if (world_.violated()) return;
    verdict_.course = world_.course();
    world_.Heal();
    world_.Note("world", "heals");
    server_->Mend();
    // Some are told of the network and looked at; others must find out by themselves.
    for (const auto& phone : phones_) phone->Mend(/*told=*/!world_.Has(FaultKind::kLeftAlone));
    if (world_.Has(FaultKind::kLeftAlone)) world_.Count(FaultKind::kLeftAlone);
    office_->CallBack();
    ComeToRest();
    if (world_.Has(FaultKind::kRequestRepeated)) {
      if (!world_.violated()) world_.RunUntil(world_.now_us() + kEchoes);
      if (!world_.violated()) ComeToRest();
    }
    if (world_.violated()) return;
    observer_.Compare(*server_);
    observer_.CompareAttached(*server_, [this](const std::string& sha256) {
      return std::any_of(phones_.begin(), phones_.end(), [&](const auto& phone) { return phone->Keeps(sha256); });
    });
    office_->CompareDone();
    for (const auto& phone : phones_) {
      if (!phone->destroyed()) phone->CompareWithOffice(office_->visits());
    }
    if (script_.seed % kRebuildEvery == 0 && !world_.violated()) CheckRebuild();
    if (script_.seed % kReorderEvery == 1 && !world_.violated()) CheckOrder();
    if (!world_.violated()) NoteTrustedVisits();
  }

  void CheckOrder() {
    SeededRandom random(script_.seed);
    const auto differences = HearInAnotherOrder(server_->storage(), office_->visits(), {"A-1"}, random);
    if (!differences.ok()) {
      return world_.Violate("wrong",
                            absl::StrCat("another order of arrival failed: ", differences.status().ToString()));
    }
    if (!differences->empty()) {
      world_.Violate("wrong", absl::StrCat("another order of arrival differs: ", differences->front()));
    }
  }

  void NoteTrustedVisits() {
    const absl::Status read = server_->storage().Read("trusted visits", [&](SqlSession& sql) -> absl::Status {
      for (const std::string& id : office_->visits()) {
        ASSIGN_OR_RETURN(const std::string bytes, FindVisitBytes(sql, id));
        v1::Visit visit;
        if (!observer_.IsTrusted(id, *server_) || !visit.ParseFromString(bytes)) continue;
        visit.clear_version();
        verdict_.trusted_visits[id] = visit.SerializeAsString();
      }
      return absl::OkStatus();
    });
    if (!read.ok()) world_.Violate("wrong", read.ToString());
  }

  void CheckRebuild() {
    SeededRandom random(script_.seed);
    const absl::StatusOr<RebuildReport> report = Rebuild(server_->storage(), random, ApplyRecord);
    if (!report.ok()) return world_.Violate("wrong", absl::StrCat("the rebuild failed: ", report.status().ToString()));
    if (!report->differences.empty()) {
      world_.Violate("wrong", absl::StrCat("a rebuild differs: ", absl::StrJoin(report->differences, "; ")));
    }
  }

  const Script script_;
  const std::string folder_;
  SeedVerdict verdict_;
  World world_;
  Observer observer_;
  Taps taps_{&world_};
  std::unique_ptr<SimServer> server_;
  std::unique_ptr<SimOffice> office_;
  std::vector<std::unique_ptr<SimPhone>> phones_;
  std::vector<std::string> copies_;  // By phone; empty: none.
  std::set<std::string> let_;        // Devices that everybody may use.
  size_t invited_ = 0;
  int backups_ = 0;
  uint64_t steps_ = 0;
  int64_t pace_us_ = 0;
  int64_t fault_pace_us_ = 0;
  int64_t office_pace_us_ = 0;
};

}  // namespace

SeedVerdict RunStory(const Script& script, const std::string& folder, bool tell) {
  SeedVerdict verdict = SeedStory(script, folder, tell).Run();
  for (const auto& left : std::filesystem::directory_iterator(folder)) std::filesystem::remove_all(left.path());
  return verdict;
}

}  // namespace doorstep::sim
