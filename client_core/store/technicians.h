// Who is signed in on this phone, and who was: two lists in the phone's own copy of its enrolment, which the replica
// keeps a copy of, so that neither a damaged journal nor a rebuilt replica signs anybody in again. Pure.
#ifndef DOORSTEP_CLIENT_CORE_STORE_TECHNICIANS_H_
#define DOORSTEP_CLIENT_CORE_STORE_TECHNICIANS_H_

#include "absl/strings/string_view.h"
#include "doorstep/v1/enrollment_service.pb.h"

namespace doorstep {

bool IsSignedIn(const v1::EnrollResponse& identity, absl::string_view technician_id);
// Was signed in, and is not.
bool IsSignedOut(const v1::EnrollResponse& identity, absl::string_view technician_id);

// Puts them first among those who are signed in.
void SignIn(absl::string_view technician_id, v1::EnrollResponse& identity);
// Who is not signed in stays as they are.
void SignOut(absl::string_view technician_id, v1::EnrollResponse& identity);

// `after` is the answer to a repeated enrolment: who was signed in before stays so. The one whom it is for signs in by
// it, unless the phone knew them.
void KeepTechnicians(const v1::EnrollResponse& before, v1::EnrollResponse& after);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_TECHNICIANS_H_
