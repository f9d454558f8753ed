// Attachments of a server: pieces arrive, files become whole and known, and what nobody knows is swept away.
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/attachment_table.h"
#include "tests/crash/photos.h"
#include "tests/crash/quiet_server.h"
#include "tests/crash/scenario.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

using testing::kHour;
using testing::kMonday;

// One step: so much of a photo has been answered.
struct Sent {
  size_t photo;
  uint64_t through;
};

constexpr size_t kBytes[] = {1900, 1400, 900, 1400};
constexpr Sent kStory[] = {{0, 700}, {0, 1400}, {0, 1900}, {1, 1400}, {3, 700}, {2, 900}};
constexpr size_t kRestartBefore = 2;
// Half a photo: the sweep at the end of the story takes it.
constexpr size_t kSwept = 4;
// The others. The last that is sent is the last of the story too: nothing after it makes it durable by the way.
constexpr size_t kWhole = 3;

class Photos final : public Scenario {
 public:
  std::string name() const override { return "photos"; }

  absl::Status Prepare(const std::string& folder) override {
    ASSIGN_OR_RETURN(PhotoOffice office, PreparePhotos(folder, {std::begin(kBytes), std::end(kBytes)}, 0));
    device_ = office.phone.device();
    photos_ = std::move(office.photos);
    return absl::OkStatus();
  }

  std::string Play(const Place& place, Ledger& ledger) override {
    Steps steps(place.disk);
    std::unique_ptr<QuietServer> server;
    for (size_t i = 0; i < std::size(kStory); ++i) {
      if (i == kRestartBefore) server.reset();
      steps.Do(Named(kStory[i]), [&, i]() -> absl::Status {
        const CrashPhoto& photo = photos_[kStory[i].photo];
        if (i != kSwept) ledger.Begins(Named(kStory[i]));
        if (i != kSwept && kStory[i].through == photo.bytes.size()) ledger.Begins(Known(kStory[i].photo));
        RETURN_IF_ERROR(Open(place, server));
        RETURN_IF_ERROR(SendPhoto(*server, device_, photo, kStory[i].through));
        if (i != kSwept) ledger.Answered(Named(kStory[i]));
        if (i != kSwept && kStory[i].through == photo.bytes.size()) ledger.Answered(Known(kStory[i].photo));
        return absl::OkStatus();
      });
    }
    steps.Do("sweep", [&]() -> absl::Status {
      RETURN_IF_ERROR(Open(place, server));
      return server->SweepAll();
    });
    return steps.Finish();
  }

  absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) override {
    std::unique_ptr<QuietServer> server;
    RETURN_IF_ERROR(Open(place, server));
    std::vector<Thing> things;
    for (size_t i = 0; i < std::size(kStory); ++i) {
      const Sent& sent = kStory[i];
      const bool came = CameThrough(server->attachments(), device_, photos_[sent.photo]) >= sent.through;
      if (i != kSwept && came) things.push_back(Named(sent));
    }
    RETURN_IF_ERROR(server->storage().Read("what is there", [&](SqlSession& sql) -> absl::Status {
      RETURN_IF_ERROR(AllThere(sql, server->attachments()).status());
      for (size_t i = 0; i < photos_.size(); ++i) {
        ASSIGN_OR_RETURN(const auto row, FindAttachment(sql, photos_[i].sha256));
        if (row.has_value()) things.push_back(Known(i));
      }
      return absl::OkStatus();
    }));
    found(std::move(things));
    return absl::OkStatus();
  }

  // How much of a photo has come is what its file holds: a server that is asked says so, to be sent the rest, and calls
  // it stored only once it has written it out.
  bool Promises(const Thing& thing) const override { return thing.find(" through ") == Thing::npos; }

  std::string GoOn(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    if (!done.ok()) return absl::StrCat("does not open again: ", done.ToString());
    for (size_t i = 0; i < kWhole; ++i) {
      if (done.ok()) done = SendPhoto(*server, device_, photos_[i]);
    }
    if (done.ok()) done = server->SweepAll();
    if (done.ok()) done = Compare(*server);
    return done.ok() ? server->Examine("at the end") : done.ToString();
  }

  std::string LookAtEnd(const Place& place) override {
    std::unique_ptr<QuietServer> server;
    absl::Status done = Open(place, server);
    absl::StatusOr<size_t> known = size_t{0};
    if (done.ok()) known = CountKnown(*server);
    if (done.ok()) done = known.status();
    if (!done.ok()) return done.ToString();
    return *known == kWhole ? "" : absl::StrCat(*known, " attachments of ", kWhole, " are known");
  }

 private:
  static std::string Named(const Sent& sent) { return absl::StrCat("photo ", sent.photo, " through ", sent.through); }
  static Thing Known(size_t photo) { return absl::StrCat("photo ", photo); }

  absl::Status Open(const Place& place, std::unique_ptr<QuietServer>& server) {
    if (server != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(server, QuietServer::Open(place, place.folder, &clock_, &random_));
    return absl::OkStatus();
  }

  static absl::StatusOr<size_t> CountKnown(QuietServer& server) {
    size_t known = 0;
    RETURN_IF_ERROR(server.storage().Read("attachments", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<std::string> hashes, AllThere(sql, server.attachments()));
      known = hashes.size();
      return absl::OkStatus();
    }));
    return known;
  }

  // After a sweep there are exactly the files that are known.
  static absl::Status Compare(QuietServer& server) {
    ASSIGN_OR_RETURN(const size_t known, CountKnown(server));
    const size_t files = CountFiles(server.attachments());
    if (known == files && known == kWhole) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("there are ", files, " files of ", known, " attachments"));
  }

  testing::SetClock clock_{kMonday + 18 * kHour};
  SeededRandom random_{6};
  std::string device_;
  std::vector<CrashPhoto> photos_;
};

}  // namespace

std::unique_ptr<Scenario> MakePhotos() { return std::make_unique<Photos>(); }

}  // namespace doorstep::crash
