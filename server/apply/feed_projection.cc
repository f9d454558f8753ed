#include "server/apply/feed_projection.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/feed_writer.h"
#include "server/apply/wake_projection.h"
#include "server/feeds/urgency.h"
#include "server/feeds/visit_audience.h"
#include "server/storage/account_table.h"
#include "server/storage/assignment_table.h"
#include "server/storage/brief_table.h"
#include "server/storage/feed_pages.h"
#include "server/storage/record_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

constexpr char kLeftTheCompany[] = "you have left the company";

// What a visit refers to; it goes to the phone with the visit.
std::set<FeedReference> ReferencesOf(const v1::Visit& visit) {
  std::set<FeedReference> references;
  if (!visit.work_order_id().empty()) references.insert({v1::ENTITY_KIND_WORK_ORDER, visit.work_order_id()});
  if (!visit.account_id().empty()) references.insert({v1::ENTITY_KIND_BRIEF, visit.account_id()});
  if (!visit.site_id().empty()) references.insert({v1::ENTITY_KIND_SITE, visit.site_id()});
  for (const std::string& asset : visit.asset_ids()) references.insert({v1::ENTITY_KIND_ASSET, asset});
  return references;
}

bool SameReferences(const v1::Visit& a, const v1::Visit& b) {
  if (a.work_order_id() != b.work_order_id() || a.account_id() != b.account_id() || a.site_id() != b.site_id() ||
      a.asset_ids_size() != b.asset_ids_size()) {
    return false;
  }
  return std::equal(a.asset_ids().begin(), a.asset_ids().end(), b.asset_ids().begin());
}

// 0: there is no such entity (yet).
absl::StatusOr<int64_t> VersionOf(SqlSession& sql, const FeedReference& entity) {
  switch (entity.kind) {
    case v1::ENTITY_KIND_WORK_ORDER:
      return FindWorkOrderVersion(sql, entity.entity);
    case v1::ENTITY_KIND_BRIEF: {
      ASSIGN_OR_RETURN(const int64_t account, FindAccountNumber(sql, entity.entity));
      ASSIGN_OR_RETURN(const BriefRow row, FindBrief(sql, account));
      return row.version;
    }
    case v1::ENTITY_KIND_SITE:
      return FindRecordVersion<v1::Site>(sql, entity.entity);
    case v1::ENTITY_KIND_ASSET:
      return FindRecordVersion<v1::Asset>(sql, entity.entity);
    default:
      return absl::InternalError(absl::StrCat("a visit refers to no entity of kind ", entity.kind));
  }
}

class FeedProjection {
 public:
  FeedProjection(Group& group, int32_t today)
      : group_(group), sql_(group.sql()), today_(today), writer_(&group.sql(), &group.recent(), today_) {}

  absl::Status ProjectVisit(GroupVisit& visit) {
    if (visit.visit.version() == visit.row.columns.version) return absl::OkStatus();
    for (const VisitViewer& viewer : AudienceOf(visit.visit, visit.columns.day, today_)) {
      ASSIGN_OR_RETURN(OpenFeed * feed, writer_.Open(TechnicianFeed(viewer.technician_id)));
      ASSIGN_OR_RETURN(const int64_t left_us, group_.LeftUs(viewer.technician_id));
      ASSIGN_OR_RETURN(const bool was_shown, writer_.Shows(*feed, v1::ENTITY_KIND_VISIT, visit.id));
      const bool is_shown = viewer.sees && left_us == 0;
      if (is_shown) {
        RETURN_IF_ERROR(Show(*feed, visit));
      } else if (viewer.sees) {
        RETURN_IF_ERROR(Hide(*feed, visit.row.n, visit.id, kLeftTheCompany, ""));
      } else {
        RETURN_IF_ERROR(Hide(*feed, visit.row.n, visit.id, viewer.reason, viewer.successor));
      }
      const VisitMove move = {was_shown,           is_shown,       visit.row.columns.day, visit.columns.day,
                              visit.visit.state(), visit.commanded};
      wakes_.OfTechnician(viewer.technician_id, UrgencyOf(move, today_));
      if (feed->head.window_day != today_) stale_windows_.insert(viewer.technician_id);
    }
    for (const std::string& technician : NoLongerOn(visit.before, visit.visit)) {
      ASSIGN_OR_RETURN(OpenFeed * feed, writer_.Open(TechnicianFeed(technician)));
      RETURN_IF_ERROR(Hide(*feed, visit.row.n, visit.id, "what was recorded here was retracted", ""));
    }
    return absl::OkStatus();
  }

  // A phone keeps a week back and two weeks ahead; as the days pass, visits leave and others come.
  absl::Status MoveWindows() {
    if (group_.dirty().day_turned) {
      ASSIGN_OR_RETURN(const std::vector<std::string> behind, writer_.TechniciansBehind(limits::kTickFeedsMax));
      stale_windows_.insert(behind.begin(), behind.end());
    }
    // Whoever left sees nothing any more; whoever came back sees everything again.
    stale_windows_.insert(group_.dirty().left.begin(), group_.dirty().left.end());
    for (const std::string& technician : stale_windows_) {
      ASSIGN_OR_RETURN(OpenFeed * feed, writer_.Open(TechnicianFeed(technician)));
      ASSIGN_OR_RETURN(const int64_t left_us, group_.LeftUs(technician));
      ASSIGN_OR_RETURN(const std::vector<FeedRow> rows, writer_.Present(*feed));
      for (const FeedRow& row : rows) {
        if (row.kind != v1::ENTITY_KIND_VISIT || (left_us == 0 && InFeedWindow(row.day, today_))) continue;
        ASSIGN_OR_RETURN(const int64_t visit, FindVisitNumber(sql_, row.entity));
        RETURN_IF_ERROR(
            Hide(*feed, visit, row.entity, left_us != 0 ? kLeftTheCompany : "outside the days that a phone keeps", ""));
      }
      std::vector<int64_t> visits;
      if (left_us == 0) {
        ASSIGN_OR_RETURN(visits, VisitsOfTechnician(sql_, technician, today_ - kFeedDaysBack, today_ + kFeedDaysAhead));
      }
      for (const int64_t n : visits) {
        ASSIGN_OR_RETURN(GroupVisit * visit, group_.VisitUnlessDamaged(n));
        if (visit == nullptr) continue;
        if (!visit->changed) visit->columns = visit->row.columns;
        group_.Fold(*visit);
        for (const VisitViewer& viewer : AudienceOf(visit->visit, visit->columns.day, today_)) {
          if (viewer.technician_id == technician && viewer.sees) RETURN_IF_ERROR(Show(*feed, *visit));
        }
      }
      RETURN_IF_ERROR(writer_.Prune(*feed));
      feed->head.window_day = today_;
    }
    return absl::OkStatus();
  }

  absl::Status ProjectEntities() {
    for (const auto& [kind, id] : group_.dirty().entities) {
      ASSIGN_OR_RETURN(const std::vector<std::string> feeds, FeedsReferringTo(sql_, kind, id));
      if (feeds.empty()) continue;
      int64_t version = group_.GivenVersion(kind, id);
      if (version == 0) {
        ASSIGN_OR_RETURN(version, VersionOf(sql_, {kind, id}));
      }
      for (const std::string& name : feeds) {
        ASSIGN_OR_RETURN(OpenFeed * feed, writer_.Open(name));
        RETURN_IF_ERROR(writer_.Put(*feed, kind, id, version, 0).status());
      }
    }
    return absl::OkStatus();
  }

  absl::Status ProjectDevices() {
    const Dirty& dirty = group_.dirty();
    for (const int64_t n : dirty.devices) {
      ASSIGN_OR_RETURN(const DeviceRow* device, group_.DeviceByNumber(n));
      ASSIGN_OR_RETURN(OpenFeed * feed, OpenDevice(*device));
      RETURN_IF_ERROR(writer_.Put(*feed, v1::ENTITY_KIND_DEVICE, device->id, device->version, 0).status());
      group_.changed_devices.push_back(device->id);
      wakes_.OfDevice(n);
    }
    for (const auto& [n, epoch] : dirty.journals) {
      ASSIGN_OR_RETURN(const DeviceRow* device, group_.DeviceByNumber(n));
      ASSIGN_OR_RETURN(const JournalRow* journal, group_.FindJournal(n, epoch));
      if (journal == nullptr) return absl::InternalError("a journal that was written is not there");
      ASSIGN_OR_RETURN(OpenFeed * feed, OpenDevice(*device));
      // Both marks only grow, so their sum is the version; one more, because versions begin at 1.
      const auto version = static_cast<int64_t>(journal->mark + journal->backed_up + 1);
      RETURN_IF_ERROR(writer_.Put(*feed, v1::ENTITY_KIND_JOURNAL, absl::StrCat(epoch), version, 0).status());
    }
    for (const auto& [key, version] : dirty.judgements) {
      ASSIGN_OR_RETURN(const DeviceRow* device, group_.DeviceByNumber(key.first));
      ASSIGN_OR_RETURN(OpenFeed * feed, OpenDevice(*device));
      RETURN_IF_ERROR(writer_.Put(*feed, v1::ENTITY_KIND_JUDGEMENT, key.second, version, 0).status());
    }
    for (const auto& [device, feed] : device_feeds_) group_.device_feed_seqs[device] = feed->head.seq;
    return absl::OkStatus();
  }

  absl::Status Write() {
    if (!group_.writes_later) RETURN_IF_ERROR(writer_.WriteAll());
    RETURN_IF_ERROR(wakes_.Write(group_));
    group_.feeds = writer_.Take();
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<OpenFeed*> OpenDevice(const DeviceRow& device) {
    ASSIGN_OR_RETURN(OpenFeed * feed, writer_.Open(DeviceFeed(device.id)));
    device_feeds_[device.id] = feed;
    return feed;
  }

  absl::Status Show(OpenFeed& feed, const GroupVisit& visit) {
    ASSIGN_OR_RETURN(const bool is_new,
                     writer_.Put(feed, v1::ENTITY_KIND_VISIT, visit.id, visit.visit.version(), visit.columns.day));
    if (!is_new && SameReferences(visit.before, visit.visit)) return absl::OkStatus();
    const std::set<FeedReference> references = ReferencesOf(visit.visit);
    if (!is_new) {  // What is new here has none: Hide() takes them away.
      ASSIGN_OR_RETURN(const std::vector<FeedReference> orphans, RemoveFeedReferences(sql_, feed.head.n, visit.row.n));
      for (const FeedReference& orphan : orphans) {
        if (references.count(orphan) > 0) continue;
        RETURN_IF_ERROR(DropOrphan(feed, orphan));
      }
    }
    for (const FeedReference& reference : references) {
      RETURN_IF_ERROR(AddFeedReference(sql_, feed.head.n, reference.kind, reference.entity, visit.row.n));
      // What is there already is there as it stands now: ProjectEntities moves it up when it changes.
      ASSIGN_OR_RETURN(const bool shown, writer_.Shows(feed, reference.kind, reference.entity));
      if (shown) continue;
      ASSIGN_OR_RETURN(const int64_t version, VersionOf(sql_, reference));
      if (version == 0) continue;
      RETURN_IF_ERROR(writer_.Put(feed, reference.kind, reference.entity, version, 0).status());
    }
    return absl::OkStatus();
  }

  absl::Status Hide(OpenFeed& feed, int64_t visit, absl::string_view id, absl::string_view reason,
                    absl::string_view successor) {
    ASSIGN_OR_RETURN(const bool was_shown, writer_.Leave(feed, v1::ENTITY_KIND_VISIT, id, reason, successor));
    if (!was_shown) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<FeedReference> orphans, RemoveFeedReferences(sql_, feed.head.n, visit));
    for (const FeedReference& orphan : orphans) RETURN_IF_ERROR(DropOrphan(feed, orphan));
    return absl::OkStatus();
  }

  absl::Status DropOrphan(OpenFeed& feed, const FeedReference& orphan) {
    return writer_.Leave(feed, orphan.kind, orphan.entity, "no visit here needs it any more", "").status();
  }

  Group& group_;
  SqlSession& sql_;
  const int32_t today_;
  FeedWriter writer_;
  WakeProjection wakes_;
  std::set<std::string> stale_windows_;
  std::map<std::string, OpenFeed*> device_feeds_;
};

}  // namespace

absl::Status ProjectFeeds(Group& group, const std::vector<GroupVisit*>& changed) {
  ASSIGN_OR_RETURN(const int32_t today, group.Today());
  FeedProjection projection(group, today);
  for (GroupVisit* visit : changed) RETURN_IF_ERROR(projection.ProjectVisit(*visit));
  RETURN_IF_ERROR(projection.MoveWindows());
  RETURN_IF_ERROR(projection.ProjectEntities());
  RETURN_IF_ERROR(projection.ProjectDevices());
  return projection.Write();
}

}  // namespace doorstep
