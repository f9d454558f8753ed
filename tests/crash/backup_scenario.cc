// Backups of a server that goes on: one in the morning, entries and a photo after it, one at night. A backup that was
// answered is whole and has its photos beside it, and phones are told of none that is not.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/backup_file.h"
#include "server/storage/device_table.h"
#include "server/storage/durable_file.h"
#include "server/storage/journal_table.h"
#include "tests/crash/photos.h"
#include "tests/crash/quiet_server.h"
#include "tests/crash/scenario.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

using testing::kHour;
using testing::kMonday;

constexpr int64_t kEvening = kMonday + 18 * kHour;
constexpr const char* kBackups[] = {"noon", "night"};

class Backups final : public Scenario {
 public:
  std::string name() const override { return "backup"; }

  absl::Status Prepare(const std::string& folder) override {
    ASSIGN_OR_RETURN(PhotoOffice office, PreparePhotos(folder, {900, 900}, 1));
    phone_.push_back(std::move(office.phone));
    photos_ = std::move(office.photos);
    testing::PowerDisk disk;
    ASSIGN_OR_RETURN(const auto server, QuietServer::Open({folder, &disk}, folder, &clock_, &random_));
    return SendPhoto(*server, phone_[0].device(), photos_[0]);
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    Steps steps(place.disk);
    std::unique_ptr<QuietServer> server;
    const auto back_up = [&](const std::string& name) {
      steps.Do(name, [&, name]() -> absl::Status {
        ledger.Begins("backup " + name);
        RETURN_IF_ERROR(Open(place, server));
        RETURN_IF_ERROR(BackUp(place, *server, name));
        ledger.Answered("backup " + name);
        return absl::OkStatus();
      });
    };
    back_up(kBackups[0]);
    steps.Do("later", [&]() -> absl::Status {
      RETURN_IF_ERROR(Open(place, server));
      return Later(*server);
    });
    back_up(kBackups[1]);
    return steps.Finish();
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    std::unique_ptr<QuietServer> server;
    RETURN_IF_ERROR(Open(place, server));
    std::vector<Thing> things;
    uint64_t held = 0;  // The most entries that a backup has.
    std::vector<std::string> with_photos;
    for (const std::string name : kBackups) {
      if (!FileExists(PathOf(place, name))) continue;
      ASSIGN_OR_RETURN(const Contents contents, Inspect(place, name));
      held = std::max(held, contents.mark);
      with_photos.insert(with_photos.end(), contents.photos.begin(), contents.photos.end());
      things.push_back("backup " + name);
    }
    RETURN_IF_ERROR(server->storage().Read("what is there", [&](SqlSession& sql) -> absl::Status {
      RETURN_IF_ERROR(AllThere(sql, server->attachments()).status());
      ASSIGN_OR_RETURN(const uint64_t told, Mark(sql, /*backed_up=*/true));
      if (told > held) return absl::InternalError("the phone is told of entries in a backup that has them not");
      return ForEachAttachment(sql, [&](const AttachmentRow& row) -> absl::Status {
        const bool kept = std::count(with_photos.begin(), with_photos.end(), row.sha256) > 0;
        return kept || !row.backed_up ? absl::OkStatus() : absl::InternalError("told of a photo that no backup has");
      });
    }));
    found(std::move(things));
    return absl::OkStatus();
  }

  std::string GoOn(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    if (!done.ok()) return absl::StrCat("does not open again: ", done.ToString());
    done = Later(*server);
    for (const std::string name : kBackups) {
      if (done.ok()) done = BackUp(place, *server, name);
    }
    if (done.ok()) done = server->BackUp("last");
    if (!done.ok()) return absl::StrCat("asked for again: ", done.ToString());
    if (done = HasAll(place, *server); !done.ok()) return done.ToString();
    for (const auto& file : std::filesystem::directory_iterator(place.folder + "/backups")) {
      const std::string path = file.path().string();
      if (path.find(".partial") != std::string::npos) return absl::StrCat(path, " is left over");
    }
    return server->Examine("at the end");
  }

  std::string LookAtEnd(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    if (done.ok()) done = HasAll(place, *server);
    return done.ok() ? "" : done.ToString();
  }

 private:
  struct Contents {
    uint64_t mark = 0;
    std::vector<std::string> photos;
  };

  static std::string PathOf(const Place& place, const std::string& name) { return place.folder + "/backups/" + name; }

  absl::Status Open(const Place& place, std::unique_ptr<QuietServer>& server) {
    if (server != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(server, QuietServer::Open(place, place.folder, &clock_, &random_));
    return absl::OkStatus();
  }

  // One that is there already may be one whose making was told of as failed, or not at all.
  static absl::Status BackUp(const Place& place, QuietServer& server, const std::string& name) {
    return FileExists(PathOf(place, name)) ? absl::OkStatus() : server.BackUp(name);
  }

  // The backups are all there and good, the last has everything, and that is told.
  absl::Status HasAll(const Place& place, QuietServer& server) {
    for (const std::string name : kBackups) RETURN_IF_ERROR(Inspect(place, name).status());
    ASSIGN_OR_RETURN(const Contents last, Inspect(place, "last"));
    if (last.mark != phone_[0].size() || last.photos.size() != photos_.size()) {
      return absl::InternalError("the last backup has not all");
    }
    return server.storage().Read("what is told", [&](SqlSession& sql) -> absl::Status {
      RETURN_IF_ERROR(AllThere(sql, server.attachments()).status());
      ASSIGN_OR_RETURN(const uint64_t told, Mark(sql, /*backed_up=*/true));
      ASSIGN_OR_RETURN(const std::vector<std::string> untold, AttachmentsNotBackedUp(sql));
      if (told == phone_[0].size() && untold.empty()) return absl::OkStatus();
      return absl::InternalError("the phone is not told all that the last backup has");
    });
  }

  // The second photo: its entry, and then its bytes.
  absl::Status Later(QuietServer& server) {
    RETURN_IF_ERROR(server.Push(phone_[0], 2, phone_[0].size(), kEvening));
    return SendPhoto(server, phone_[0].device(), photos_[1]);
  }

  absl::StatusOr<uint64_t> Mark(SqlSession& sql, bool backed_up) {
    ASSIGN_OR_RETURN(const auto device, FindDevice(sql, phone_[0].device()));
    if (!device.has_value()) return absl::InternalError("the device is gone");
    ASSIGN_OR_RETURN(const auto journal, FindJournal(sql, device->n, phone_[0].epoch()));
    if (!journal.has_value()) return absl::InternalError("the journal is gone");
    return backed_up ? journal->backed_up : journal->mark;
  }

  // Compares it with its checksum, and what it names with what is beside it.
  absl::StatusOr<Contents> Inspect(const Place& place, const std::string& name) {
    const std::string path = PathOf(place, name);
    ASSIGN_OR_RETURN(const std::string wanted, ReadChecksum(path));
    ASSIGN_OR_RETURN(const std::string hash, HashFile(path));
    if (hash != wanted) return absl::InternalError(absl::StrCat(name, " is not what its checksum says"));
    if (inspected_.count(hash) == 0) {
      ASSIGN_OR_RETURN(Contents contents, Read(path, place.folder + "-copy"));
      inspected_[hash] = std::move(contents);
    }
    const Contents& contents = inspected_[hash];
    for (const std::string& sha256 : contents.photos) {
      const absl::StatusOr<std::string> bytes = HashFile(AttachmentPath(AttachmentFolder(path), sha256));
      if (!bytes.ok() || *bytes != sha256) return absl::InternalError(absl::StrCat(name, ": a photo is not beside it"));
    }
    return contents;
  }

  // Opens a copy, beside the disk.
  absl::StatusOr<Contents> Read(const std::string& path, const std::string& copy) {
    RemoveDatabaseFiles(copy);
    std::filesystem::copy_file(path, copy);
    StorageOptions options;
    options.path = copy;
    options.vfs = "unix";
    options.readers = 1;
    Contents contents;
    ASSIGN_OR_RETURN(const std::unique_ptr<Storage> storage, Storage::Open(options, random_));
    RETURN_IF_ERROR(storage->Read("a backup", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(contents.mark, Mark(sql, /*backed_up=*/false));
      return ForEachAttachment(sql, [&](const AttachmentRow& row) -> absl::Status {
        contents.photos.push_back(row.sha256);
        return absl::OkStatus();
      });
    }));
    return contents;
  }

  testing::SetClock clock_{kEvening};
  SeededRandom random_{8};
  std::vector<testing::FieldPhone> phone_;
  std::vector<CrashPhoto> photos_;
  std::map<std::string, Contents> inspected_;  // By hash.
};

}  // namespace

std::unique_ptr<Scenario> MakeBackups() { return std::make_unique<Backups>(); }

}  // namespace doorstep::crash
