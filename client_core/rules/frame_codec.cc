#include "client_core/rules/frame_codec.h"

#include <zstd.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"

namespace doorstep {
namespace {

constexpr int kZstdLevel = 3;
// A signature, its tag and its length.
constexpr size_t kSignatureRoom = limits::kSignatureBytesMax + 2;

// One context a thread: making one costs more than compressing a frame.
ZSTD_CCtx* ThreadCompressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  return context.get();
}

ZSTD_DCtx* ThreadDecompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  return context.get();
}

absl::Status OutOfBounds(absl::string_view field, absl::string_view bound, uint64_t value) {
  return absl::InvalidArgumentError(absl::StrCat("frame.", field, ": ", value, " is outside ", bound));
}

absl::Status CheckHeader(const v1::FrameHeader& header) {
  if (header.device().empty() || header.device().size() > limits::kDeviceBytesMax) {
    return OutOfBounds("header.device", absl::StrCat("1 to ", limits::kDeviceBytesMax, " bytes"),
                       header.device().size());
  }
  if (header.epoch() == 0) return OutOfBounds("header.epoch", "1 and up", 0);
  if (header.first_seq() == 0) return OutOfBounds("header.first_seq", "1 and up", 0);
  if (header.last_seq() < header.first_seq() || header.last_seq() - header.first_seq() >= limits::kFrameEntriesMax) {
    return OutOfBounds("header.last_seq", absl::StrCat("first_seq to first_seq + ", limits::kFrameEntriesMax - 1),
                       header.last_seq());
  }
  if (header.prev_hash().size() != sizeof(Hash)) {
    return OutOfBounds("header.prev_hash", "32 bytes", header.prev_hash().size());
  }
  if (header.head_hash().size() != sizeof(Hash)) {
    return OutOfBounds("header.head_hash", "32 bytes", header.head_hash().size());
  }
  if (header.dictionary_id() != 0) return OutOfBounds("header.dictionary_id", "0", header.dictionary_id());
  if (static_cast<size_t>(header.clock_size()) > limits::kFrameClockSamplesMax) {
    return OutOfBounds("header.clock", absl::StrCat("0 to ", limits::kFrameClockSamplesMax, " samples"),
                       header.clock_size());
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const v1::FrameHeader& header, const v1::FrameBody& body) {
  const uint64_t expected = header.last_seq() - header.first_seq() + 1;
  if (static_cast<uint64_t>(body.entries_size()) != expected) {
    return OutOfBounds("body.entries", absl::StrCat("the header's ", expected, " entries"), body.entries_size());
  }
  for (const v1::EntryEnvelope& envelope : body.entries()) {
    if (envelope.entry().size() > limits::kEntryBytesMax) {
      return OutOfBounds("body.entries.entry", absl::StrCat("0 to ", limits::kEntryBytesMax, " bytes"),
                         envelope.entry().size());
    }
    if (envelope.author().empty() || envelope.author().size() > limits::kIdBytesMax) {
      return OutOfBounds("body.entries.author", absl::StrCat("1 to ", limits::kIdBytesMax, " bytes"),
                         envelope.author().size());
    }
    if ((envelope.from_epoch() == 0) != (envelope.from_seq() == 0)) {
      return OutOfBounds("body.entries.from_seq", "from_epoch and from_seq both 0 or both set", envelope.from_seq());
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string Compress(absl::string_view raw, v1::Codec* codec) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  const size_t n = ZSTD_compressCCtx(ThreadCompressor(), out.data(), out.size(), raw.data(), raw.size(), kZstdLevel);
  if (ZSTD_isError(n) || n >= raw.size()) {
    *codec = v1::CODEC_NONE;
    return std::string(raw);
  }
  *codec = v1::CODEC_ZSTD;
  out.resize(n);
  return out;
}

absl::StatusOr<std::string> Decompress(absl::string_view bytes, v1::Codec codec, uint32_t raw_bytes,
                                       size_t raw_bytes_max) {
  if (raw_bytes > raw_bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("raw_bytes: ", raw_bytes, " is more than ", raw_bytes_max, ": send less at a time"));
  }
  if (codec == v1::CODEC_NONE) {
    if (bytes.size() != raw_bytes) return absl::InvalidArgumentError("raw_bytes: not the size of the body");
    return std::string(bytes);
  }
  if (codec != v1::CODEC_ZSTD) return absl::InvalidArgumentError(absl::StrCat("codec: ", codec, " is unknown"));
  std::string raw(raw_bytes, '\0');
  const size_t n = ZSTD_decompressDCtx(ThreadDecompressor(), raw.data(), raw.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(n) || n != raw_bytes) {
    return absl::InvalidArgumentError("body: does not decompress to raw_bytes");
  }
  return raw;
}

absl::StatusOr<std::string> BuildFrame(v1::FrameHeader header, const v1::FrameBody& body) {
  const std::string raw = body.SerializeAsString();
  if (raw.size() > limits::kFrameRawBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame body: ", raw.size(), " bytes are more than ", limits::kFrameRawBytesMax));
  }
  v1::Frame frame;
  v1::Codec codec = v1::CODEC_NONE;
  frame.set_body(Compress(raw, &codec));
  header.set_codec(codec);
  header.set_raw_bytes(static_cast<uint32_t>(raw.size()));
  *frame.mutable_header() = std::move(header);
  std::string bytes = frame.SerializeAsString();
  if (bytes.size() > limits::kFrameBytesMax - kSignatureRoom) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame: ", bytes.size(), " bytes are more than ", limits::kFrameBytesMax - kSignatureRoom));
  }
  return bytes;
}

absl::StatusOr<OpenedFrame> OpenFrame(absl::string_view bytes) {
  if (bytes.size() > limits::kFrameBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame: ", bytes.size(), " bytes are more than ", limits::kFrameBytesMax, ": halve it"));
  }
  v1::Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("frame: the bytes are not a Frame");
  }
  RETURN_IF_ERROR(CheckHeader(frame.header()));
  if (frame.signature().size() > limits::kSignatureBytesMax) {
    return OutOfBounds("signature", absl::StrCat("0 to ", limits::kSignatureBytesMax, " bytes"),
                       frame.signature().size());
  }
  ASSIGN_OR_RETURN(const std::string raw, Decompress(frame.body(), frame.header().codec(), frame.header().raw_bytes(),
                                                     limits::kFrameRawBytesMax));
  OpenedFrame opened;
  if (!opened.body.ParseFromString(raw)) return absl::InvalidArgumentError("frame.body: not a FrameBody");
  RETURN_IF_ERROR(CheckBody(frame.header(), opened.body));
  opened.header = std::move(*frame.mutable_header());
  opened.signature = std::move(*frame.mutable_signature());
  return opened;
}

}  // namespace doorstep
