#include "tools/phone/answer.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <libsmartcols/libsmartcols.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {

std::string JsonOf(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "null";
  return json;
}

std::string JsonOf(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  return JsonOf(value);
}

Answer& Answer::Line(absl::string_view line) {
  absl::StrAppend(&text_, Printable(line), "\n");
  return *this;
}

Answer& Answer::Table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows) {
  libscols_table* table = scols_new_table();
  scols_table_set_column_separator(table, "  ");
  for (const std::string& title : titles) scols_table_new_column(table, title.c_str(), 0, 0);
  for (const std::vector<std::string>& row : rows) {
    libscols_line* line = scols_table_new_line(table, nullptr);
    for (size_t i = 0; i < row.size(); ++i) {
      scols_line_set_data(line, i, row[i].empty() ? "-" : Printable(row[i]).c_str());
    }
  }
  char* printed = nullptr;
  if (scols_print_table_to_string(table, &printed) == 0 && printed != nullptr) {
    text_ += printed;
    if (!text_.empty() && text_.back() != '\n') text_ += '\n';
  }
  std::free(printed);
  scols_unref_table(table);
  return *this;
}

Answer& Answer::Field(absl::string_view name, absl::string_view json) {
  absl::StrAppend(&fields_, ",", JsonOf(name), ":", json);
  return *this;
}

std::string Answer::Json(absl::string_view command) const {
  return absl::StrCat("{\"command\":", JsonOf(command), ",\"ok\":true", fields_, "}");
}

std::string Answer::Json(absl::string_view command, const absl::Status& error) {
  return absl::StrCat("{\"command\":", JsonOf(command),
                      ",\"ok\":false,\"error\":{\"code\":", JsonOf(absl::StatusCodeToString(error.code())),
                      ",\"message\":", JsonOf(error.message()), ",\"try\":", JsonOf(AdviceOf(error)), "}}");
}

}  // namespace doorstep::phone
