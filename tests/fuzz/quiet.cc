// Bytes that are no message are what every target is fed; protobuf would print a line for each.
#include <google/protobuf/stubs/logging.h>

namespace {

[[maybe_unused]] const bool kQuiet = [] {
  google::protobuf::SetLogHandler(nullptr);
  return true;
}();

}  // namespace
