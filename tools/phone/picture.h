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

// True when the file's name ends as a picture's does: for formats whose first bytes are not known here.
bool HasPictureName(absl::string_view path);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_PICTURE_H_
