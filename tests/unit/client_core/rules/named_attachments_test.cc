#include "client_core/rules/named_attachments.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

const std::string kPhoto(32, 'p');
const std::string kPreview(32, 'q');

v1::LogEntry Added() {
  v1::LogEntry entry;
  v1::AttachmentAdded& added = *entry.mutable_attachment_added();
  added.set_sha256(kPhoto);
  added.set_size_bytes(100);
  added.set_preview_sha256(kPreview);
  added.set_preview_size_bytes(10);
  return entry;
}

TEST(NamedAttachmentsTest, APhotoComesWithItsPreview) {
  const std::vector<NamedAttachment> named = AttachmentsNamedBy(Added());
  ASSERT_EQ(named.size(), 2u);
  EXPECT_FALSE(named[0].preview);
  EXPECT_TRUE(named[1].preview);
  EXPECT_TRUE(NamesAttachment(Added(), kPhoto, 100));
  EXPECT_TRUE(NamesAttachment(Added(), kPreview, 10));
  EXPECT_FALSE(NamesAttachment(Added(), kPhoto, 10)) << "another size is another claim";
  EXPECT_FALSE(NamesAttachment(Added(), std::string(32, 'x'), 100));
}

TEST(NamedAttachmentsTest, ASignatureNamesItsPictureOfAnySize) {
  v1::LogEntry entry;
  entry.mutable_signature_captured()->set_sha256(kPhoto);
  EXPECT_TRUE(NamesAttachment(entry, kPhoto, 12345));
  entry.mutable_signature_captured()->clear_sha256();
  EXPECT_TRUE(AttachmentsNamedBy(entry).empty()) << "a signature without a picture";
}

TEST(NamedAttachmentsTest, ACorrectionNamesWhatItPutsInPlace) {
  v1::LogEntry entry;
  *entry.mutable_correction()->mutable_replacement() = Added();
  EXPECT_TRUE(NamesAttachment(entry, kPhoto, 100));
}

TEST(NamedAttachmentsTest, OtherFactsNameNothing) {
  v1::LogEntry entry;
  entry.mutable_note()->set_text("look at the photo");
  EXPECT_TRUE(AttachmentsNamedBy(entry).empty());
}

}  // namespace
}  // namespace doorstep
