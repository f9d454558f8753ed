// Runs a fuzz target over every file of its corpus and over seeded mutations of them: what a machine without libFuzzer
// can do, the same on each run. `X_fuzz CORPUS_FOLDER [MUTATIONS]`.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 3000;
constexpr uint64_t kSeed = 20261122;

std::string Mutate(std::string bytes, std::mt19937_64& random) {
  const int times = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < times; ++i) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 4) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
        break;
      case 2:
        bytes.erase(at, 1 + random() % 8);
        break;
      default:
        bytes += bytes.substr(at, random() % 64);
    }
  }
  return bytes;
}

void Run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS]\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds = {""};
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    Run(seeds.back());
  }
  std::mt19937_64 random(kSeed);
  const int mutations = argc > 2 ? std::atoi(argv[2]) : kMutations;
  for (int i = 0; i < mutations; ++i) Run(Mutate(seeds[random() % seeds.size()], random));
  std::printf("%zu files and %d mutations\n", files.size(), mutations);
  return 0;
}
