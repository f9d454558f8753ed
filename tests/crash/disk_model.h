// What may stand on a disk after a crash at one moment of a story, worked out from the record of its changes.
//
// A file's bytes are durable once the file was synced, its name once its folder was. Of what is not, a power cut leaves
// any part: each sector of 512 bytes of each write, each truncation, each creation, deletion and renaming for itself.
// What is in a folder goes with the folder's own name. A killed process takes nothing with it, but its last write may
// have been cut short.
#ifndef DOORSTEP_TESTS_CRASH_DISK_MODEL_H_
#define DOORSTEP_TESTS_CRASH_DISK_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/random.h"
#include "tests/support/power_vfs.h"

namespace doorstep::crash {

// By path below the disk's folder: "doorstep.db", "backups/noon". A folder ends with a slash and has no bytes.
using Files = std::map<std::string, std::string>;

enum class Image {
  kWritten,  // The process was killed: everything is there.
  kTorn,     // So it was, in the middle of its last write.
  kSynced,   // A power cut: only what was synced is there, under the names that there were.
  kBare,     // The same, and only the names that were durable.
  kSectors,  // A power cut: any part of what was not synced is there.
  kNames,    // The same, and any part of the names.
};
inline constexpr Image kImages[] = {Image::kWritten, Image::kTorn,    Image::kSynced,
                                    Image::kBare,    Image::kSectors, Image::kNames};
const char* ImageName(Image image);
// Whether the machine went down, and not only the process.
bool IsPowerCut(Image image);
// Whether it depends on the seed.
bool IsDrawn(Image image);

class DiskModel {
 public:
  // Everything in it is durable. `folder` is where the paths of changes begin.
  DiskModel(const Files& files, std::string folder);
  DiskModel(const DiskModel& other);
  DiskModel& operator=(const DiskModel&) = delete;

  void Apply(const testing::DiskChange& change);
  // What the crash leaves if it comes now. `random` is drawn from by the images that depend on a seed.
  Files After(Image image, Random& random) const;

 private:
  struct Write {
    int64_t at = 0;     // Where, or the new size.
    bool cuts = false;  // A truncation.
    std::string bytes;
  };
  struct File {
    std::string durable;
    std::string written;
    std::vector<Write> since;  // What made `written` of `durable`.
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  // A change of names that is not durable. No file: deleted.
  struct Naming {
    std::string name;
    std::shared_ptr<File> file;
    std::string from;  // Renamed: the name it had.
  };

  std::string NameOf(const std::string& path) const;
  static void Change(const Naming& naming, Names& names);
  void SyncNames(const std::string& folder);
  static void Change(const Write& write, std::string& bytes);
  static std::string SomeSectors(const File& file, Random& random);

  std::string folder_;  // With a slash at its end.
  Names names_;
  Names durable_names_;
  std::vector<Naming> namings_;  // What made `names_` of `durable_names_`.
  // The last change, if it was a write: it may be cut short.
  std::shared_ptr<File> last_written_;
};

// Files of `folder`, but locks and what only lives in memory.
Files ReadFiles(const std::string& folder);
// Makes `folder` hold exactly these.
void WriteFiles(const Files& files, const std::string& folder);

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_DISK_MODEL_H_
