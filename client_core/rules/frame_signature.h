// What a phone says of its journal with every frame, and under which keys: so the office knows entries for those of one
// phone, and can show that nobody else made them up.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FRAME_SIGNATURE_H_
#define DOORSTEP_CLIENT_CORE_RULES_FRAME_SIGNATURE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

inline constexpr size_t kEd25519SeedBytes = 32;
inline constexpr size_t kEd25519KeyBytes = 32;
inline constexpr size_t kEd25519SignatureBytes = 64;
// An uncompressed point of P-256 (SEC 1, 2.3.3).
inline constexpr size_t kP256KeyBytes = 65;

// What the signature of a frame of this header covers: where the journal stands after it, and so, by the chain, every
// entry before. As at Frame.signature.
std::string SignedText(const v1::FrameHeader& header);

// Adds the signature to a serialized Frame that has none.
void AttachSignature(absl::string_view signature, std::string& frame);

// INVALID_ARGUMENT naming `field`: an algorithm that this version does not know, or a public key of another length.
absl::Status CheckSigningKey(absl::string_view field, const v1::SigningKey& key);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FRAME_SIGNATURE_H_
