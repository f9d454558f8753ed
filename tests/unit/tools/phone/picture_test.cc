// What may be kept as a photo.
#include "tools/phone/picture.h"

#include <gtest/gtest.h>

#include <string>

namespace doorstep::phone {
namespace {

TEST(PictureTest, IsToldByItsFirstBytes) {
  const std::string kHeic(
      "\0\0\0\x18"
      "ftypheic",
      12);
  EXPECT_EQ(PictureType("\xFF\xD8\xFF\xE0JFIF"), "image/jpeg");
  EXPECT_EQ(PictureType("\x89PNG\r\n\x1A\n...."), "image/png");
  EXPECT_EQ(PictureType("RIFF....WEBPVP8 "), "image/webp");
  EXPECT_EQ(PictureType("GIF89a"), "image/gif");
  EXPECT_EQ(PictureType(kHeic), "image/heic");
  EXPECT_EQ(PictureType("hello"), "");
  EXPECT_EQ(PictureType(""), "");
}

TEST(PictureTest, TextAndDocumentsAreNone) {
  EXPECT_TRUE(IsDocument("Dear customer,\n\tthank you.\r\n"));
  EXPECT_TRUE(IsDocument("%PDF-1.7\n\x80\x81"));
  EXPECT_TRUE(IsDocument("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD")) << "the last character goes on behind what was read";
  EXPECT_FALSE(IsDocument("GIF89a"));
  EXPECT_FALSE(IsDocument("\x91\x02 some raw format"));
  EXPECT_FALSE(IsDocument(std::string("II*\0", 4)));
  EXPECT_FALSE(IsDocument("")) << "that it is empty is said where it is kept";
}

TEST(PictureTest, AnUnknownFormatGoesByItsName) {
  EXPECT_TRUE(HasPictureName("/tmp/IMG_0001.DNG"));
  EXPECT_FALSE(HasPictureName("/bin/true"));
  EXPECT_FALSE(HasPictureName("jpg"));
}

}  // namespace
}  // namespace doorstep::phone
