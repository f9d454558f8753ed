#include "client_core/store/technicians.h"

#include <algorithm>
#include <utility>

namespace doorstep {
namespace {

using Technicians = google::protobuf::RepeatedPtrField<v1::EnrolledTechnician>;

auto Find(Technicians& technicians, absl::string_view id) {
  return std::find_if(technicians.begin(), technicians.end(),
                      [id](const v1::EnrolledTechnician& one) { return absl::string_view(one.id()) == id; });
}

bool Has(const Technicians& technicians, absl::string_view id) {
  return std::any_of(technicians.begin(), technicians.end(),
                     [id](const v1::EnrolledTechnician& one) { return absl::string_view(one.id()) == id; });
}

// Out of the list; only with its id when it was not there.
v1::EnrolledTechnician Take(absl::string_view id, Technicians& technicians) {
  v1::EnrolledTechnician taken;
  const auto found = Find(technicians, id);
  if (found == technicians.end()) {
    taken.set_id(std::string(id));
    return taken;
  }
  taken = std::move(*found);
  technicians.erase(found);
  return taken;
}

}  // namespace

bool IsSignedIn(const v1::EnrollResponse& identity, absl::string_view technician_id) {
  return Has(identity.technicians(), technician_id);
}

bool IsSignedOut(const v1::EnrollResponse& identity, absl::string_view technician_id) {
  return Has(identity.signed_out(), technician_id);
}

void SignIn(absl::string_view technician_id, v1::EnrollResponse& identity) {
  const bool here = IsSignedIn(identity, technician_id);
  v1::EnrolledTechnician one =
      Take(technician_id, here ? *identity.mutable_technicians() : *identity.mutable_signed_out());
  *identity.add_technicians() = std::move(one);
  std::rotate(identity.mutable_technicians()->begin(), identity.mutable_technicians()->end() - 1,
              identity.mutable_technicians()->end());
}

void SignOut(absl::string_view technician_id, v1::EnrollResponse& identity) {
  if (!IsSignedIn(identity, technician_id)) return;
  *identity.add_signed_out() = Take(technician_id, *identity.mutable_technicians());
}

void KeepTechnicians(const v1::EnrollResponse& before, v1::EnrollResponse& after) {
  const Technicians told = std::exchange(*after.mutable_technicians(), before.technicians());
  *after.mutable_signed_out() = before.signed_out();
  for (const v1::EnrolledTechnician& one : told) {
    const bool in = IsSignedIn(after, one.id());
    if (in || IsSignedOut(after, one.id())) {
      *Find(in ? *after.mutable_technicians() : *after.mutable_signed_out(), one.id()) = one;
    } else {
      *after.add_signed_out() = one;
      if (&one == &told[0]) SignIn(one.id(), after);
    }
  }
}

}  // namespace doorstep
