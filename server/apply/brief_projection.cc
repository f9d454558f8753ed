#include "server/apply/brief_projection.h"

#include <string>
#include <utility>

#include "client_core/base/status.h"
#include "server/feeds/account_brief.h"
#include "server/storage/account_table.h"
#include "server/storage/brief_table.h"
#include "server/storage/commitment_table.h"
#include "server/storage/health_table.h"
#include "server/storage/record_table.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

constexpr int64_t kLastVisits = 3;

absl::StatusOr<BriefRecords> RecordsOf(SqlSession& sql, int64_t account) {
  BriefRecords records;
  ASSIGN_OR_RETURN(AccountName named, NameOfAccount(sql, account));
  records.account_id = std::move(named.id);
  records.account_name = std::move(named.name);
  ASSIGN_OR_RETURN(records.sites, ListRecordsOfAccount<v1::Site>(sql, account));
  ASSIGN_OR_RETURN(records.open_promises, CommitmentsOfAccount(sql, account, v1::COMMITMENT_STATE_OPEN));
  ASSIGN_OR_RETURN(records.repeats, KnownRepeats(sql, account));
  ASSIGN_OR_RETURN(const std::vector<EndedVisit> visits, LastEndedVisits(sql, account, kLastVisits));
  for (const EndedVisit& visit : visits) {
    records.last_visits.push_back(
        {visit.id, static_cast<int32_t>(visit.ended_day), static_cast<v1::OutcomeCode>(visit.outcome), visit.fault});
  }
  return records;
}

}  // namespace

absl::Status ProjectBriefs(Group& group) {
  for (const int64_t account : group.dirty().briefs) {
    if (account == 0) continue;
    ASSIGN_OR_RETURN(const BriefRecords records, RecordsOf(group.sql(), account));
    const std::string bytes = BuildBrief(records).SerializeAsString();
    ASSIGN_OR_RETURN(const BriefRow before, FindBrief(group.sql(), account));
    if (before.version > 0 && before.bytes == bytes) continue;
    RETURN_IF_ERROR(WriteBrief(group.sql(), account, before.version + 1, bytes));
    group.dirty().entities.insert({v1::ENTITY_KIND_BRIEF, records.account_id});
  }
  return absl::OkStatus();
}

}  // namespace doorstep
