// The zone in which an office's civil times are meant: the customer's, not this machine's.
#ifndef DOORSTEP_TOOLS_DOORSTEP_ZONES_H_
#define DOORSTEP_TOOLS_DOORSTEP_ZONES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/doorstep/connection.h"

namespace doorstep::cli {

// `asked` (the option --zone), else the zone of the site, else of the account, else of this machine. An account that
// the server does not know has none.
absl::StatusOr<absl::TimeZone> ZoneAt(Connection* connection, const std::string& asked, const std::string& account_id,
                                      const std::string& site_id);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_ZONES_H_
