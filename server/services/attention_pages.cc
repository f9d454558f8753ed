#include "server/services/attention_pages.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client_core/base/status.h"
#include "server/services/journal_pages.h"
#include "server/services/page.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

// A page token is that of the list that it goes on with, behind the list's letter.
constexpr absl::string_view kEntries = "e";
constexpr absl::string_view kVisits = "v";

absl::Status ReadEntries(SqlSession& sql, uint32_t page_size, absl::string_view token,
                         v1::ListAttentionResponse& response) {
  v1::ListQuarantineRequest request;
  request.set_page_size(page_size);
  request.set_page_token(std::string(token));
  v1::ListQuarantineResponse entries;
  RETURN_IF_ERROR(ReadQuarantine(sql, request, entries));
  for (v1::QuarantinedEntry& entry : *entries.mutable_entries()) {
    *response.add_cases()->mutable_entry() = std::move(entry);
  }
  if (!entries.next_page_token().empty()) {
    response.set_next_page_token(absl::StrCat(kEntries, entries.next_page_token()));
  }
  return absl::OkStatus();
}

absl::Status ReadVisits(SqlSession& sql, uint32_t page_size, absl::string_view token,
                        v1::ListAttentionResponse& response) {
  ASSIGN_OR_RETURN(const Page page, PageByNumber(page_size, token));
  VisitFilter filter;
  filter.needs_attention = true;
  ASSIGN_OR_RETURN(std::vector<VisitListItem> rows, ListVisits(sql, filter, page.after_n, page.limit()));
  if (CutToPage(page, rows)) response.set_next_page_token(absl::StrCat(kVisits, PageTokenAfter(rows.back().n)));
  for (const VisitListItem& row : rows) {
    if (response.add_cases()->mutable_visit()->ParseFromString(row.bytes)) continue;
    return absl::DataLossError(absl::StrCat("table visit: row ", row.n, " is not a Visit"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadAttention(SqlSession& sql, const v1::ListAttentionRequest& request,
                           v1::ListAttentionResponse& response) {
  absl::string_view token = request.page_token();
  if (absl::ConsumePrefix(&token, kVisits)) return ReadVisits(sql, request.page_size(), token, response);
  if (!token.empty() && !absl::ConsumePrefix(&token, kEntries)) {
    return absl::InvalidArgumentError("page_token: must be next_page_token of the last answer, unchanged");
  }
  RETURN_IF_ERROR(ReadEntries(sql, request.page_size(), token, response));
  if (!response.next_page_token().empty()) return absl::OkStatus();
  // The visits begin on a page of their own.
  if (response.cases().empty()) return ReadVisits(sql, request.page_size(), "", response);
  response.set_next_page_token(std::string(kVisits));
  return absl::OkStatus();
}

}  // namespace doorstep
