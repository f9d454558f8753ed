#include "client_core/rules/frame_signature.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/big_endian.h"

namespace doorstep {

std::string SignedText(const v1::FrameHeader& header) {
  std::string text = "doorstep-frame-1";
  big_endian::AppendSized(header.device(), text);
  big_endian::AppendU64(header.epoch(), text);
  big_endian::AppendU64(header.last_seq(), text);
  text += header.head_hash();
  return text;
}

void AttachSignature(absl::string_view signature, std::string& frame) {
  // Messages of one kind behind each other are one message.
  v1::Frame addition;
  addition.set_signature(std::string(signature));
  addition.AppendToString(&frame);
}

absl::Status CheckSigningKey(absl::string_view field, const v1::SigningKey& key) {
  size_t bytes = 0;
  if (key.algorithm() == v1::KEY_ALGORITHM_ED25519) bytes = kEd25519KeyBytes;
  if (key.algorithm() == v1::KEY_ALGORITHM_P256) bytes = kP256KeyBytes;
  if (bytes == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".algorithm: ", static_cast<int>(key.algorithm()), " is neither ED25519 (1) nor P256 (2)"));
  }
  if (key.public_key().size() != bytes || (bytes == kP256KeyBytes && key.public_key()[0] != 4)) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".public_key: must have ", bytes, " bytes",
                                                   bytes == kP256KeyBytes ? ", the first of them 4" : "", ", has ",
                                                   key.public_key().size()));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
