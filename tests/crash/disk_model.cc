#include "tests/crash/disk_model.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"

namespace doorstep::crash {
namespace {

using testing::DiskChange;

constexpr int64_t kSectorBytes = 512;

// "a/b/" of "a/b/c" and of "a/b/c/"; empty: it stands at the top.
std::string FolderOf(const std::string& name) {
  const size_t slash = name.size() < 2 ? std::string::npos : name.rfind('/', name.size() - 2);
  return slash == std::string::npos ? "" : name.substr(0, slash + 1);
}

}  // namespace

const char* ImageName(Image image) {
  switch (image) {
    case Image::kWritten:
      return "written";
    case Image::kTorn:
      return "torn";
    case Image::kSynced:
      return "synced";
    case Image::kBare:
      return "bare";
    case Image::kSectors:
      return "sectors";
    case Image::kNames:
      return "names";
  }
  return "";
}

bool IsPowerCut(Image image) { return image != Image::kWritten && image != Image::kTorn; }

bool IsDrawn(Image image) { return image == Image::kTorn || image == Image::kSectors || image == Image::kNames; }

DiskModel::DiskModel(const Files& files, std::string folder) : folder_(std::move(folder) + "/") {
  for (const auto& [name, bytes] : files) {
    auto file = std::make_shared<File>();
    file->durable = bytes;
    file->written = bytes;
    names_[name] = std::move(file);
  }
  durable_names_ = names_;
}

DiskModel::DiskModel(const DiskModel& other) : folder_(other.folder_) {
  std::map<const File*, std::shared_ptr<File>> copies;
  const auto copy = [&copies](const std::shared_ptr<File>& file) -> std::shared_ptr<File> {
    if (file == nullptr) return nullptr;
    std::shared_ptr<File>& made = copies[file.get()];
    if (made == nullptr) made = std::make_shared<File>(*file);
    return made;
  };
  for (const auto& [name, file] : other.names_) names_[name] = copy(file);
  for (const auto& [name, file] : other.durable_names_) durable_names_[name] = copy(file);
  for (const Naming& naming : other.namings_) namings_.push_back({naming.name, copy(naming.file), naming.from});
  last_written_ = copy(other.last_written_);
}

std::string DiskModel::NameOf(const std::string& path) const {
  return absl::StartsWith(path, folder_) ? path.substr(folder_.size()) : "";
}

// What was named in the folder lasts, wherever it came from.
void DiskModel::SyncNames(const std::string& folder) {
  std::vector<Naming> left;
  for (Naming& naming : namings_) {
    if (FolderOf(naming.name) != folder && (naming.from.empty() || FolderOf(naming.from) != folder)) {
      left.push_back(std::move(naming));
      continue;
    }
    const auto from = durable_names_.find(naming.from);
    if (from != durable_names_.end() && from->second == naming.file) durable_names_.erase(from);
    Change({naming.name, naming.file, ""}, durable_names_);
  }
  namings_ = std::move(left);
}

void DiskModel::Change(const Naming& naming, Names& names) {
  if (!naming.from.empty()) {
    const auto found = names.find(naming.from);
    if (found == names.end() || found->second != naming.file) return;  // It never came there.
    names.erase(found);
  }
  if (naming.file != nullptr) {
    names[naming.name] = naming.file;
  } else {
    names.erase(naming.name);
  }
}

void DiskModel::Change(const Write& write, std::string& bytes) {
  if (write.cuts) {
    bytes.resize(static_cast<size_t>(write.at));
    return;
  }
  const size_t end = static_cast<size_t>(write.at) + write.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  std::copy(write.bytes.begin(), write.bytes.end(), bytes.begin() + write.at);
}

void DiskModel::Apply(const DiskChange& change) {
  const std::string name = NameOf(change.path);
  const auto found = names_.find(name);
  const std::shared_ptr<File> file = found != names_.end() ? found->second : nullptr;
  last_written_ = nullptr;
  switch (change.kind) {
    case DiskChange::Kind::kCreate:
      namings_.push_back({name, std::make_shared<File>(), ""});
      return Change(namings_.back(), names_);
    case DiskChange::Kind::kWrite:
    case DiskChange::Kind::kTruncate:
      if (file == nullptr) return;
      file->since.push_back({change.at, change.kind == DiskChange::Kind::kTruncate, change.bytes});
      Change(file->since.back(), file->written);
      if (change.kind == DiskChange::Kind::kWrite) last_written_ = file;
      return;
    case DiskChange::Kind::kSync:
      if (file == nullptr) return;
      file->durable = file->written;
      file->since.clear();
      return;
    case DiskChange::Kind::kDelete:
      if (file == nullptr) return;
      namings_.push_back({name, nullptr, ""});
      return Change(namings_.back(), names_);
    case DiskChange::Kind::kRename:
      if (file == nullptr) return;
      namings_.push_back({NameOf(change.to), file, name});
      return Change(namings_.back(), names_);
    case DiskChange::Kind::kLink:
      if (file == nullptr) return;
      namings_.push_back({NameOf(change.to), file, ""});
      return Change(namings_.back(), names_);
    case DiskChange::Kind::kSyncNames:
      return SyncNames(name.substr(0, name.rfind('/') + 1));
  }
}

std::string DiskModel::SomeSectors(const File& file, Random& random) {
  std::string bytes = file.durable;
  const uint64_t keeps_in_8 = random.Below(9);  // All kinds: nothing lost, everything lost, a mixture.
  for (const Write& write : file.since) {
    if (write.cuts) {
      if (random.Below(8) < keeps_in_8) Change(write, bytes);
      continue;
    }
    const int64_t end = write.at + static_cast<int64_t>(write.bytes.size());
    for (int64_t from = write.at; from < end;) {
      const int64_t to = std::min(end, (from / kSectorBytes + 1) * kSectorBytes);
      if (random.Below(8) < keeps_in_8) {
        Change({from, false, write.bytes.substr(static_cast<size_t>(from - write.at), static_cast<size_t>(to - from))},
               bytes);
      }
      from = to;
    }
  }
  return bytes;
}

Files DiskModel::After(Image image, Random& random) const {
  Names names = image == Image::kBare || image == Image::kNames ? durable_names_ : names_;
  if (image == Image::kNames) {
    for (const Naming& naming : namings_) {
      if (random.Below(2) == 0) Change(naming, names);
    }
  }
  Files files;
  std::map<const File*, const std::string*> drawn;  // One that has two names has its bytes once.
  for (const auto& [name, file] : names) {
    if (const std::string folder = FolderOf(name); !folder.empty() && files.count(folder) == 0) continue;
    std::string& bytes = files[name];
    const auto [same, is_new] = drawn.emplace(file.get(), &bytes);
    if (!is_new) {
      bytes = *same->second;
      continue;
    }
    if (image == Image::kWritten || image == Image::kTorn) {
      bytes = file->written;
    } else if (image == Image::kSynced || image == Image::kBare) {
      bytes = file->durable;
    } else {
      bytes = SomeSectors(*file, random);
    }
    if (image != Image::kTorn || file != last_written_) continue;
    bytes = file->durable;
    for (const Write& write : file->since) {
      Write part = write;
      if (&write == &file->since.back()) part.bytes.resize(random.Below(part.bytes.size() + 1));
      Change(part, bytes);
    }
  }
  return files;
}

Files ReadFiles(const std::string& folder) {
  Files files;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = file.path().string().substr(folder.size() + 1);
    if (absl::EndsWith(name, ".lock") || absl::EndsWith(name, "-shm")) continue;
    if (file.is_directory()) {
      files[name + "/"] = "";
      continue;
    }
    std::ifstream in(file.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    files[name] = bytes.str();
  }
  return files;
}

void WriteFiles(const Files& files, const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  for (const auto& [name, bytes] : files) {
    if (absl::EndsWith(name, "/")) {
      std::filesystem::create_directory(folder + "/" + name.substr(0, name.size() - 1));
      continue;
    }
    std::ofstream out(folder + "/" + name, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out.good()) abort();  // No room for the test's own disk: nothing it says would be true.
  }
}

}  // namespace doorstep::crash
