// A backup is put in the place of a server's file, and into the folder of a new machine. Whatever crashes, a server
// that opens its file has either what was there before or what the backup holds, whole, and with its photos.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/durable_file.h"
#include "server/storage/restore.h"
#include "server/storage/totals.h"
#include "tests/crash/photos.h"
#include "tests/crash/quiet_server.h"
#include "tests/crash/scenario.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

using testing::kHour;
using testing::kMonday;

constexpr int64_t kEvening = kMonday + 18 * kHour;
constexpr uint64_t kEntriesInBackup = 1;
constexpr char kRestored[] = "restored";
constexpr char kMoved[] = "moved";

class Restores final : public Scenario {
 public:
  std::string name() const override { return "restore"; }

  absl::Status Prepare(const std::string& folder) override {
    ASSIGN_OR_RETURN(PhotoOffice office, PreparePhotos(folder, {900, 900}, kEntriesInBackup));
    phone_.push_back(std::move(office.phone));
    photos_ = std::move(office.photos);
    testing::PowerDisk disk;
    const Place place{folder, &disk};
    ASSIGN_OR_RETURN(std::unique_ptr<QuietServer> server, Open(place, folder));
    RETURN_IF_ERROR(SendPhoto(*server, phone_[0].device(), photos_[0]));
    RETURN_IF_ERROR(server->BackUp("noon"));
    RETURN_IF_ERROR(Later(*server));
    generation_ = server->storage().generation();
    // Its last commits are still in the log, as after a kill.
    for (const char* suffix : {"", "-wal"}) {
      const std::string file = absl::StrCat(folder, "/", kDatabase, suffix);
      std::filesystem::copy_file(file, file + ".kept");
    }
    server.reset();
    for (const char* suffix : {"", "-wal"}) {
      const std::string file = absl::StrCat(folder, "/", kDatabase, suffix);
      std::filesystem::rename(file + ".kept", file);
    }
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    attempts_ = 0;
    Steps steps(place.disk);
    for (const bool moves : {false, true}) {
      const std::string thing = moves ? kMoved : kRestored;
      steps.Do(thing, [&, moves, thing]() -> absl::Status {
        ledger.Begins(thing);
        attempts_ += moves ? 0 : 1;
        RETURN_IF_ERROR(Restore(place, FolderOf(place, moves)));
        ledger.Answered(thing);
        return absl::OkStatus();
      });
    }
    return steps.Finish();
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    std::vector<Thing> things;
    ASSIGN_OR_RETURN(const bool restored, IsRestored(place, place.folder));
    if (restored) things.emplace_back(kRestored);
    if (IsBegun(FolderOf(place, true))) {
      ASSIGN_OR_RETURN(const bool moved, IsRestored(place, FolderOf(place, true)));
      if (!moved) return absl::InternalError("the new machine has another file than the backup's");
      things.emplace_back(kMoved);
    }
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    for (const bool moves : {false, true}) {
      const std::string folder = FolderOf(place, moves);
      absl::Status done;
      if (moves ? !IsBegun(folder) : !IsRestored(place, folder).value_or(true)) done = Restore(place, folder);
      if (!done.ok()) return absl::StrCat("asked for again: ", done.ToString());
      if (std::string wrong = EndsWell(place, folder); !wrong.empty()) return absl::StrCat(folder, ": ", wrong);
    }
    return SetAside(place);
  }

  std::string LookAtEnd(const Place& place) override {
    for (const bool moves : {false, true}) {
      const std::string folder = FolderOf(place, moves);
      if (!FileExists(folder)) return absl::StrCat(folder, " is gone");
      const auto server = Open(place, folder);
      const absl::Status done = server.ok() ? HasAll(**server) : server.status();
      if (!done.ok()) return absl::StrCat(folder, ": ", done.ToString());
    }
    return SetAside(place);
  }

 private:
  static std::string FolderOf(const Place& place, bool moves) {
    return moves ? place.folder + "/elsewhere" : place.folder;
  }
  static std::string Database(const std::string& folder) { return absl::StrCat(folder, "/", kDatabase); }
  static bool IsBegun(const std::string& folder) {
    return FileExists(Database(folder)) || FileExists(Database(folder) + ".restored");
  }

  absl::StatusOr<std::unique_ptr<QuietServer>> Open(const Place& place, const std::string& folder) {
    return QuietServer::Open(place, folder, &clock_, &random_);
  }

  absl::Status Restore(const Place& place, const std::string& folder) {
    place.disk->BecomeDefault();
    const auto report = RestoreBackup(place.folder + "/backups/noon", Database(folder), random_);
    RETURN_IF_ERROR(report.status());
    const bool whole = report->entries == kEntriesInBackup && report->attachments_missing == 0;
    return whole ? absl::OkStatus() : absl::InternalError("the report of the restore does not have all");
  }

  // What came after the backup.
  absl::Status Later(QuietServer& server) {
    RETURN_IF_ERROR(server.Push(phone_[0], kEntriesInBackup + 1, phone_[0].size(), kEvening));
    return SendPhoto(server, phone_[0].device(), photos_[1]);
  }

  // An error: neither of the two, or half of one.
  absl::StatusOr<bool> IsRestored(const Place& place, const std::string& folder) {
    ASSIGN_OR_RETURN(const auto server, Open(place, folder));
    const bool restored = server->storage().generation() != generation_;
    RETURN_IF_ERROR(server->storage().Read("what is there", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<std::string> photos, AllThere(sql, server->attachments()));
      ASSIGN_OR_RETURN(const Totals totals, CountTotals(sql));
      const uint64_t entries = restored ? kEntriesInBackup : phone_[0].size();
      if (totals.entries == entries && photos.size() == entries) return absl::OkStatus();
      return absl::InternalError(absl::StrCat(restored ? "restored" : "not restored", " it has ", totals.entries,
                                              " entries and ", photos.size(), " photos"));
    }));
    return restored;
  }

  // The phone sends again what the backup does not have.
  std::string EndsWell(const Place& place, const std::string& folder) {
    const auto server = Open(place, folder);
    if (!server.ok()) return absl::StrCat("does not open again: ", server.status().ToString());
    absl::Status done = Later(**server);
    if (done.ok()) done = HasAll(**server);
    return done.ok() ? (*server)->Examine("at the end") : done.ToString();
  }

  absl::Status HasAll(QuietServer& server) {
    return server.storage().Read("the end", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<std::string> photos, AllThere(sql, server.attachments()));
      ASSIGN_OR_RETURN(const Totals totals, CountTotals(sql));
      const bool all = totals.entries == phone_[0].size() && photos.size() == photos_.size();
      return all ? absl::OkStatus() : absl::InternalError("it does not have all that was sent again");
    });
  }

  // What was there before is there yet, with the log that belongs to it. A restore that failed after it had decided,
  // and was asked for again, sets its own file aside too.
  std::string SetAside(const Place& place) {
    const std::string copy = place.folder + "-copy";
    std::filesystem::remove_all(copy);
    std::filesystem::create_directory(copy);
    const std::string aside_path = Database(place.folder) + ".replaced-1";
    if (!FileExists(aside_path)) return "what was there before is gone";
    for (const char* suffix : {"", "-wal"}) {
      if (FileExists(aside_path + suffix)) std::filesystem::copy_file(aside_path + suffix, Database(copy) + suffix);
    }
    const std::string one_more = absl::StrCat(Database(place.folder), ".replaced-", std::max(attempts_, 1) + 1);
    if (FileExists(one_more)) return "more was set aside than there was";
    StorageOptions options;
    options.path = Database(copy);
    options.vfs = "unix";
    options.readers = 1;
    const auto aside = Storage::Open(options, random_);
    if (!aside.ok()) return absl::StrCat("what was set aside does not open: ", aside.status().ToString());
    const absl::Status read = (*aside)->Read("what was set aside", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const Totals totals, CountTotals(sql));
      const bool all = totals.entries == phone_[0].size() && (*aside)->generation() == generation_;
      return all ? absl::OkStatus() : absl::InternalError("what was set aside is not what was there");
    });
    return read.ok() ? "" : read.ToString();
  }

  testing::SetClock clock_{kEvening};
  SeededRandom random_{9};
  std::vector<testing::FieldPhone> phone_;
  std::vector<CrashPhoto> photos_;
  std::string generation_;  // Before.
  int attempts_ = 0;        // At restoring in place, by the story.
};

}  // namespace

std::unique_ptr<Scenario> MakeRestores() { return std::make_unique<Restores>(); }

}  // namespace doorstep::crash
