// What a file is by its first bytes, so that a letter is not kept as a photo.
#ifndef DOORSTEP_TOOLS_PHONE_PICTURE_H_
#define DOORSTEP_TOOLS_PHONE_PICTURE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace doorstep::phone {

// "image/png" and the like; empty: none that is known here, which it may be all the same.
std::string PictureType(absl::string_view first_bytes);

// True when it certainly is no picture: text, or a document in the portable format.
bool IsDocument(absl::string_view first_bytes);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_PICTURE_H_
