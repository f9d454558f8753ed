#include "server/storage/feed_pages.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/feeds/tier.h"
#include "server/openssl_sha256.h"
#include "server/storage/device_table.h"
#include "server/storage/feed_cursor.h"
#include "server/storage/feed_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

// What a change costs in a page beside its entity.
constexpr size_t kChangeBytes = 64;
// What a row that is there costs, about: the change and the entity.
constexpr int64_t kEntityBytes = 600;

absl::StatusOr<std::string> ReadBlob(Query& query) {
  ASSIGN_OR_RETURN(const bool found, query.Step());
  return found ? std::string(query.Blob(0)) : std::string();
}

absl::StatusOr<std::string> DeviceOfFeed(SqlSession& sql, absl::string_view feed, DeviceRow* row) {
  absl::string_view device = feed;
  if (!absl::ConsumePrefix(&device, "device:")) return absl::InternalError("a technician feed holds a device's row");
  ASSIGN_OR_RETURN(std::optional<DeviceRow> found, FindDevice(sql, device));
  if (!found.has_value()) return absl::DataLossError(absl::StrCat("feed ", feed, " belongs to no device"));
  *row = *std::move(found);
  return std::string(device);
}

absl::StatusOr<std::string> JournalBytes(SqlSession& sql, absl::string_view feed, absl::string_view id) {
  DeviceRow device;
  RETURN_IF_ERROR(DeviceOfFeed(sql, feed, &device).status());
  uint64_t epoch = 0;
  if (!absl::SimpleAtoi(id, &epoch)) return absl::DataLossError("a journal's row is named by no epoch");
  ASSIGN_OR_RETURN(const std::optional<JournalRow> journal, FindJournal(sql, device.n, epoch));
  if (!journal.has_value()) return absl::DataLossError("a feed names a journal that is not there");
  v1::JournalState state;
  state.mutable_mark()->set_epoch(epoch);
  state.mutable_mark()->set_received_through(journal->mark);
  state.mutable_mark()->set_hash(journal->head_hash);
  state.mutable_mark()->set_backed_up_through(journal->backed_up);
  state.set_judged_through(journal->mark);
  return state.SerializeAsString();
}

absl::StatusOr<std::string> JudgementBytes(SqlSession& sql, absl::string_view feed, absl::string_view id) {
  DeviceRow device;
  RETURN_IF_ERROR(DeviceOfFeed(sql, feed, &device).status());
  ASSIGN_OR_RETURN(const v1::JournalPosition position, ParsePosition(id));
  Query query = sql.Use("SELECT bytes FROM judgement WHERE device = $1 AND epoch = $2 AND seq = $3");
  query.Int(1, device.n).Int(2, static_cast<int64_t>(position.epoch())).Int(3, static_cast<int64_t>(position.seq()));
  return ReadBlob(query);
}

// The entity as it stands in its own table, as bytes.
absl::StatusOr<std::string> EntityBytes(SqlSession& sql, absl::string_view feed, const FeedRow& row) {
  switch (row.kind) {
    case v1::ENTITY_KIND_JOURNAL:
      return JournalBytes(sql, feed, row.entity);
    case v1::ENTITY_KIND_JUDGEMENT:
      return JudgementBytes(sql, feed, row.entity);
    case v1::ENTITY_KIND_DEVICE: {
      DeviceRow device;
      RETURN_IF_ERROR(DeviceOfFeed(sql, feed, &device).status());
      ASSIGN_OR_RETURN(const v1::DeviceState state, StateOfDevice(sql, device));
      return state.SerializeAsString();
    }
    case v1::ENTITY_KIND_VISIT: {
      Query query = sql.Use("SELECT bytes FROM visit WHERE id = $1");
      query.Text(1, row.entity);
      return ReadBlob(query);
    }
    case v1::ENTITY_KIND_WORK_ORDER:
      return FindWorkOrderBytes(sql, row.entity);
    case v1::ENTITY_KIND_BRIEF: {
      Query query = sql.Use("SELECT b.bytes FROM brief b JOIN account a ON a.n = b.account WHERE a.id = $1");
      query.Text(1, row.entity);
      return ReadBlob(query);
    }
    case v1::ENTITY_KIND_SITE: {
      Query query = sql.Use("SELECT bytes FROM site WHERE id = $1");
      query.Text(1, row.entity);
      return ReadBlob(query);
    }
    case v1::ENTITY_KIND_ASSET: {
      Query query = sql.Use("SELECT bytes FROM asset WHERE id = $1");
      query.Text(1, row.entity);
      return ReadBlob(query);
    }
    default:
      return absl::InternalError(absl::StrCat("no table holds entities of kind ", row.kind));
  }
}

constexpr char kUnreadableHere[] = "what the office has of it is damaged, and the office was told";

template <typename Message>
bool Reads(const std::string& bytes) {
  return !bytes.empty() && Message().ParseFromString(bytes);
}

// Whether a phone can read what stands in the file. What is made here for each page always can be.
bool IsReadable(v1::EntityKind kind, const std::string& bytes) {
  switch (kind) {
    case v1::ENTITY_KIND_VISIT:
      return Reads<v1::Visit>(bytes);
    case v1::ENTITY_KIND_WORK_ORDER:
      return Reads<v1::WorkOrder>(bytes);
    case v1::ENTITY_KIND_BRIEF:
      return Reads<v1::AccountBrief>(bytes);
    case v1::ENTITY_KIND_SITE:
      return Reads<v1::Site>(bytes);
    case v1::ENTITY_KIND_ASSET:
      return Reads<v1::Asset>(bytes);
    default:
      return true;
  }
}

// Nothing: what stands in the file cannot be read.
absl::StatusOr<std::optional<std::string>> ReadableEntity(SqlSession& sql, absl::string_view feed, const FeedRow& row) {
  absl::StatusOr<std::string> entity = EntityBytes(sql, feed, row);
  if (!entity.ok() && !absl::IsDataLoss(entity.status())) return entity.status();
  if (!entity.ok() || !IsReadable(row.kind, *entity)) return std::optional<std::string>();
  return std::optional<std::string>(*std::move(entity));
}

void AddTerm(const FeedRow& row, FeedSum& sum) {
  OpensslSha256 hasher;
  if (row.kind != v1::ENTITY_KIND_JUDGEMENT) Add(FeedTerm(hasher, row.kind, row.entity, row.version), sum);
}

// Reads the whole feed.
absl::StatusOr<FeedSum> SumOfUnreadable(SqlSession& sql, absl::string_view feed, const FeedHead& head) {
  FeedSum sum;
  ASSIGN_OR_RETURN(const std::vector<FeedRow> rows, PresentFeedRows(sql, head.n));
  for (const FeedRow& row : rows) {
    ASSIGN_OR_RETURN(const std::optional<std::string> entity, ReadableEntity(sql, feed, row));
    if (!entity.has_value()) AddTerm(row, sum);
  }
  return sum;
}

// A page being filled.
class PageBuilder {
 public:
  PageBuilder(SqlSession& sql, const PullQuestion& question, size_t bytes_max)
      : sql_(sql), feed_(question.feed), unreadable_(question.unreadable), left_(bytes_max) {}

  // False: the page is full, and the row is not in it. A page takes at least one row. `left_out` goes on by the row's
  // term when it is said to have left, though the feed has it.
  absl::StatusOr<bool> Add(const FeedRow& row, FeedSum& left_out) {
    v1::Change change;
    change.set_kind(row.kind);
    change.set_id(row.entity);
    change.set_version(row.version);
    change.set_seq(row.seq);
    change.set_day(static_cast<int32_t>(row.day));
    if (row.gone) {
      change.mutable_left()->set_reason(row.reason);
      change.mutable_left()->set_successor(row.successor);
    } else {
      ASSIGN_OR_RETURN(std::optional<std::string> entity, ReadableEntity(sql_, feed_, row));
      if (entity.has_value()) {
        change.set_entity(*std::move(entity));
      } else {
        change.mutable_left()->set_reason(kUnreadableHere);
      }
    }
    const size_t cost = kChangeBytes + row.entity.size() + change.left().reason().size() + change.entity().size();
    if (page_.changes_size() > 0 && cost > left_) return false;
    left_ -= std::min(cost, left_);
    if (change.has_left() && !row.gone) LeaveOut(row, left_out);
    *page_.add_changes() = std::move(change);
    return true;
  }

  const v1::PullPage& page() const { return page_; }

 private:
  void LeaveOut(const FeedRow& row, FeedSum& left_out) {
    AddTerm(row, left_out);
    if (unreadable_ == nullptr) return;
    unreadable_->push_back(absl::StrCat("feed ", feed_, ": ", v1::EntityKind_Name(row.kind), " ", row.entity,
                                        " of version ", row.version, " cannot be read; phones go on without it"));
  }

  SqlSession& sql_;
  const std::string feed_;
  std::vector<std::string>* const unreadable_;
  size_t left_;
  v1::PullPage page_;
};

auto SnapshotKey(const FeedRow& row, int32_t today) {
  return std::make_tuple(FeedTier(row.kind, row.day, today), static_cast<int>(row.kind), row.entity);
}

// Adds rows of the snapshot after the cursor's place; true when it is complete.
absl::StatusOr<bool> FillSnapshot(SqlSession& sql, const FeedHead& head, FeedCursor& cursor, PageBuilder& page) {
  ASSIGN_OR_RETURN(std::vector<FeedRow> rows, PresentFeedRows(sql, head.n));
  std::sort(rows.begin(), rows.end(), [&](const FeedRow& a, const FeedRow& b) {
    return SnapshotKey(a, cursor.day) < SnapshotKey(b, cursor.day);
  });
  const auto reached = std::make_tuple(cursor.tier, cursor.kind, cursor.entity);
  for (const FeedRow& row : rows) {
    const auto key = SnapshotKey(row, cursor.day);
    if (cursor.kind != 0 && key <= reached) continue;
    ASSIGN_OR_RETURN(const bool added, page.Add(row, cursor.left_out));
    if (!added) return false;
    std::tie(cursor.tier, cursor.kind, cursor.entity) = key;
  }
  return true;
}

// Adds rows changed after the cursor; true when none is left.
absl::StatusOr<bool> FillDelta(SqlSession& sql, const FeedHead& head, FeedCursor& cursor, PageBuilder& page) {
  constexpr int64_t kRowsAtATime = 500;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<FeedRow> rows, FeedRowsAfter(sql, head.n, cursor.seq, kRowsAtATime));
    for (const FeedRow& row : rows) {
      ASSIGN_OR_RETURN(const bool added, page.Add(row, cursor.left_out));
      if (!added) return false;
      cursor.seq = row.seq;
    }
    if (rows.size() < static_cast<size_t>(kRowsAtATime)) return true;
  }
}

// Whether all that is there costs less than the changes after the cursor: most of those then say that something left.
absl::StatusOr<bool> SnapshotIsCheaper(SqlSession& sql, const FeedHead& head, const FeedCursor& cursor) {
  // Every row has a seq of its own, so this is the most that the delta can have.
  if (cursor.phase != FeedCursor::kDelta || head.seq - cursor.seq <= limits::kDeltaRowsLong) return false;
  ASSIGN_OR_RETURN(const DeltaSize delta, SizeOfDelta(sql, head.n, cursor.seq));
  if (delta.present + delta.left <= limits::kDeltaRowsLong) return false;
  return (delta.present_in_all - delta.present) * kEntityBytes < delta.left * static_cast<int64_t>(kChangeBytes);
}

}  // namespace

std::string DeviceFeed(absl::string_view device) { return absl::StrCat("device:", device); }

absl::StatusOr<int64_t> FeedSeq(SqlSession& sql, absl::string_view feed) {
  ASSIGN_OR_RETURN(const std::optional<FeedHead> head, FindFeed(sql, feed));
  return head.has_value() ? head->seq : 0;
}

absl::StatusOr<v1::PullResponse> BuildPage(SqlSession& sql, const PullQuestion& question) {
  const uint32_t page_bytes = question.page_bytes == 0 ? limits::kPageBytesDefault : question.page_bytes;
  if (page_bytes < limits::kPageBytesMin || page_bytes > limits::kPageBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_bytes: ", page_bytes, " is outside ", limits::kPageBytesMin, " to ", limits::kPageBytesMax));
  }
  if (question.cursor.size() > limits::kCursorBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("cursor: longer than ", limits::kCursorBytesMax, " bytes"));
  }
  ASSIGN_OR_RETURN(const std::optional<FeedHead> known, FindFeed(sql, question.feed));
  const FeedHead head = known.value_or(FeedHead{});

  v1::PullResponse response;
  std::optional<FeedCursor> cursor = ParseFeedCursor(question.cursor, question.generation, question.feed);
  bool anew = !cursor.has_value() || cursor->seq < head.pruned_seq || cursor->seq > head.seq;
  if (!anew) {
    ASSIGN_OR_RETURN(anew, SnapshotIsCheaper(sql, head, *cursor));
  }
  if (anew) {
    cursor = FeedCursor{};
    cursor->seq = head.seq;
    cursor->day = CivilDay(question.now_us, 0);
    response.set_snapshot_begins(true);
  }

  PageBuilder page(sql, question, page_bytes);
  bool complete = true;
  if (cursor->phase == FeedCursor::kSnapshot) {
    ASSIGN_OR_RETURN(complete, FillSnapshot(sql, head, *cursor, page));
    if (complete) cursor->phase = FeedCursor::kAfterSnapshot;
    if (complete && Planted("snapshot_skips_changed_rows")) cursor->seq = head.seq;
  }
  if (complete) {
    ASSIGN_OR_RETURN(complete, FillDelta(sql, head, *cursor, page));
  }
  if (complete) {
    response.set_at_head(true);
    FeedSum sum = head.sum;
    if (cursor->left_out != FeedSum()) {
      ASSIGN_OR_RETURN(const FeedSum unreadable, SumOfUnreadable(sql, question.feed, head));
      Subtract(unreadable, sum);
    }
    response.mutable_sum()->set_high(sum.high);
    response.mutable_sum()->set_low(sum.low);
    response.set_snapshot_ends(cursor->phase == FeedCursor::kAfterSnapshot);
    cursor->phase = FeedCursor::kDelta;
  }

  const std::string raw = page.page().SerializeAsString();
  v1::Codec codec = v1::CODEC_NONE;
  response.set_page(Compress(raw, &codec));
  response.set_codec(codec);
  response.set_raw_bytes(static_cast<uint32_t>(raw.size()));
  response.set_cursor(FormatFeedCursor(*cursor, question.generation, question.feed));
  response.set_server_time_us(question.now_us);
  response.set_generation(question.generation);
  response.set_feed_seq(head.seq);
  return response;
}

}  // namespace doorstep
