#include "tools/doorstep/import_run.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
#include "tools/doorstep/charset.h"
#include "tools/doorstep/connection.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/progress.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr int kBatchSeconds = 120;

absl::StatusOr<std::string> ReadWhole(const std::string& name) {
  std::FILE* file = std::fopen(name.c_str(), "rb");
  const auto failure = [&](int error) {
    return WithTry(absl::ErrnoToStatus(error, absl::StrCat("cannot read ", name)),
                   "the path of a file with CSV or JSON lines that you may read");
  };
  if (file == nullptr) return failure(errno);
  std::string content;
  char part[1 << 16];
  size_t count = 0;
  while ((count = std::fread(part, 1, sizeof(part), file)) > 0) {
    content.append(part, count);
    if (content.size() > limits::kImportFileBytesMax) break;
  }
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  std::fclose(file);
  if (failed) return failure(error);
  if (content.size() > limits::kImportFileBytesMax) {
    return WithTry(absl::InvalidArgumentError(
                       absl::StrCat(name, ": more than ", limits::kImportFileBytesMax, " bytes in one file")),
                   "several smaller files, each with the header line");
  }
  return content;
}

absl::Status InFile(const std::string& name, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(name, ": ", std::string(status.message())));
}

// Spreadsheets end with rows of separators.
bool IsBlank(const SourceRow& row) {
  return row.problem.empty() && std::all_of(row.cells.begin(), row.cells.end(), [](const SourceCell& cell) {
           return cell.text.empty() && cell.items.empty();
         });
}

// Columns that nobody will read are worth a word: one may be a misspelt name.
absl::Status CheckColumns(const ImportFile& file, const std::vector<std::string>& names) {
  if (LooksLikeJsonLines(file.text)) return absl::OkStatus();  // Each line has its own members, and is judged by them.
  std::set<std::string> filled;
  for (const std::string& name : names) {
    const ColumnMatch match = MatchColumn(*file.kind, name);
    if (match.column != nullptr) filled.insert(match.column->name);
    if (match.known) continue;
    const std::string near = NearestColumn(*file.kind, name);
    Note(absl::StrCat("Note: ", file.name, ": the column \"", name, "\" is not known and left out",
                      near.empty() ? "" : absl::StrCat("; did you mean \"", near, "\"?")));
  }
  for (const ImportColumn& column : file.kind->columns) {
    if (!column.required || filled.count(column.name) > 0) continue;
    return WithTry(absl::InvalidArgumentError(absl::StrCat(file.name, ": the column \"", column.name, "\" of ",
                                                           file.kind->name, " is missing from the header")),
                   absl::StrCat("doorstep import --template ", file.kind->name,
                                "; another kind is chosen with --kind, the separator with --delimiter"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImportFile> OpenImportFile(const std::string& name, const std::string& kind_name, char delimiter) {
  ImportFile file;
  file.name = name;
  file.delimiter = delimiter;
  ASSIGN_OR_RETURN(std::string bytes, ReadWhole(name));
  absl::StatusOr<DecodedText> decoded = DecodeText(std::move(bytes));
  if (!decoded.ok()) return WithTry(InFile(name, decoded.status()), "the file saved as UTF-8 text");
  file.text = std::move(decoded->text);
  file.was_gb18030 = decoded->was_gb18030;
  const std::vector<std::string> columns = ColumnNames(file.text, delimiter);
  if (columns.empty()) {
    return WithTry(absl::InvalidArgumentError(absl::StrCat(name, ": there is no header and no row in it")),
                   "doorstep import --template accounts");
  }
  const absl::StatusOr<const ImportKind*> kind =
      kind_name.empty() ? GuessImportKind(name, columns) : FindImportKind(kind_name);
  if (!kind.ok()) {
    return WithTry(InFile(name, kind.status()), "--kind accounts, or another kind; doorstep import --help lists them");
  }
  file.kind = *kind;
  if (file.was_gb18030) Note(absl::StrCat("Note: ", name, " is read as GB18030"));
  RETURN_IF_ERROR(CheckColumns(file, columns));
  return file;
}

ImportRun::ImportRun(Connection* connection, std::string system, std::string default_zone, bool dry_run)
    : connection_(connection), dry_run_(dry_run) {
  settings_.system = std::move(system);
  settings_.default_zone = std::move(default_zone);
  settings_.zone_of_account = [this](const std::string& account_id) { return ZoneOf(account_id); };
}

absl::Status ImportRun::Import(const ImportFile& file) {
  const size_t rejected_before = rejected_.size();
  ImportTally& tally = tallies_.emplace_back();
  tally.file = file.name;
  tally.kind = file.kind->name;
  Progress progress(file.name);
  absl::Status status;
  const RowSink sink = [&](const SourceRow& row) {
    if (IsBlank(row)) return;
    ++tallies_.back().rows;
    if (!failed_) status = Take(file, row, &progress);
    failed_ = !status.ok() || failed_;
  };
  const absl::Status read =
      LooksLikeJsonLines(file.text) ? ReadJsonLines(file.text, sink) : ReadCsv(file.text, file.delimiter, sink);
  if (read.ok() && !failed_) status = Send(file);
  failed_ = failed_ || !read.ok() || !status.ok();
  // The server judges in batches, and a person goes through the file from top to bottom.
  std::stable_sort(rejected_.begin() + static_cast<std::ptrdiff_t>(rejected_before), rejected_.end(),
                   [](const RejectedRow& a, const RejectedRow& b) { return a.line < b.line; });
  if (!read.ok()) return InFile(file.name, read);
  if (HasTry(status)) return status;
  if (!status.ok()) {
    return WithTry(InFile(file.name, status),
                   "the same import again, once the cause is gone: rows that are already there change nothing");
  }
  return absl::OkStatus();
}

absl::Status ImportRun::Take(const ImportFile& file, const SourceRow& row, Progress* progress) {
  ImportTally& tally = tallies_.back();
  progress->Update(absl::StrCat(Grouped(tally.rows), " rows"));

  ASSIGN_OR_RETURN(auto converted, ConvertRow(*file.kind, row, settings_));
  if (const auto* problem = std::get_if<RowProblem>(&converted); problem != nullptr) {
    Reject(file, row.line, problem->field, problem->reason);
    return absl::OkStatus();
  }
  v1::ImportRow& import = std::get<v1::ImportRow>(converted);
  const std::string id = RecordId(*file.kind, import);
  // Two rows with one id would change each other for ever, however often the file is imported.
  const auto [seen, is_new] = seen_.emplace(std::pair(file.kind->record, id), absl::StrCat(file.name, ":", row.line));
  if (!is_new) {
    Reject(file, row.line, "id", absl::StrCat("\"", id, "\" is also on ", seen->second));
    return absl::OkStatus();
  }
  if (import.has_account()) zones_[id] = import.account().zone();
  const v1::PastVisit& visit = import.past_visit();
  tally.cannot_repeat += visit.kind() == v1::WORK_ORDER_KIND_CORRECTIVE &&
                         (visit.asset_id().empty() || visit.outcome().fault().code().empty());

  const size_t bytes = import.ByteSizeLong();
  const bool full =
      batch_.rows_size() >= limits::kImportRowsMax || batch_bytes_ + bytes > limits::kImportRequestBytesMax;
  if (full) RETURN_IF_ERROR(Send(file));
  *batch_.add_rows() = std::move(import);
  batch_bytes_ += bytes + 8;
  sent_.push_back({row.line, id});
  return absl::OkStatus();
}

absl::Status ImportRun::Send(const ImportFile& file) {
  if (batch_.rows().empty()) return absl::OkStatus();
  batch_.set_dry_run(dry_run_);
  batch_.clear_request_id();
  v1::ImportRowsResponse response;
  RETURN_IF_ERROR(connection_->Call(&batch_, &response, kBatchSeconds));
  if (response.results_size() != batch_.rows_size()) {
    return absl::InternalError(
        absl::StrCat("the server answered ", response.results_size(), " of ", batch_.rows_size(), " rows"));
  }
  for (int i = 0; i < response.results_size(); ++i) Judge(file, sent_[i], batch_.rows(i), response.results(i));
  batch_.clear_rows();
  sent_.clear();
  batch_bytes_ = 0;
  return absl::OkStatus();
}

void ImportRun::Judge(const ImportFile& file, const Sent& sent, const v1::ImportRow& row,
                      const v1::ImportRowResult& result) {
  ImportTally& tally = tallies_.back();
  switch (result.result()) {
    case v1::IMPORT_RESULT_UPDATED: {
      ++tally.updated;
      UpdatedRow updated{file.name, sent.line, sent.id, {}};
      for (const std::string& field : result.changed_fields()) {
        updated.changed_fields.push_back(ColumnOfField(*file.kind, field));
      }
      updated_.push_back(std::move(updated));
      break;
    }
    case v1::IMPORT_RESULT_UNCHANGED:
      ++tally.unchanged;
      break;
    case v1::IMPORT_RESULT_CREATED:
      ++tally.created;
      break;
    default:
      if (std::string reason = WhyRejected(*file.kind, row, result); !reason.empty()) {
        Reject(file, sent.line, ColumnOfField(*file.kind, result.field()), std::move(reason));
        return;
      }
      ++tally.created;
  }
  if (dry_run_) would_be_there_[{file.kind->record, sent.id}] = RecordOwner(*file.kind, row);
}

std::string ImportRun::WhyRejected(const ImportKind& kind, const v1::ImportRow& row,
                                   const v1::ImportRowResult& result) const {
  using google::protobuf::FieldDescriptor;
  const std::string server_says =
      result.reason().empty() ? "the server does not say why" : InColumnNames(kind, result.reason());
  if (!dry_run_) return server_says;
  std::string name = result.field().substr(result.field().rfind('.') + 1);
  name = name.substr(0, name.find('['));
  const auto* field = row.GetReflection()->GetOneofFieldDescriptor(row, row.GetDescriptor()->FindOneofByName("record"));
  const google::protobuf::Message& record = row.GetReflection()->GetMessage(row, field);
  const FieldDescriptor* reference = record.GetDescriptor()->FindFieldByName(name);
  if (reference == nullptr || reference->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return server_says;
  std::vector<std::string> ids;
  if (reference->is_repeated()) {
    for (int i = 0; i < record.GetReflection()->FieldSize(record, reference); ++i) {
      ids.push_back(record.GetReflection()->GetRepeatedString(record, reference, i));
    }
  } else {
    ids.push_back(record.GetReflection()->GetString(record, reference));
  }
  for (const char* target : {"account", "site", "asset", "technician"}) {
    if (!absl::StrContains(name, absl::StrCat(target, "_id"))) continue;
    for (const std::string& id : ids) {
      const auto there = would_be_there_.find({target, id});
      if (there == would_be_there_.end()) return server_says;
      const std::string owner = RecordOwner(kind, row);
      if (there->second.empty() || there->second == owner) continue;
      return absl::StrCat(target, " ", id, " belongs to account ", there->second, ", not ", owner);
    }
    return "";
  }
  return server_says;
}

void ImportRun::Reject(const ImportFile& file, int64_t line, std::string field, std::string reason) {
  ++tallies_.back().rejected;
  rejected_.push_back({file.name, line, std::move(field), std::move(reason)});
}

absl::StatusOr<std::string> ImportRun::ZoneOf(const std::string& account_id) {
  if (!zones_known_) {
    v1::ListAccountsRequest request;
    v1::ListAccountsResponse accounts;
    RETURN_IF_ERROR(connection_->CallPages(&request, &accounts, std::numeric_limits<int64_t>::max()).status());
    // What this run has read already is newer than what the server has.
    for (const v1::Account& account : accounts.accounts()) zones_.emplace(account.id(), account.zone());
    zones_known_ = true;
  }
  const auto found = zones_.find(account_id);
  return found == zones_.end() ? std::string() : found->second;
}

}  // namespace doorstep::cli
