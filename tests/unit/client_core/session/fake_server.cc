#include "tests/unit/client_core/session/fake_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/feed_sum.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"
#include "doorstep/v1/enrollment_service.pb.h"

namespace doorstep {
namespace {

const char kDevice[] = "d7";

std::string SaltOf(uint64_t epoch) { return std::string(16, static_cast<char>('a' + epoch % 26)); }

std::string HashBytes(const Hash& hash) { return std::string(reinterpret_cast<const char*>(hash.data()), hash.size()); }

}  // namespace

absl::StatusOr<std::string> FakeServer::Handle(const std::string& method, const std::string& authorization,
                                               const std::string& request) {
  MutexLock lock(&mutex_);
  ++calls[method];
  const Fate decided = fate ? fate(method, request) : Fate();
  if (!decided.status.ok() && !decided.after) return decided.status;
  absl::StatusOr<std::string> answer = absl::UnimplementedError(method);
  if (method == "/doorstep.v1.EnrollmentService/Enroll") {
    answer = Enroll(request);
  } else if (authorization != "Bearer " + token_ || refuse_token) {
    return absl::UnauthenticatedError("this token is not known");
  } else if (busy && busy(method)) {
    return PutOff(method, request);
  } else if (method == "/doorstep.v1.SyncService/Hello") {
    answer = Hello(request);
  } else if (method == "/doorstep.v1.SyncService/Push") {
    answer = Push(request);
  } else if (method == "/doorstep.v1.SyncService/Pull") {
    answer = Pull(request);
  } else if (attachments && method.rfind("/doorstep.v1.AttachmentService/", 0) == 0) {
    answer = attachments(method, request);
  }
  if (!decided.status.ok()) return decided.status;
  return answer;
}

absl::StatusOr<std::string> FakeServer::PutOff(const std::string& method, const std::string& request) const {
  if (method == "/doorstep.v1.SyncService/Pull") {
    v1::PullRequest pull;
    v1::PullResponse response;
    if (!pull.ParseFromString(request)) return absl::InvalidArgumentError("pull");
    response.set_cursor(pull.cursor());
    response.set_wait_ms(1);
    return response.SerializeAsString();
  }
  if (method == "/doorstep.v1.SyncService/Push") {
    v1::PushResponse response;
    response.set_server_time_us(server_time_us);
    response.set_generation(generation);
    response.mutable_grant()->set_wait_ms(1);
    return response.SerializeAsString();
  }
  v1::HelloResponse response;
  response.set_server_time_us(server_time_us);
  response.mutable_grant()->set_wait_ms(1);
  return response.SerializeAsString();
}

absl::StatusOr<std::string> FakeServer::Enroll(const std::string& bytes) {
  v1::EnrollRequest request;
  if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("enroll");
  if (request.invitation_code() != "invitation") return absl::NotFoundError("the invitation is not known");
  enrol_request_ids.push_back(request.request_id());
  if (enrol_request_ids.front() != request.request_id()) return absl::FailedPreconditionError("used");
  token_ = absl::StrCat("token-", enrol_request_ids.size());
  journals[1].salt = SaltOf(1);
  v1::EnrollResponse response;
  response.set_device(kDevice);
  response.set_token(token_);
  response.set_signing_seed(std::string(32, 'x'));  // Which is nothing that a server may say.
  v1::EnrolledTechnician& ana = *response.add_technicians();
  ana.set_id("ana");
  ana.set_name("Ana");
  response.mutable_epoch()->set_epoch(1);
  response.mutable_epoch()->set_salt(SaltOf(1));
  response.mutable_spare_epoch()->set_epoch(2);
  response.mutable_spare_epoch()->set_salt(SaltOf(2));
  response.set_server_time_us(server_time_us);
  response.set_generation(generation);
  return response.SerializeAsString();
}

Hash FakeServer::HeadHash(uint64_t epoch, uint64_t seq) const {
  if (seq > 0) return journals.at(epoch).entries.at(seq - 1).hash;
  SodiumSha256 hasher;
  return ChainStart(hasher, kDevice, epoch, journals.at(epoch).salt);
}

v1::JournalMark FakeServer::Mark(uint64_t epoch) const {
  v1::JournalMark mark;
  mark.set_epoch(epoch);
  mark.set_received_through(journals.at(epoch).entries.size());
  mark.set_hash(HashBytes(HeadHash(epoch, mark.received_through())));
  return mark;
}

absl::StatusOr<std::string> FakeServer::Hello(const std::string& bytes) {
  v1::HelloRequest request;
  if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("hello");
  hellos.push_back(request);
  v1::HelloResponse response;
  response.set_server_time_us(server_time_us);
  response.set_generation(generation);
  for (const auto& [epoch, journal] : journals) *response.add_marks() = Mark(epoch);
  *response.mutable_grant() = grant;
  if (request.has_push_token() && keeps_push_tokens) push_token = request.push_token().token();
  response.set_push_token_known(!push_token.empty());
  std::vector<std::string> names = {"device"};
  for (const std::string& technician : technicians) names.push_back(absl::StrCat("technician:", technician));
  for (const std::string& feed : names) {
    v1::FeedHead& head = *response.add_feeds();
    head.set_feed(feed);
    for (const auto& [key, row] : feeds_[feed]) head.set_seq(std::max(head.seq(), row.seq));
  }
  return response.SerializeAsString();
}

v1::Fork FakeServer::MakeFork(uint64_t epoch, uint64_t last_common) {
  const uint64_t fresh = std::max<uint64_t>(journals.rbegin()->first, 2) + 1;
  journals[fresh].salt = SaltOf(fresh);
  v1::Fork fork;
  fork.set_epoch(epoch);
  fork.set_last_common_seq(last_common);
  fork.set_new_epoch(fresh);
  fork.set_new_epoch_salt(SaltOf(fresh));
  return fork;
}

absl::StatusOr<std::string> FakeServer::Push(const std::string& bytes) {
  v1::PushRequest request;
  if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("push");
  ASSIGN_OR_RETURN(const OpenedFrame frame, OpenFrame(request.frame()));
  SodiumSha256 hasher;
  ASSIGN_OR_RETURN(const std::vector<Hash> hashes, CheckChain(hasher, frame));
  if (on_frame) RETURN_IF_ERROR(on_frame(frame.header, frame.body));
  const uint64_t epoch = frame.header.epoch();
  if (journals.count(epoch) == 0) journals[epoch].salt = SaltOf(epoch);
  Journal& journal = journals[epoch];
  v1::PushResponse response;
  const uint64_t mark = journal.entries.size();
  const uint64_t first = frame.header.first_seq();
  uint64_t common = first - 1;
  bool differs = first <= mark + 1 && frame.header.prev_hash() != HashBytes(HeadHash(epoch, first - 1));
  for (uint64_t seq = first; seq <= std::min(mark, frame.header.last_seq()) && !differs; ++seq) {
    differs = hashes[seq - first] != journal.entries[seq - 1].hash;
    if (!differs) common = seq;
  }
  if (differs) {
    *response.mutable_fork() = MakeFork(epoch, common < first ? 0 : common);
  } else if (first <= mark + 1) {
    for (uint64_t seq = mark + 1; seq <= frame.header.last_seq(); ++seq) {
      const v1::EntryEnvelope& envelope = frame.body.entries(static_cast<int>(seq - first));
      journal.entries.push_back({envelope, hashes[seq - first]});
      v1::LogEntry entry;
      const bool readable = entry.ParseFromString(envelope.entry());
      if (!envelope.opaque() && !(readable && quarantines && quarantines(entry))) continue;
      v1::Judgement judgement;
      *judgement.mutable_position() = MakePosition(kDevice, epoch, seq);
      judgement.set_verdict(v1::VERDICT_QUARANTINED);
      judgement.set_message("no such visit");
      judgement.set_visit_id(entry.visit_id());
      Put("device", v1::ENTITY_KIND_JUDGEMENT, FormatPosition(judgement.position()), judgement.SerializeAsString());
    }
    if (frame.header.last_seq() > mark) headers.push_back(frame.header);
    PutJournalState(epoch);
  }
  *response.mutable_mark() = Mark(epoch);
  response.set_server_time_us(server_time_us);
  response.set_generation(generation);
  response.set_device_feed_seq(seq_);
  *response.mutable_grant() = grant;
  return response.SerializeAsString();
}

void FakeServer::PutJournalState(uint64_t epoch) {
  v1::JournalState state;
  *state.mutable_mark() = Mark(epoch);
  state.set_judged_through(state.mark().received_through());
  Put("device", v1::ENTITY_KIND_JOURNAL, absl::StrCat(epoch), state.SerializeAsString());
}

void FakeServer::Restore(const std::string& new_generation, uint64_t epoch, size_t entries) {
  generation = new_generation;
  journals[epoch].entries.resize(entries);
  PutJournalState(epoch);
}

void FakeServer::Put(const std::string& feed, v1::EntityKind kind, const std::string& id, const std::string& entity) {
  Row& row = feeds_[feed][absl::StrCat(static_cast<int>(kind), "/", id)];
  row = {kind, id, entity, row.version + 1, ++seq_};
}

absl::StatusOr<std::string> FakeServer::Pull(const std::string& bytes) {
  v1::PullRequest request;
  if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("pull");
  int64_t after = 0;
  const std::string prefix = generation + "/";
  const bool snapshot = request.cursor().compare(0, prefix.size(), prefix) != 0 ||
                        !absl::SimpleAtoi(request.cursor().substr(prefix.size()), &after);
  if (snapshot) after = 0;
  v1::PullPage page;
  v1::PullResponse response;
  SodiumSha256 hasher;
  FeedSum sum;
  int64_t head = after;
  for (const auto& [key, row] : feeds_[request.feed()]) {
    if (row.kind != v1::ENTITY_KIND_JUDGEMENT) Add(FeedTerm(hasher, row.kind, row.id, row.version), sum);
    head = std::max(head, row.seq);
    if (row.seq <= after) continue;
    v1::Change& change = *page.add_changes();
    change.set_kind(row.kind);
    change.set_id(row.id);
    change.set_version(row.version);
    change.set_seq(row.seq);
    change.set_entity(row.entity);
  }
  const std::string raw = page.SerializeAsString();
  v1::Codec codec = v1::CODEC_NONE;
  response.set_page(Compress(raw, &codec));
  response.set_codec(codec);
  response.set_raw_bytes(static_cast<uint32_t>(raw.size()));
  response.set_cursor(absl::StrCat(prefix, head));
  response.set_at_head(true);
  response.set_snapshot_begins(snapshot);
  response.set_snapshot_ends(snapshot);
  response.mutable_sum()->set_high(sum.high);
  response.mutable_sum()->set_low(sum.low);
  response.set_server_time_us(server_time_us);
  response.set_generation(generation);
  response.set_feed_seq(head);
  return response.SerializeAsString();
}

std::vector<v1::LogEntry> FakeServer::Entries() const {
  MutexLock lock(&mutex_);
  std::map<std::pair<uint64_t, uint64_t>, v1::LogEntry> by_first_position;
  for (const auto& [epoch, journal] : journals) {
    for (size_t i = 0; i < journal.entries.size(); ++i) {
      const v1::EntryEnvelope& envelope = journal.entries[i].envelope;
      const bool moved = envelope.from_epoch() != 0;
      v1::LogEntry entry;
      entry.ParseFromString(envelope.entry());
      by_first_position.emplace(
          moved ? std::make_pair(envelope.from_epoch(), envelope.from_seq()) : std::make_pair(epoch, uint64_t{i + 1}),
          entry);
    }
  }
  std::vector<v1::LogEntry> entries;
  for (auto& [position, entry] : by_first_position) entries.push_back(std::move(entry));
  return entries;
}

void FakeTransport::Start(uint64_t, UnaryCall call, Done done) {
  absl::StatusOr<std::string> answer = server_->Handle(call.method, call.authorization, call.request);
  if (answer.ok()) {
    done(absl::OkStatus(), *std::move(answer));
  } else {
    done(answer.status(), "");
  }
}

}  // namespace doorstep
