#include "tools/doorstep/import_row.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/money.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One value on its way into one field.
struct Assignment {
  std::string column;
  std::string path;
  const SourceCell* cell;
};

constexpr int64_t kE7 = 10000000;

bool IsTime(const FieldDescriptor& field) { return absl::EndsWith(field.name(), "_time_us"); }

std::vector<std::string> Items(const SourceCell& cell) {
  if (cell.is_list) return cell.items;
  std::vector<std::string> items;
  for (const absl::string_view item : absl::StrSplit(cell.text, absl::ByAnyChar(";|,"))) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(item);
    if (!trimmed.empty()) items.emplace_back(trimmed);
  }
  return items;
}

// "VALVE-SEAT worn out" is the code VALVE-SEAT with its label.
void SetCode(absl::string_view text, v1::CodeRef* code) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  code->set_code(std::string(parts.first));
  code->set_label(std::string(absl::StripAsciiWhitespace(parts.second)));
}

absl::Status SetBool(absl::string_view text, Message* message, const FieldDescriptor* field) {
  const std::string word = absl::AsciiStrToLower(text);
  const bool yes = word == "yes" || word == "y" || word == "true" || word == "1";
  if (!yes && word != "no" && word != "n" && word != "false" && word != "0") {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is neither yes nor no"));
  }
  message->GetReflection()->SetBool(message, field, yes);
  return absl::OkStatus();
}

absl::Status SetNumber(absl::string_view text, Message* message, const FieldDescriptor* field) {
  int64_t number = 0;
  const bool is_unsigned = field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
  const bool is_wide = field->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  const int64_t least = is_unsigned ? 0 : is_wide ? INT64_MIN : INT32_MIN;
  const int64_t most = is_unsigned ? UINT32_MAX : is_wide ? INT64_MAX : INT32_MAX;
  if (absl::EndsWith(field->name(), "_e7")) {
    ASSIGN_OR_RETURN(number, ParseScaled(text, 7));
    const int64_t bound = field->name() == "latitude_e7" ? limits::kLatitudeE7Max : limits::kLongitudeE7Max;
    if (number < -bound || number > bound) {
      return absl::OutOfRangeError(absl::StrCat("must be -", bound / kE7, " to ", bound / kE7, " degrees, is ", text));
    }
  } else if (!absl::SimpleAtoi(text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a whole number"));
  }
  if (number < least || number > most) {
    return absl::OutOfRangeError(absl::StrCat(text, " is outside ", least, " to ", most));
  }
  if (is_unsigned) {
    message->GetReflection()->SetUInt32(message, field, static_cast<uint32_t>(number));
  } else if (is_wide) {
    message->GetReflection()->SetInt64(message, field, number);
  } else {
    message->GetReflection()->SetInt32(message, field, static_cast<int32_t>(number));
  }
  return absl::OkStatus();
}

absl::Status SetEnum(absl::string_view text, Message* message, const FieldDescriptor* field) {
  const int value = ParseEnum(*field->enum_type(), text);
  if (value < 0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is none of ", EnumChoices(*field->enum_type())));
  }
  message->GetReflection()->SetEnumValue(message, field, value);
  return absl::OkStatus();
}

// Everything but times, which need the zone that another column may give.
absl::Status SetValue(const SourceCell& cell, absl::string_view currency, Message* message,
                      const FieldDescriptor* field) {
  const absl::string_view text = absl::StripAsciiWhitespace(cell.text);
  if (field->is_repeated()) {
    for (const std::string& item : Items(cell)) {
      if (field->message_type() == v1::CodeRef::descriptor()) {
        SetCode(item, static_cast<v1::CodeRef*>(message->GetReflection()->AddMessage(message, field)));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        message->GetReflection()->AddString(message, field, item);
      } else {
        return absl::InvalidArgumentError("cannot be imported");
      }
    }
    return absl::OkStatus();
  }
  if (cell.is_list) return absl::InvalidArgumentError("holds one value, not a list");
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      message->GetReflection()->SetString(message, field, std::string(text));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(text, message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(text, message, field);
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetNumber(text, message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message* inner = message->GetReflection()->MutableMessage(message, field);
      if (field->message_type() == v1::CodeRef::descriptor()) {
        SetCode(text, static_cast<v1::CodeRef*>(inner));
        return absl::OkStatus();
      }
      if (field->message_type() == v1::Money::descriptor()) {
        ASSIGN_OR_RETURN(*static_cast<v1::Money*>(inner), ParseMoney(text, currency));
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError("cannot be imported");
    }
    default:
      return absl::InvalidArgumentError("cannot be imported");
  }
}

// The message that holds the last field of `path`, made on the way; and that field.
std::pair<Message*, const FieldDescriptor*> Walk(Message* message, absl::string_view path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, message->GetDescriptor()->FindFieldByName(parts[i]));
  }
  return {message, message->GetDescriptor()->FindFieldByName(parts.back())};
}

std::string TextField(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

absl::StatusOr<ResolvedTime> ReadTime(absl::string_view text, const absl::TimeZone& zone) {
  int64_t micros = 0;
  // As the contract writes instants; no date has so many digits without a dash.
  if (text.size() >= 12 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
      absl::SimpleAtoi(text, &micros)) {
    return ResolvedTime{micros, zone.At(absl::FromUnixMicros(micros)).offset};
  }
  ASSIGN_OR_RETURN(const WrittenTime written, ParseWrittenTime(text));
  return Resolve(written, zone);
}

// A row being converted; each step returns false when `problem_` tells why the row is no record.
class Conversion {
 public:
  Conversion(const ImportKind& kind, const ImportSettings& settings, Message* record)
      : kind_(kind), settings_(settings), record_(record) {}

  const RowProblem& problem() const { return problem_; }

  // Decides which cell goes where. Empty cells are as good as absent.
  bool Sort(const SourceRow& row) {
    for (const SourceCell& cell : row.cells) {
      const ColumnMatch match = MatchColumn(kind_, cell.column);
      if (!match.known && row.names_its_cells && !(cell.text.empty() && cell.items.empty())) {
        const std::string near = NearestColumn(kind_, cell.column);
        return Fail(cell.column, absl::StrCat("is no field of ", kind_.name,
                                              near.empty() ? "" : absl::StrCat("; did you mean \"", near, "\"?")));
      }
      if (!match.known || match.ignored || (cell.text.empty() && cell.items.empty())) continue;
      if (match.path.empty()) {
        (absl::AsciiStrToLower(cell.column) == "currency" ? currency_ : zone_) =
            std::string(absl::StripAsciiWhitespace(cell.text));
        continue;
      }
      (IsTime(*Walk(record_, match.path).second) ? times_ : values_).push_back({cell.column, match.path, &cell});
    }
    for (const ImportColumn& column : kind_.columns) {
      if (!column.required || Has(column.path)) continue;
      return Fail(column.name, "is required and missing");
    }
    return true;
  }

  bool SetValues() {
    for (const Assignment& value : values_) {
      const auto [message, field] = Walk(record_, value.path);
      absl::Status status = SetValue(*value.cell, currency_, message, field);
      // A record keeps its zone for every time that is ever written without an offset: a wrong one shows up too late.
      if (status.ok() && value.path == "zone") status = FindZone(TextField(*record_, "zone")).status();
      if (!status.ok()) return Fail(value.column, std::string(status.message()));
    }
    return true;
  }

  bool needs_zone() const { return !times_.empty(); }

  absl::StatusOr<std::string> ZoneName() const {
    if (!zone_.empty()) return zone_;
    if (std::string own = TextField(*record_, "zone"); !own.empty()) return own;
    if (settings_.zone_of_account) {
      ASSIGN_OR_RETURN(std::string zone, settings_.zone_of_account(TextField(*record_, "account_id")));
      if (!zone.empty()) return zone;
    }
    return settings_.default_zone;
  }

  bool SetTimes(const std::string& zone_name) {
    const absl::StatusOr<absl::TimeZone> zone = FindZone(zone_name);
    if (!zone.ok()) return Fail("zone", std::string(zone.status().message()));
    for (const Assignment& value : times_) {
      const absl::StatusOr<ResolvedTime> time = ReadTime(absl::StripAsciiWhitespace(value.cell->text), *zone);
      if (!time.ok()) return Fail(value.column, std::string(time.status().message()));
      const auto [message, field] = Walk(record_, value.path);
      message->GetReflection()->SetInt64(message, field, time->time_us);
      // A past visit keeps the offset of its place on that day: the day counts, and it is a civil one.
      if (auto* visit = google::protobuf::DynamicCastToGenerated<v1::PastVisit>(record_);
          visit != nullptr && (value.path == "ended_time_us" || visit->utc_offset_s() == 0)) {
        visit->set_utc_offset_s(time->utc_offset_s);
      }
    }
    return true;
  }

 private:
  bool Has(absl::string_view path) const {
    const auto fills = [&](const Assignment& a) {
      return a.path == path || absl::StartsWith(a.path, absl::StrCat(path, "."));
    };
    return std::any_of(values_.begin(), values_.end(), fills) || std::any_of(times_.begin(), times_.end(), fills);
  }

  bool Fail(absl::string_view field, std::string reason) {
    problem_ = {std::string(field), std::move(reason)};
    return false;
  }

  const ImportKind& kind_;
  const ImportSettings& settings_;
  Message* const record_;
  std::vector<Assignment> values_;
  std::vector<Assignment> times_;
  std::string zone_;
  std::string currency_;
  RowProblem problem_;
};

}  // namespace

absl::StatusOr<std::variant<v1::ImportRow, RowProblem>> ConvertRow(const ImportKind& kind, const SourceRow& row,
                                                                   const ImportSettings& settings) {
  if (!row.problem.empty()) return RowProblem{row.problem_column, row.problem};
  v1::ImportRow import;
  import.set_system(settings.system);
  Message* record =
      import.GetReflection()->MutableMessage(&import, import.GetDescriptor()->FindFieldByName(kind.record));
  Conversion conversion(kind, settings, record);
  if (!conversion.Sort(row) || !conversion.SetValues()) return conversion.problem();
  if (conversion.needs_zone()) {
    ASSIGN_OR_RETURN(const std::string zone, conversion.ZoneName());
    if (!conversion.SetTimes(zone)) return conversion.problem();
  }
  if (import.ByteSizeLong() > limits::kImportRowBytesMax) {
    return RowProblem{
        "", absl::StrCat("the row has ", import.ByteSizeLong(), " bytes, at most ", limits::kImportRowBytesMax)};
  }
  return import;
}

namespace {

const Message& RecordOf(const ImportKind& kind, const v1::ImportRow& row) {
  return row.GetReflection()->GetMessage(row, row.GetDescriptor()->FindFieldByName(kind.record));
}

}  // namespace

std::string RecordId(const ImportKind& kind, const v1::ImportRow& row) { return TextField(RecordOf(kind, row), "id"); }

std::string RecordOwner(const ImportKind& kind, const v1::ImportRow& row) {
  return TextField(RecordOf(kind, row), "account_id");
}

}  // namespace doorstep::cli
