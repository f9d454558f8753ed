// What the office answers to the phone of every test: device d7, technician ana, epochs 1 and (spare) 2.
#ifndef DOORSTEP_TESTS_SUPPORT_ENROLMENT_H_
#define DOORSTEP_TESTS_SUPPORT_ENROLMENT_H_

#include <string>

#include "doorstep/v1/enrollment_service.pb.h"

namespace doorstep {

inline v1::EnrollResponse Enrolment() {
  v1::EnrollResponse response;
  response.set_device("d7");
  response.set_token("secret-token");
  response.add_technicians()->set_id("ana");
  response.mutable_epoch()->set_epoch(1);
  response.mutable_epoch()->set_salt(std::string(16, 's'));
  response.mutable_spare_epoch()->set_epoch(2);
  response.mutable_spare_epoch()->set_salt(std::string(16, 't'));
  response.set_generation("g1");
  return response;
}

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_SUPPORT_ENROLMENT_H_
