// Amounts as text and back, without floating point.
#ifndef DOORSTEP_TOOLS_DOORSTEP_MONEY_H_
#define DOORSTEP_TOOLS_DOORSTEP_MONEY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep::cli {

// "1250.00 EUR", "EUR 1250", "1250,00 EUR", or an amount alone with the currency given.
absl::StatusOr<v1::Money> ParseMoney(absl::string_view text, absl::string_view currency);
// "52.5310" as 525310000. At most `decimals` digits behind the point; the result is scaled by 10^decimals.
absl::StatusOr<int64_t> ParseScaled(absl::string_view text, int decimals);
// "1250.00 EUR", with as many decimals as the currency has; empty when there is no currency.
std::string ShowMoney(const v1::Money& money);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_MONEY_H_
