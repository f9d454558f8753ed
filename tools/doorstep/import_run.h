// One run of `doorstep import`: files in, batches to the server, an account of every row out.
// Invariant: a row is either in the server as a whole or listed as rejected with file, line, field and reason.
#ifndef DOORSTEP_TOOLS_DOORSTEP_IMPORT_RUN_H_
#define DOORSTEP_TOOLS_DOORSTEP_IMPORT_RUN_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/import_service.pb.h"
#include "tools/doorstep/import_row.h"
#include "tools/doorstep/import_schema.h"

namespace doorstep::cli {

class Connection;
class Progress;

struct ImportFile {
  std::string name;
  std::string text;  // UTF-8.
  bool was_gb18030 = false;
  char delimiter = 0;  // 0: found from the header.
  const ImportKind* kind = nullptr;
};

// Reads the file and decides on its kind; `kind_name` empty: guessed.
absl::StatusOr<ImportFile> OpenImportFile(const std::string& name, const std::string& kind_name, char delimiter);

struct ImportTally {
  std::string file;
  std::string kind;
  uint64_t rows = 0;
  uint64_t created = 0;
  uint64_t updated = 0;
  uint64_t unchanged = 0;
  uint64_t rejected = 0;
  // Corrective visits that lack the asset or the fault code by which repeats are seen.
  uint64_t cannot_repeat = 0;
  // Read, and neither rejected nor known to be stored: the server was away.
  uint64_t unconfirmed() const { return rows - created - updated - unchanged - rejected; }
};
struct RejectedRow {
  std::string file;
  int64_t line = 0;
  std::string field;
  std::string reason;
};
struct UpdatedRow {
  std::string file;
  int64_t line = 0;
  std::string id;
  std::vector<std::string> changed_fields;
};

class ImportRun {
 public:
  // `connection` must outlive this object.
  ImportRun(Connection* connection, std::string system, std::string default_zone, bool dry_run);

  // An error: the server could not be asked; rows that it answered before are in. Files after that one are read and
  // counted, and nothing of them is sent.
  absl::Status Import(const ImportFile& file);

  const std::vector<ImportTally>& tallies() const { return tallies_; }
  const std::vector<RejectedRow>& rejected() const { return rejected_; }
  const std::vector<UpdatedRow>& updated() const { return updated_; }

 private:
  struct Sent {
    int64_t line;
    std::string id;
  };

  absl::Status Take(const ImportFile& file, const SourceRow& row, Progress* progress);
  absl::Status Send(const ImportFile& file);
  void Judge(const ImportFile& file, const Sent& sent, const v1::ImportRow& row, const v1::ImportRowResult& result);
  // Why a row that the server rejected is none; empty: a dry run only missed what the run itself would have brought.
  std::string WhyRejected(const ImportKind& kind, const v1::ImportRow& row, const v1::ImportRowResult& result) const;
  void Reject(const ImportFile& file, int64_t line, std::string field, std::string reason);
  absl::StatusOr<std::string> ZoneOf(const std::string& account_id);

  Connection* const connection_;
  const bool dry_run_;
  ImportSettings settings_;
  v1::ImportRowsRequest batch_;
  size_t batch_bytes_ = 0;
  std::vector<Sent> sent_;
  // (record, id) -> "FILE:LINE", to find the same id twice.
  std::map<std::pair<std::string, std::string>, std::string> seen_;
  // What a dry run would have put in, with the account that owns it, so that rows which name it are not refused for its
  // absence: (record, id) -> account.
  std::map<std::pair<std::string, std::string>, std::string> would_be_there_;
  bool failed_ = false;
  bool zones_known_ = false;
  std::map<std::string, std::string> zones_;  // By account.
  std::vector<ImportTally> tallies_;
  std::vector<RejectedRow> rejected_;
  std::vector<UpdatedRow> updated_;
};

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_IMPORT_RUN_H_
