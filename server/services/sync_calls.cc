#include "server/services/sync_calls.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/countersign.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/reconcile.h"
#include "server/apply/commands/signing_keys.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/verifying_key.h"
#include "server/apply/writer.h"
#include "server/services/authenticator.h"
#include "server/services/device_feeds.h"
#include "server/services/make_command.h"
#include "server/services/signing_keys.h"
#include "server/services/wake_hub.h"
#include "server/services/watch_hub.h"
#include "server/storage/device_table.h"
#include "server/storage/feed_pages.h"
#include "server/storage/journal_table.h"
#include "server/storage/meta_table.h"
#include "server/storage/push_table.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

// How long a phone waits when the queue is full: at least the first, and up to the second more, so that phones which
// came together do not come back together.
constexpr uint32_t kBusyWaitMs = 500;
constexpr uint64_t kBusySpreadMs = 1500;
constexpr uint32_t kInFlightMax = 2;

void SetGrant(uint32_t wait_ms, v1::Grant& grant) {
  grant.set_frame_bytes_max(limits::kFrameBytesMax);
  grant.set_frame_entries_max(limits::kFrameEntriesMax);
  grant.set_in_flight_max(kInFlightMax);
  grant.set_wait_ms(wait_ms);
}

// A full queue means that the server is behind by seconds. Then everything of phones is put off before anything of it
// is looked at: what they would be told is old in a moment, and the writer needs the machine.
bool IsBusy(const ServerParts& parts, size_t bytes) { return !parts.writer.HasRoom(bytes); }

uint32_t BusyWaitMs(const ServerParts& parts) {
  return kBusyWaitMs + static_cast<uint32_t>(parts.random.Below(kBusySpreadMs));
}

v1::JournalMark MarkOf(const JournalRow& journal) {
  v1::JournalMark mark;
  mark.set_epoch(journal.epoch);
  mark.set_received_through(journal.mark);
  mark.set_hash(journal.head_hash);
  mark.set_backed_up_through(journal.backed_up);
  return mark;
}

absl::Status DescribeSync(SqlSession& sql, absl::string_view device_id, v1::HelloResponse& response) {
  ASSIGN_OR_RETURN(const DeviceRow device, ReadUnblocked(sql, device_id));
  ASSIGN_OR_RETURN(const std::vector<JournalRow> journals, JournalsOfDevice(sql, device.n));
  for (const JournalRow& journal : journals) {
    if (journal.mark > 0 || journal.epoch == device.current_epoch) *response.add_marks() = MarkOf(journal);
  }
  ASSIGN_OR_RETURN(const std::vector<DeviceFeedName> feeds, FeedsOfDevice(sql, device));
  for (const DeviceFeedName& feed : feeds) {
    v1::FeedHead* head = response.add_feeds();
    head->set_feed(feed.name);
    ASSIGN_OR_RETURN(const int64_t seq, FeedSeq(sql, feed.stored));
    head->set_seq(seq);
  }
  return absl::OkStatus();
}

Countersigner SignerOf(const ServerParts& parts) { return {parts.storage.secret(), parts.storage.generation()}; }

// Runs on the writer's thread, so the generations come in the order of their commits.
void TakeGeneration(const ServerParts& parts, const std::string& generation) {
  if (generation == parts.storage.generation()) return;
  parts.storage.set_generation(generation);
  Log(parts.log, LogLevel::kError,
      absl::StrCat("a phone holds marks that this file does not know: an older file was put in its place; generation ",
                   generation, " begins, and phones send again what is missing"));
}

// It asks, and is told of whatever is committed until now: nothing has to wake it for that.
void NoteContact(const ServerParts& parts, const Scope& scope) {
  if (parts.wakes != nullptr) parts.wakes->Contacted(scope.name());
}

// What a Hello comes to, in the writer's transaction; the generation is the one that it leaves.
absl::StatusOr<v1::HelloResponse> RunWholeHello(const v1::HelloRequest& request, const std::string& device,
                                                const Countersigner& signer, int64_t now_us, Transaction& tx) {
  RETURN_IF_ERROR(ReadUnblocked(tx.sql(), device).status());
  ASSIGN_OR_RETURN(Reconciled reconciled, RunReconcile(request, device, signer, tx));
  v1::HelloResponse answer;
  ASSIGN_OR_RETURN(*answer.mutable_generation(), ReadGeneration(tx.sql()));
  const bool same_generation = request.generation().empty() || request.generation() == answer.generation();
  RETURN_IF_ERROR(RunHello(request, device, same_generation && !reconciled.recorded, now_us, tx));
  RETURN_IF_ERROR(DescribeSync(tx.sql(), device, answer));
  ASSIGN_OR_RETURN(const bool push_token_known, HasPushToken(tx.sql(), device));
  answer.set_push_token_known(push_token_known);
  for (v1::Fork& fork : reconciled.forks) *answer.add_forks() = std::move(fork);
  return answer;
}

// Marks of a writer that is in trouble name no journal.
v1::PushResponse FinishPush(const ServerParts& parts, absl::string_view device, uint32_t wait_ms,
                            v1::PushResponse response) {
  const Countersigner signer = SignerOf(parts);
  response.set_server_time_us(parts.NowUs());
  response.set_generation(signer.generation);
  if (response.mark().epoch() > 0) Countersign(signer, device, *response.mutable_mark());
  if (response.fork().has_common()) Countersign(signer, device, *response.mutable_fork()->mutable_common());
  SetGrant(wait_ms, *response.mutable_grant());
  return response;
}

// Overload is no error for a phone: no mark is news, and it comes again.
v1::PushResponse BusyPush(const ServerParts& parts, absl::string_view device) {
  return FinishPush(parts, device, BusyWaitMs(parts), v1::PushResponse());
}

v1::HelloResponse BusyHello(const ServerParts& parts) {
  v1::HelloResponse response;
  response.set_server_time_us(parts.NowUs());
  SetGrant(BusyWaitMs(parts), *response.mutable_grant());
  return response;
}

v1::PullResponse BusyPull(const ServerParts& parts, const v1::PullRequest& request) {
  v1::PullResponse response;
  response.set_cursor(request.cursor());
  response.set_wait_ms(BusyWaitMs(parts));
  return response;
}

}  // namespace

void EnrollCall(const ServerParts& parts, const v1::EnrollRequest& request, CallDone<v1::EnrollResponse> done) {
  // Not RESOURCE_EXHAUSTED, by which a phone's app would ask for room on its disk.
  if (IsBusy(parts, 0)) return done(absl::UnavailableError("the office's server is busy; call again in a second"));
  const absl::Status fields = CheckFields(request);
  if (!fields.ok()) return done(fields);
  // The answer holds the token, so it is not kept: a repeat derives it again.
  Command command = MakeCommand("invitation", "/doorstep.v1.EnrollmentService/Enroll", /*request_id=*/"", request,
                                [&](Transaction& tx) { return RunEnroll(request, parts.storage.generation(), tx); });
  RunInWriter<v1::EnrollResponse>(
      parts.writer, std::move(command), [&parts, done](absl::StatusOr<v1::EnrollResponse> enrolled) {
        if (enrolled.ok()) {
          parts.authenticator.Admit(Role::kDevice, enrolled->device(), HashSecret(enrolled->token()));
          // What was opened with the token before, which is no longer good.
          if (parts.watch != nullptr) {
            parts.watch->EndDevice(enrolled->device(), absl::AbortedError("this device was enrolled again"));
          }
        }
        done(std::move(enrolled));
      });
}

namespace {

// A command of its own before the Hello's: each writes its own row. A key of an algorithm that is newer than this
// server is none; and a phone that told one and tells none any more (its app was set back to an older version) is not
// kept waiting for ever: whoever may say Hello may tell another key as well, and either is noted with its time.
void TakeSigningKey(const ServerParts& parts, const Scope& scope, const v1::SigningKey& told,
                    std::function<void(const absl::Status&)> done) {
  const v1::SigningKey key = v1::KeyAlgorithm_IsValid(told.algorithm()) ? told : v1::SigningKey();
  if (parts.signing_keys.Counts(scope.name(), key)) return done(absl::OkStatus());
  std::shared_ptr<const VerifyingKey> verifying;
  if (key.algorithm() != v1::KEY_ALGORITHM_UNSPECIFIED) {
    absl::StatusOr<std::shared_ptr<const VerifyingKey>> made = VerifyingKey::Make("signing_key", key);
    if (!made.ok()) return done(made.status());
    verifying = *std::move(made);
  }
  Command command = MakeCommand(scope.principal(), "/doorstep.v1.SyncService/Hello", /*request_id=*/"", key,
                                [key, device = scope.name()](Transaction& tx) -> absl::StatusOr<v1::SigningKey> {
                                  RETURN_IF_ERROR(ReadUnblocked(tx.sql(), device).status());
                                  RETURN_IF_ERROR(RunTellSigningKey(key, device, tx));
                                  return key;
                                });
  RunInWriter<v1::SigningKey>(
      parts.writer, std::move(command),
      [&parts, done = std::move(done), device = scope.name(), verifying](const absl::StatusOr<v1::SigningKey>& noted) {
        if (noted.ok() && verifying != nullptr) parts.signing_keys.Take(device, verifying);
        if (noted.ok() && verifying == nullptr) parts.signing_keys.Drop(device);
        done(noted.status());
      });
}

void AnswerHello(const ServerParts& parts, const Scope& scope, const v1::HelloRequest& request,
                 CallDone<v1::HelloResponse> done) {
  // Answered from the writer's transaction: marks that are at least those of the last commit.
  Command command = MakeCommand(scope.principal(), "/doorstep.v1.SyncService/Hello", /*request_id=*/"", request,
                                [&parts, &request, device = scope.name()](Transaction& tx) {
                                  return RunWholeHello(request, device, SignerOf(parts), parts.NowUs(), tx);
                                });
  RunInWriter<v1::HelloResponse>(parts.writer, std::move(command),
                                 [&parts, done, device = scope.name()](absl::StatusOr<v1::HelloResponse> answer) {
                                   if (answer.ok()) {
                                     TakeGeneration(parts, answer->generation());
                                     const Countersigner signer = SignerOf(parts);
                                     for (v1::JournalMark& mark : *answer->mutable_marks()) {
                                       Countersign(signer, device, mark);
                                     }
                                     answer->set_server_time_us(parts.NowUs());
                                     answer->set_started_time_us(parts.started_us);
                                     SetGrant(0, *answer->mutable_grant());
                                   }
                                   done(std::move(answer));
                                 });
}

}  // namespace

void HelloCall(const ServerParts& parts, const Scope& scope, const v1::HelloRequest& request,
               CallDone<v1::HelloResponse> done) {
  if (IsBusy(parts, 0)) return done(BusyHello(parts));
  const absl::Status fields = CheckFields(request);
  if (!fields.ok()) return done(fields);
  NoteContact(parts, scope);
  TakeSigningKey(parts, scope, request.signing_key(), [&parts, scope, &request, done](const absl::Status& taken) {
    if (!taken.ok()) return done(taken);
    AnswerHello(parts, scope, request, done);
  });
}

void PushCall(const ServerParts& parts, const Scope& scope, const v1::PushRequest& request,
              CallDone<v1::PushResponse> done) {
  if (IsBusy(parts, request.frame().size())) return done(BusyPush(parts, scope.name()));
  const absl::Status fields = CheckRange("newest_epoch", request.newest_epoch(), 0, limits::kEpochMax);
  if (!fields.ok()) return done(fields);
  absl::StatusOr<std::unique_ptr<PreparedFrame>> prepared = PrepareFrame(request.frame(), scope.name());
  if (!prepared.ok()) return done(prepared.status());
  const absl::Status signed_well = parts.signing_keys.Check(scope.name(), (*prepared)->opened);
  if (!signed_well.ok()) return done(signed_well);
  (*prepared)->newest_epoch = request.newest_epoch();
  KillPoint("wire");
  const bool taken = parts.writer.SubmitFrame(
      *std::move(prepared), [&parts, done, device = scope.name()](absl::StatusOr<FrameAnswer> answer) {
        if (!answer.ok()) return done(answer.status());
        v1::PushResponse response;
        *response.mutable_mark() = std::move(answer->mark);
        if (answer->fork.has_value()) *response.mutable_fork() = *std::move(answer->fork);
        response.set_device_feed_seq(answer->device_feed_seq);
        done(FinishPush(parts, device, answer->wait_ms, std::move(response)));
      });
  if (!taken) done(BusyPush(parts, scope.name()));
}

absl::StatusOr<v1::PullResponse> PullCall(const ServerParts& parts, const Scope& scope,
                                          const v1::PullRequest& request) {
  if (IsBusy(parts, 0)) return BusyPull(parts, request);
  RETURN_IF_ERROR(CheckText("cursor", request.cursor(), limits::kCursorBytesMax));
  if (request.page_bytes() != 0) {
    RETURN_IF_ERROR(CheckRange("page_bytes", request.page_bytes(), limits::kPageBytesMin, limits::kPageBytesMax));
  }
  NoteContact(parts, scope);
  v1::PullResponse response;
  std::vector<std::string> unreadable;
  RETURN_IF_ERROR(parts.storage.Read("a feed", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(std::string feed, OwnFeed(sql, request.feed(), scope.name()));
    const int64_t now_us = parts.NowUs();
    ASSIGN_OR_RETURN(response, BuildPage(sql, {std::move(feed), request.cursor(), request.page_bytes(),
                                               parts.storage.generation(), now_us, &unreadable}));
    response.set_server_time_us(now_us);
    return absl::OkStatus();
  }));
  for (const std::string& line : unreadable) Log(parts.log, LogLevel::kError, line);
  return response;
}

absl::Status WatchCall(const ServerParts& parts, const Scope& scope, HintStream* stream, uint64_t& id) {
  if (parts.watch == nullptr) return absl::UnimplementedError("this server gives no hints");
  const auto read_feeds = [&](SqlSession& sql) -> absl::StatusOr<std::vector<DeviceFeedName>> {
    ASSIGN_OR_RETURN(const DeviceRow device, ReadUnblocked(sql, scope.name()));
    return FeedsOfDevice(sql, device);
  };
  std::vector<DeviceFeedName> feeds;
  RETURN_IF_ERROR(parts.storage.Read("feeds to watch", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(feeds, read_feeds(sql));
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(id, parts.watch->Open(scope.name(), feeds, stream));
  NoteContact(parts, scope);
  // Read after Open, so that no commit falls in between: what had changed before it did not end this stream.
  std::vector<int64_t> heads;
  const absl::Status read = parts.storage.Read("heads to watch", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<DeviceFeedName> feeds_now, read_feeds(sql));
    if (feeds_now != feeds) return absl::AbortedError("what this device may read has changed");
    for (const DeviceFeedName& feed : feeds) {
      ASSIGN_OR_RETURN(const int64_t seq, FeedSeq(sql, feed.stored));
      heads.push_back(seq);
    }
    return absl::OkStatus();
  });
  if (read.ok()) {
    parts.watch->Begin(id, heads);
  } else {
    parts.watch->End(id, read);
  }
  return absl::OkStatus();
}

}  // namespace doorstep
