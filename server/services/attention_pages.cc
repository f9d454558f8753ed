#include "server/services/attention_pages.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client_core/base/status.h"
#include "server/services/journal_pages.h"
#include "server/services/page.h"
#include "server/storage/record_table.h"
#include "server/storage/serial_table.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

// A page token is that of the list that it goes on with, behind the list's letter.
constexpr absl::string_view kEntries = "e";
constexpr absl::string_view kVisits = "v";
constexpr absl::string_view kMerges = "m";

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

absl::StatusOr<DoubledSerial> ParseSerial(absl::string_view text) {
  DoubledSerial serial;
  if (text.empty()) return serial;
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  if (!absl::SimpleAtoi(halves.first, &serial.account)) {
    return absl::InvalidArgumentError("page_token: must be next_page_token of the last answer, unchanged");
  }
  serial.serial = std::string(halves.second);
  return serial;
}

absl::Status ReadMerges(SqlSession& sql, uint32_t page_size, absl::string_view token,
                        v1::ListAttentionResponse& response) {
  ASSIGN_OR_RETURN(const Page page, PageById(page_size, token));
  ASSIGN_OR_RETURN(const DoubledSerial after, ParseSerial(page.after_id));
  ASSIGN_OR_RETURN(std::vector<DoubledSerial> serials, DoubledSerials(sql, after, page.limit()));
  if (CutToPage(page, serials)) {
    const DoubledSerial& last = serials.back();
    response.set_next_page_token(absl::StrCat(kMerges, PageTokenAfter(absl::StrCat(last.account, " ", last.serial))));
  }
  for (const DoubledSerial& serial : serials) {
    v1::AssetMerge& merge = *response.add_cases()->mutable_asset_merge();
    ASSIGN_OR_RETURN(const std::vector<std::string> ids, AssetsOfSerial(sql, serial));
    for (const std::string& id : ids) {
      ASSIGN_OR_RETURN(const std::optional<v1::Asset> asset, FindRecord<v1::Asset>(sql, id));
      if (!asset.has_value()) return absl::DataLossError(absl::StrCat("table asset_serial: no asset ", id));
      *merge.add_assets() = *asset;
    }
    merge.set_account_id(merge.assets(0).account_id());
    merge.set_serial(merge.assets(0).serial());
  }
  return absl::OkStatus();
}

absl::Status ReadVisits(SqlSession& sql, uint32_t page_size, absl::string_view token,
                        v1::ListAttentionResponse& response) {
  ASSIGN_OR_RETURN(const Page page, PageByNumber(page_size, token));
  VisitFilter filter;
  filter.needs_attention = true;
  ASSIGN_OR_RETURN(std::vector<VisitListItem> rows, ListVisits(sql, filter, page.after_n, page.limit()));
  if (CutToPage(page, rows)) {
    response.set_next_page_token(absl::StrCat(kVisits, PageTokenAfter(rows.back().n)));
  } else if (rows.empty()) {
    return ReadMerges(sql, page_size, "", response);
  } else {
    // The assets begin on a page of their own.
    ASSIGN_OR_RETURN(const std::vector<DoubledSerial> merges, DoubledSerials(sql, {}, 1));
    if (!merges.empty()) response.set_next_page_token(std::string(kMerges));
  }
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
  if (absl::ConsumePrefix(&token, kMerges)) return ReadMerges(sql, request.page_size(), token, response);
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
