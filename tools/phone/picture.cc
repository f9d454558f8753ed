#include "tools/phone/picture.h"

#include <utf8proc.h>

#include <algorithm>

#include "absl/strings/match.h"

namespace doorstep::phone {
namespace {

// Where the last character may have been cut off by who read only the beginning.
constexpr size_t kCutBytesMax = 3;

}  // namespace

std::string PictureType(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "\xFF\xD8\xFF")) return "image/jpeg";
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1A\n")) return "image/png";
  if (absl::StartsWith(bytes, "GIF87a") || absl::StartsWith(bytes, "GIF89a")) return "image/gif";
  if (absl::StartsWith(bytes, "RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return "image/webp";
  if (bytes.size() < 12 || bytes.substr(4, 4) != "ftyp") return "";
  const absl::string_view brand = bytes.substr(8, 4);
  return brand == "avif" ? "image/avif" : absl::StartsWith(brand, "he") || brand == "mif1" ? "image/heic" : "";
}

bool IsDocument(absl::string_view bytes) {
  if (bytes.empty() || !PictureType(bytes).empty()) return false;
  if (absl::StartsWith(bytes, "%PDF-")) return true;
  while (!bytes.empty()) {
    utf8proc_int32_t point = -1;
    const auto* text = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
    const utf8proc_ssize_t used = utf8proc_iterate(text, static_cast<utf8proc_ssize_t>(bytes.size()), &point);
    if (used <= 0) return bytes.size() <= kCutBytesMax;
    const bool printed = point >= 0x20 || point == '\n' || point == '\r' || point == '\t' || point == '\f';
    if (!printed || point == 0x7F) return false;
    bytes.remove_prefix(static_cast<size_t>(used));
  }
  return true;
}

bool HasPictureName(absl::string_view path) {
  for (const char* end :
       {".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".dng"}) {
    if (absl::EndsWithIgnoreCase(path, end)) return true;
  }
  return false;
}

}  // namespace doorstep::phone
