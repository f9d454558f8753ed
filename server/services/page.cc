#include "server/services/page.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/checks.h"

namespace doorstep {

absl::StatusOr<Page> PageById(uint32_t page_size, absl::string_view page_token) {
  RETURN_IF_ERROR(CheckPageSize(page_size));
  Page page;
  page.size = page_size == 0 ? limits::kPageSizeDefault : page_size;
  RETURN_IF_ERROR(CheckText("page_token", page_token, limits::kPageTokenBytesMax));
  if (!absl::WebSafeBase64Unescape(page_token, &page.after_id)) {
    return FieldError("page_token", "must be next_page_token of the last answer, unchanged");
  }
  return page;
}

absl::StatusOr<Page> PageByNumber(uint32_t page_size, absl::string_view page_token) {
  ASSIGN_OR_RETURN(Page page, PageById(page_size, page_token));
  if (!page.after_id.empty() && !absl::SimpleAtoi(page.after_id, &page.after_n)) {
    return FieldError("page_token", "must be next_page_token of the last answer, unchanged");
  }
  return page;
}

std::string PageTokenAfter(absl::string_view id) { return absl::WebSafeBase64Escape(id); }

std::string PageTokenAfter(int64_t n) { return absl::WebSafeBase64Escape(absl::StrCat(n)); }

}  // namespace doorstep
