// What a call across the C header gives back, and the fence that keeps C++ on this side of it.
#ifndef DOORSTEP_CLIENT_CORE_API_RESULT_H_
#define DOORSTEP_CLIENT_CORE_API_RESULT_H_

#include <doorstep/doorstep.h>
#include <google/protobuf/message_lite.h>

#include <exception>
#include <new>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct doorstep_result {
  doorstep_code code = DOORSTEP_OK;
  std::string message;
  std::string bytes;
  bool has_bytes = false;
};

namespace doorstep {

doorstep_result* MakeResult(const absl::Status& status);
// The serialized message as the result's bytes, or the error.
doorstep_result* MakeResult(const google::protobuf::MessageLite& message);

template <typename T>
doorstep_result* MakeResult(const absl::StatusOr<T>& answer) {
  return answer.ok() ? MakeResult(*answer) : MakeResult(answer.status());
}

// RESOURCE_EXHAUSTED without an allocation. Static; freeing it does nothing.
doorstep_result* OutOfMemoryResult() noexcept;

// Reads a message of the caller; INVALID_ARGUMENT names it. NULL with length 0 is an empty message.
absl::Status ParseInput(const uint8_t* bytes, size_t length, absl::string_view name,
                        google::protobuf::MessageLite* message);

// Runs `body`, which returns a doorstep_result*. No exception passes.
template <typename Body>
doorstep_result* Fenced(const Body& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return OutOfMemoryResult();
  } catch (const std::exception& e) {
    try {
      return MakeResult(absl::InternalError(e.what()));
    } catch (...) {
      return OutOfMemoryResult();
    }
  } catch (...) {
    return OutOfMemoryResult();
  }
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_API_RESULT_H_
