// A file that somebody imports: CSV or JSON lines, in any character set. Every row becomes a record or is refused with
// a reason, and a record is one that the server can read. The first byte says what kind of records and which delimiter.
#include <cstdlib>
#include <string>
#include <variant>

#include "tools/doorstep/charset.h"
#include "tools/doorstep/import_row.h"
#include "tools/doorstep/import_schema.h"
#include "tools/doorstep/source_row.h"

namespace {

using doorstep::cli::ConvertRow;
using doorstep::cli::ImportKind;
using doorstep::cli::ImportSettings;
using doorstep::cli::RowProblem;
using doorstep::cli::SourceRow;

void Convert(const ImportKind& kind, const SourceRow& row, const ImportSettings& settings) {
  if (!row.problem.empty()) return;
  const auto converted = ConvertRow(kind, row, settings);
  if (!converted.ok()) return;  // The zone could not be asked for.
  if (const auto* problem = std::get_if<RowProblem>(&*converted)) {
    if (problem->reason.empty()) std::abort();
    return;
  }
  const auto& record = std::get<doorstep::v1::ImportRow>(*converted);
  doorstep::v1::ImportRow read;
  if (!read.ParseFromString(record.SerializeAsString())) std::abort();
  doorstep::cli::RecordId(kind, record);
  doorstep::cli::RecordOwner(kind, record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto& kinds = doorstep::cli::ImportKinds();
  const ImportKind& kind = kinds[data[0] % kinds.size()];
  constexpr char kDelimiters[] = {0, ',', ';', '\t'};
  const char delimiter = kDelimiters[data[0] / 64];
  const auto decoded = doorstep::cli::DecodeText(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  if (!decoded.ok()) return 0;
  ImportSettings settings;
  settings.system = "fuzz";
  settings.default_zone = "Europe/Berlin";
  settings.zone_of_account = [](const std::string&) { return absl::StatusOr<std::string>("Asia/Shanghai"); };
  const auto sink = [&](const SourceRow& row) { Convert(kind, row, settings); };
  doorstep::cli::GuessImportKind("file.csv", doorstep::cli::ColumnNames(decoded->text, delimiter))
      .status()
      .IgnoreError();
  if (doorstep::cli::LooksLikeJsonLines(decoded->text)) {
    doorstep::cli::ReadJsonLines(decoded->text, sink).IgnoreError();
  } else {
    doorstep::cli::ReadCsv(decoded->text, delimiter, sink).IgnoreError();
  }
  return 0;
}
