#include "server/services/device_feeds.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "server/apply/commands/checks.h"
#include "server/storage/feed_pages.h"
#include "server/storage/left_table.h"

namespace doorstep {
namespace {

constexpr char kDeviceFeedName[] = "device";

// A phone that may only upload what it has reads nothing new. The feed of a technician who left holds nothing any more
// but what has left it, which the phone has to hear.
absl::StatusOr<bool> Reads(SqlSession& sql, const DeviceRow& device, absl::string_view technician) {
  if (device.lane == v1::LANE_ACTIVE) return true;
  ASSIGN_OR_RETURN(const int64_t left_us, FindLeft(sql, technician));
  return device.lane == v1::LANE_DRAIN_ONLY && left_us != 0;
}

}  // namespace

absl::StatusOr<DeviceRow> ReadUnblocked(SqlSession& sql, absl::string_view device_id) {
  ASSIGN_OR_RETURN(std::optional<DeviceRow> device, FindDevice(sql, device_id));
  if (!device.has_value()) return absl::NotFoundError(absl::StrCat("no device ", device_id));
  if (device->lane == v1::LANE_BLOCKED) {
    return absl::PermissionDeniedError(absl::StrCat("device \"", device->id, "\" is blocked"));
  }
  return *std::move(device);
}

absl::StatusOr<std::vector<DeviceFeedName>> FeedsOfDevice(SqlSession& sql, const DeviceRow& device) {
  std::vector<DeviceFeedName> feeds = {{kDeviceFeedName, DeviceFeed(device.id)}};
  ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(sql, device.n));
  for (const std::string& technician : technicians) {
    ASSIGN_OR_RETURN(const bool reads, Reads(sql, device, technician));
    if (!reads) continue;
    feeds.push_back({TechnicianFeed(technician), TechnicianFeed(technician)});
  }
  return feeds;
}

absl::StatusOr<std::string> OwnFeed(SqlSession& sql, absl::string_view feed, absl::string_view device_id) {
  ASSIGN_OR_RETURN(const DeviceRow device, ReadUnblocked(sql, device_id));
  ASSIGN_OR_RETURN(const std::vector<DeviceFeedName> own, FeedsOfDevice(sql, device));
  for (const DeviceFeedName& one : own) {
    if (feed == one.name) return one.stored;
  }
  if (!absl::StartsWith(feed, TechnicianFeed(""))) {
    return FieldError("feed", "must be \"device\" or \"technician:ID\"");
  }
  if (Planted("feed_of_another")) return std::string(feed);
  return absl::PermissionDeniedError("feed: not a feed of this device");
}

}  // namespace doorstep
