#include "server/apply/commands/changed_fields.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>

namespace doorstep {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The bytes of one field alone, taken out of `message`.
std::string Take(const FieldDescriptor* field, Message& message) {
  const std::unique_ptr<Message> alone(message.New());
  message.GetReflection()->SwapFields(&message, alone.get(), {field});
  return alone->SerializePartialAsString();
}

}  // namespace

std::vector<std::string> ChangedFields(const Message& before, const Message& after,
                                       absl::Span<const char* const> computed) {
  const std::unique_ptr<Message> a(before.New());
  const std::unique_ptr<Message> b(after.New());
  a->CopyFrom(before);
  b->CopyFrom(after);
  std::vector<std::string> changed;
  const google::protobuf::Descriptor* type = before.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool skipped =
        std::any_of(computed.begin(), computed.end(), [field](const char* name) { return field->name() == name; });
    if (!skipped && Take(field, *a) != Take(field, *b)) changed.push_back(field->name());
  }
  return changed;
}

}  // namespace doorstep
