// The limit of the machine: SQLite alone, WAL, synchronous FULL. `bench_raw DIR` prints
//   raw_entries_per_s     a row per entry, 1,000 a commit
//   raw_commit_p50_us     one entry a commit: what a tap costs at least
//   raw_commit_p99_us
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/status.h"
#include "client_core/sqlite/database.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kEntries = 100000;
constexpr int kPerCommit = 1000;
constexpr int kSingleCommits = 2000;

absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenTable(const std::string& path) {
  ASSIGN_OR_RETURN(auto db, sqlite::Database::Open({.path = path}));
  RETURN_IF_ERROR(
      db->Execute("CREATE TABLE entry(device INTEGER, epoch INTEGER, seq INTEGER, hash BLOB, bytes BLOB, "
                  "PRIMARY KEY(device, epoch, seq)) WITHOUT ROWID"));
  return db;
}

absl::Status Insert(sqlite::Statement& insert, int64_t device, int64_t seq, const std::string& entry) {
  return insert.Bind(1, device)
      .Bind(2, 1)
      .Bind(3, seq)
      .BindBlob(4, absl::string_view(entry).substr(0, 32))
      .BindBlob(5, entry)
      .Run();
}

constexpr char kInsert[] = "INSERT INTO entry(device, epoch, seq, hash, bytes) VALUES($1, $2, $3, $4, $5)";

absl::StatusOr<double> EntriesPerSecond(const std::string& path, const std::vector<std::string>& entries) {
  ASSIGN_OR_RETURN(auto db, OpenTable(path));
  ASSIGN_OR_RETURN(sqlite::Statement insert, db->Prepare(kInsert));
  const double begin = Seconds();
  for (int done = 0; done < kEntries; done += kPerCommit) {
    RETURN_IF_ERROR(db->Transaction([&]() -> absl::Status {
      for (int i = done; i < done + kPerCommit; ++i) {
        RETURN_IF_ERROR(Insert(insert, i % 50, i / 50, entries[i % entries.size()]));
      }
      return absl::OkStatus();
    }));
  }
  return kEntries / (Seconds() - begin);
}

absl::StatusOr<std::vector<double>> SingleCommitMicros(const std::string& path,
                                                       const std::vector<std::string>& entries) {
  ASSIGN_OR_RETURN(auto db, OpenTable(path));
  ASSIGN_OR_RETURN(sqlite::Statement insert, db->Prepare(kInsert));
  std::vector<double> micros;
  for (int i = 0; i < kSingleCommits; ++i) {
    const double begin = Seconds();
    RETURN_IF_ERROR(Insert(insert, 1, i, entries[i % entries.size()]));
    micros.push_back((Seconds() - begin) * 1e6);
  }
  return micros;
}

void Run(const std::string& directory) {
  SeededRandom random(1);
  std::vector<std::string> entries;
  for (int i = 0; i < kVisitsPerShift; ++i) {
    for (std::string& entry : VisitEntries("visit-" + std::to_string(i), 1700000000000000, random)) {
      entries.push_back(std::move(entry));
    }
  }
  const auto rate = EntriesPerSecond(directory + "/raw.db", entries);
  if (!rate.ok()) Fail(rate.status().ToString());
  const auto micros = SingleCommitMicros(directory + "/single.db", entries);
  if (!micros.ok()) Fail(micros.status().ToString());
  Print({{"raw_entries_per_s", *rate},
         {"raw_commit_p50_us", Percentile(*micros, 0.5)},
         {"raw_commit_p99_us", Percentile(*micros, 0.99)}});
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 2) doorstep::benchmarks::Fail("usage: bench_raw EMPTY_FOLDER");
  doorstep::benchmarks::Run(argv[1]);
  return 0;
}
