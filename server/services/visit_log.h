// The log of one visit: its facts in the order of the fold, each with what became of it. Opens the visit's frames.
#ifndef DOORSTEP_SERVER_SERVICES_VISIT_LOG_H_
#define DOORSTEP_SERVER_SERVICES_VISIT_LOG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/rules/superseded_entries.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/types.pb.h"
#include "server/storage/sql_session.h"
#include "server/storage/visit_table.h"

namespace doorstep {

struct VisitLogPage {
  std::vector<v1::VisitLogItem> items;
  std::string last;  // The place of the last item when there are more; empty: there are none.
};
// At most `items_max` items and limits::kVisitLogPageBytesMax bytes, but one item at least, of those behind the place
// `after` (`last` of another page; empty: from the beginning). INVALID_ARGUMENT: `after` is no place.
absl::StatusOr<VisitLogPage> ReadVisitLog(SqlSession& sql, const VisitRow& visit, absl::string_view after,
                                          size_t items_max);

// What became of an entry, in plain words: "counted", "quarantined: ...", "retracted by d7.2.419".
std::string JudgementWords(const v1::Judgement& judgement, const std::map<std::string, SupersededBy>& superseded);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_VISIT_LOG_H_
