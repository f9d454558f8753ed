// Pages of lists: a page token is the key of the last row of the page before, opaque to callers.
#ifndef DOORSTEP_SERVER_SERVICES_PAGE_H_
#define DOORSTEP_SERVER_SERVICES_PAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace doorstep {

// What a list call asks for, checked.
struct Page {
  int64_t size = 0;
  int64_t limit() const { return size + 1; }
  std::string after_id;  // Empty: from the beginning.
  int64_t after_n = 0;   // The same for lists in the order of numbers.
};

// Of a list in the order of ids. INVALID_ARGUMENT names page_size or page_token.
absl::StatusOr<Page> PageById(uint32_t page_size, absl::string_view page_token);
// Of a list in the order of numbers.
absl::StatusOr<Page> PageByNumber(uint32_t page_size, absl::string_view page_token);

// Lists are read with one row more than the page holds. Drops that row; false when it was not there: the last page.
template <typename Row>
bool CutToPage(const Page& page, std::vector<Row>& rows) {
  if (static_cast<int64_t>(rows.size()) <= page.size) return false;
  rows.resize(static_cast<size_t>(page.size));
  return true;
}

std::string PageTokenAfter(absl::string_view id);
std::string PageTokenAfter(int64_t n);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_PAGE_H_
