// A device as the office sees it.
#ifndef DOORSTEP_SERVER_STORAGE_DEVICE_DESCRIPTION_H_
#define DOORSTEP_SERVER_STORAGE_DEVICE_DESCRIPTION_H_

#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/storage/device_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

absl::StatusOr<v1::Device> DeviceForOffice(SqlSession& sql, const DeviceRow& row);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_DEVICE_DESCRIPTION_H_
