#include "server/services/visit_log.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/credited_facts.h"
#include "doorstep/v1/visit.pb.h"
#include "server/services/received_entries.h"

namespace doorstep {
namespace {

// An item with its place in the fold: the highest corrected time of its journal so far, then its position.
struct PlacedItem {
  int64_t fold_time_us = 0;
  v1::VisitLogItem item;

  auto Key() const {
    return std::tuple(fold_time_us, item.position().device(), item.position().epoch(), item.position().seq());
  }
  std::string Place() const { return absl::StrCat(fold_time_us, " ", FormatPosition(item.position())); }
};

absl::StatusOr<PlacedItem> ParsePlace(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  PlacedItem place;
  absl::StatusOr<v1::JournalPosition> position = ParsePosition(halves.second);
  if (!position.ok() || !absl::SimpleAtoi(halves.first, &place.fold_time_us)) {
    return absl::InvalidArgumentError("page_token: must be next_page_token of the last answer, unchanged");
  }
  *place.item.mutable_position() = *std::move(position);
  return place;
}

// Where the entries of a visit count that do not count where they were recorded, by position.
std::map<std::string, std::string> CountedElsewhere(const v1::FoldInput& input) {
  std::map<std::string, std::string> words;
  const CreditedElsewhere elsewhere(input);
  for (const v1::FoldFact& fact : input.facts()) {
    const std::string* visit = elsewhere.VisitOf(fact);
    if (visit != nullptr) words[FormatPosition(fact.position())] = absl::StrCat("counted for visit ", *visit);
  }
  for (const v1::FoldFact& fact : input.credited()) {
    const std::string* visit = elsewhere.VisitOf(fact);
    words[FormatPosition(fact.position())] =
        visit != nullptr ? absl::StrCat("counted for visit ", *visit) : "counted; recorded for another visit";
  }
  return words;
}

PlacedItem ItemOf(v1::ReceivedEntry received, bool damaged, const std::map<std::string, SupersededBy>& superseded,
                  const std::map<std::string, std::string>& elsewhere) {
  PlacedItem placed;
  v1::VisitLogItem& item = placed.item;
  *item.mutable_position() = received.position();
  item.set_author(received.author());
  *item.mutable_time() = received.time();
  item.set_received_time_us(received.received_time_us());
  item.set_judgement(JudgementWords(received.judgement(), superseded));
  const auto moved = elsewhere.find(FormatPosition(received.position()));
  if (moved != elsewhere.end() && item.judgement() == "counted") item.set_judgement(moved->second);
  if (received.has_repairs()) {
    *item.mutable_repairs() = received.repairs();
    // References name the entry for which it stands in.
    const auto by = superseded.find(FormatPosition(received.repairs()));
    const std::string counts = by == superseded.end() ? "counted" : by->second.Words();
    item.set_judgement(absl::StrCat(counts, "; stands in for ", FormatPosition(received.repairs()), ", recorded by ",
                                    received.recorded_by()));
  }
  if (damaged) {
    const bool of_visit = !received.entry().visit_id().empty();
    item.set_judgement(absl::StrCat(received.judgement().message(), of_visit ? "" : "; perhaps of another visit"));
  }
  *item.mutable_entry() = std::move(*received.mutable_entry());
  return placed;
}

// Those of the visit whose entries are credited to this one come first.
absl::StatusOr<std::vector<FrameRow>> FramesToRead(SqlSession& sql, const VisitRow& visit, const v1::FoldInput& input) {
  std::vector<FrameRow> frames;
  for (const v1::FoldCommand& command : input.commands()) {
    const std::string& from = command.create().credited_from_visit_id();
    if (from.empty()) continue;
    ASSIGN_OR_RETURN(const int64_t n, FindVisitNumber(sql, from));
    ASSIGN_OR_RETURN(frames, FramesOfVisit(sql, n, -1));
  }
  ASSIGN_OR_RETURN(const std::vector<FrameRow> own, FramesOfVisit(sql, visit.n, -1));
  const size_t borrowed = frames.size();
  for (const FrameRow& frame : own) {
    const auto end = frames.begin() + static_cast<int64_t>(borrowed);
    if (std::none_of(frames.begin(), end, [&](const FrameRow& other) { return other.n == frame.n; })) {
      frames.push_back(frame);
    }
  }
  return frames;
}

absl::StatusOr<std::vector<PlacedItem>> ReadItems(SqlSession& sql, const VisitRow& visit, const v1::FoldInput& input) {
  ASSIGN_OR_RETURN(const std::vector<FrameRow> frames, FramesToRead(sql, visit, input));
  const std::map<std::string, std::string> elsewhere = CountedElsewhere(input);
  const std::map<std::string, SupersededBy> superseded = SupersededEntries(input);
  std::set<std::string> credited;
  for (const v1::FoldFact& fact : input.credited()) credited.insert(FormatPosition(fact.position()));
  std::vector<PlacedItem> placed;
  std::map<int64_t, DeviceRow> devices;
  for (const FrameRow& frame : frames) {
    if (devices.count(frame.device) == 0) {
      ASSIGN_OR_RETURN(std::optional<DeviceRow> device, FindDeviceByNumber(sql, frame.device));
      if (!device.has_value()) return absl::DataLossError(absl::StrCat("no device of number ", frame.device));
      devices[frame.device] = *std::move(device);
    }
    ASSIGN_OR_RETURN(std::vector<ReceivedWithEnvelope> entries, EntriesOfFrame(sql, devices[frame.device], frame));
    for (ReceivedWithEnvelope& entry : entries) {
      v1::ReceivedEntry& received = entry.received;
      std::optional<ReceivedWithEnvelope> repair;
      if (received.judgement().verdict() == v1::VERDICT_REPAIRED) {
        ASSIGN_OR_RETURN(repair, FindReceivedEntry(sql, received.judgement().repaired_by()));
        // What was repaired is shown where the new entry counts, though it may name another visit.
        const bool counts_here = repair.has_value() && repair->received.entry().visit_id() == input.visit_id();
        if (!counts_here) repair.reset();
        if (counts_here && !received.has_time()) *received.mutable_time() = repair->received.time();
      }
      const bool nobody_knows = entry.damaged && received.entry().visit_id().empty();
      const bool here = received.entry().visit_id() == input.visit_id() || nobody_knows ||
                        credited.count(FormatPosition(received.position())) > 0;
      if (!here && !repair.has_value()) continue;
      placed.push_back(ItemOf(std::move(received), entry.damaged, superseded, elsewhere));
      if (repair.has_value())
        placed.push_back(ItemOf(std::move(repair->received), repair->damaged, superseded, elsewhere));
    }
  }
  return placed;
}

}  // namespace

absl::StatusOr<VisitLogPage> ReadVisitLog(SqlSession& sql, const VisitRow& visit, absl::string_view after,
                                          size_t items_max) {
  v1::FoldInput input;
  if (!input.ParseFromString(visit.fold)) return absl::DataLossError(absl::StrCat("visit ", visit.n, ": its fold"));
  ASSIGN_OR_RETURN(std::vector<PlacedItem> placed, ReadItems(sql, visit, input));
  std::sort(placed.begin(), placed.end(), [](const PlacedItem& a, const PlacedItem& b) {
    return ComparePositions(a.item.position(), b.item.position()) < 0;
  });
  for (size_t i = 0; i < placed.size(); ++i) {
    placed[i].fold_time_us = placed[i].item.time().time_us();
    const bool same_journal = i > 0 && placed[i - 1].item.position().device() == placed[i].item.position().device() &&
                              placed[i - 1].item.position().epoch() == placed[i].item.position().epoch();
    if (same_journal) placed[i].fold_time_us = std::max(placed[i].fold_time_us, placed[i - 1].fold_time_us);
  }
  std::sort(placed.begin(), placed.end(), [](const PlacedItem& a, const PlacedItem& b) { return a.Key() < b.Key(); });
  auto next = placed.begin();
  if (!after.empty()) {
    ASSIGN_OR_RETURN(const PlacedItem last, ParsePlace(after));
    next = std::upper_bound(placed.begin(), placed.end(), last,
                            [](const PlacedItem& a, const PlacedItem& b) { return a.Key() < b.Key(); });
  }
  VisitLogPage page;
  size_t bytes = 0;
  for (; next != placed.end(); ++next) {
    bytes += next->item.ByteSizeLong();
    const bool full = page.items.size() >= items_max || bytes > limits::kVisitLogPageBytesMax;
    if (full && !page.items.empty()) return page;
    page.last = next->Place();
    page.items.push_back(std::move(next->item));
  }
  page.last.clear();
  return page;
}

std::string JudgementWords(const v1::Judgement& judgement, const std::map<std::string, SupersededBy>& superseded) {
  switch (judgement.verdict()) {
    case v1::VERDICT_QUARANTINED:
      return absl::StrCat("quarantined: ", judgement.message());
    case v1::VERDICT_REPAIRED:
      return absl::StrCat("repaired by ", FormatPosition(judgement.repaired_by()), ": ", judgement.message());
    case v1::VERDICT_DISMISSED:
      return absl::StrCat("dismissed: ", judgement.message());
    case v1::VERDICT_SAME_AS_ORIGINAL:
      return "a copy: the same bytes count under their first position";
    case v1::VERDICT_APPLIED_WITH_ATTENTION:
      return absl::StrCat("counted, with attention: ", judgement.message());
    default:
      break;
  }
  const auto by = superseded.find(FormatPosition(judgement.position()));
  return by == superseded.end() ? "counted" : by->second.Words();
}

}  // namespace doorstep
