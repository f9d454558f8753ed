#include "tools/doorstep/money.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

// How many digits a currency has behind its point (ISO 4217; two unless it stands here).
int MinorDigits(absl::string_view currency) {
  for (const char* none : {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
                           "VUV", "XAF", "XOF", "XPF"}) {
    if (currency == none) return 0;
  }
  for (const char* three : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}) {
    if (currency == three) return 3;
  }
  return 2;
}

bool IsCurrency(absl::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), absl::ascii_isalpha);
}

}  // namespace

absl::StatusOr<v1::Money> ParseMoney(absl::string_view text, absl::string_view currency) {
  const absl::string_view whole = text;
  text = absl::StripAsciiWhitespace(text);
  if (text.size() > 3 && IsCurrency(text.substr(0, 3))) {
    currency = text.substr(0, 3);
    text.remove_prefix(3);
  } else if (text.size() > 3 && IsCurrency(text.substr(text.size() - 3))) {
    currency = text.substr(text.size() - 3);
    text.remove_suffix(3);
  }
  if (!IsCurrency(currency)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", whole, "\" has no currency: write \"1250.00 EUR\", or add a column currency"));
  }
  v1::Money money;
  money.set_currency(absl::AsciiStrToUpper(currency));
  std::string amount(absl::StripAsciiWhitespace(text));
  std::replace(amount.begin(), amount.end(), ',', '.');
  const int decimals = MinorDigits(money.currency());
  const absl::StatusOr<int64_t> minor = ParseScaled(amount, decimals);
  if (!minor.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", whole, "\" is not an amount with at most ", decimals,
                                                   " decimals and without separators of thousands"));
  }
  money.set_minor_units(*minor);
  return money;
}

absl::StatusOr<int64_t> ParseScaled(absl::string_view text, int decimals) {
  const absl::Status not_a_number =
      absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a number with at most ", decimals, " decimals"));
  std::string digits;
  int behind_point = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && i == 0) {
      digits += c;
    } else if (c == '.' && behind_point < 0 && i + 1 < text.size()) {
      behind_point = 0;
    } else if (absl::ascii_isdigit(c)) {
      digits += c;
      if (behind_point >= 0) ++behind_point;
    } else {
      return not_a_number;
    }
  }
  behind_point = std::max(behind_point, 0);
  if (behind_point > decimals) return not_a_number;
  digits.append(static_cast<size_t>(decimals - behind_point), '0');
  int64_t number = 0;
  if (text.empty() || !absl::ascii_isdigit(text.back()) || !absl::SimpleAtoi(digits, &number)) return not_a_number;
  return number;
}

std::string ShowMoney(const v1::Money& money) {
  if (money.currency().empty()) return "";
  const int decimals = MinorDigits(money.currency());
  return absl::StrCat(DecimalText(money.minor_units(), static_cast<uint32_t>(decimals)), " ", money.currency());
}

}  // namespace doorstep::cli
