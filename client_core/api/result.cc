#include "client_core/api/result.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "client_core/base/utf8.h"

namespace doorstep {
namespace {

// Made when the library is loaded, so that it is there when nothing else can be.
doorstep_result out_of_memory{DOORSTEP_RESOURCE_EXHAUSTED, "out of memory", "", false};

}  // namespace

doorstep_result* MakeResult(const absl::Status& status) {
  auto* result = new doorstep_result;
  result->code = static_cast<doorstep_code>(status.code());
  result->message = Utf8(status.message());  // A server may have written it.
  return result;
}

doorstep_result* MakeResult(const google::protobuf::MessageLite& message) {
  auto* result = new doorstep_result;
  result->has_bytes = true;
  if (!message.SerializeToString(&result->bytes)) {
    result->code = DOORSTEP_INTERNAL;
    result->message = "the answer cannot be serialized";
    result->has_bytes = false;
  }
  return result;
}

doorstep_result* OutOfMemoryResult() noexcept { return &out_of_memory; }

absl::Status ParseInput(const uint8_t* bytes, size_t length, absl::string_view name,
                        google::protobuf::MessageLite* message) {
  if (bytes == nullptr && length > 0) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": NULL with length ", length));
  }
  if (length > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", length, " bytes are outside 0 to 2147483647"));
  }
  if (length > 0 && !message->ParseFromArray(bytes, static_cast<int>(length))) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not a serialized ", message->GetTypeName()));
  }
  return absl::OkStatus();
}

}  // namespace doorstep

extern "C" {

doorstep_code doorstep_result_code(const doorstep_result* result) {
  return result == nullptr ? DOORSTEP_INVALID_ARGUMENT : result->code;
}

const char* doorstep_result_message(const doorstep_result* result) {
  return result == nullptr ? "result: NULL" : result->message.c_str();
}

const uint8_t* doorstep_result_bytes(const doorstep_result* result, size_t* length) {
  const bool has = result != nullptr && result->has_bytes;
  if (length != nullptr) *length = has ? result->bytes.size() : 0;
  return has ? reinterpret_cast<const uint8_t*>(result->bytes.data()) : nullptr;
}

void doorstep_result_free(doorstep_result* result) {
  if (result != doorstep::OutOfMemoryResult()) delete result;
}

}  // extern "C"
