// Everything that needs a person, a page at a time: parked entries, then flagged visits.
#ifndef DOORSTEP_SERVER_SERVICES_ATTENTION_PAGES_H_
#define DOORSTEP_SERVER_SERVICES_ATTENTION_PAGES_H_

#include "absl/status/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// INVALID_ARGUMENT names page_size or page_token.
absl::Status ReadAttention(SqlSession& sql, const v1::ListAttentionRequest& request,
                           v1::ListAttentionResponse& response);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ATTENTION_PAGES_H_
