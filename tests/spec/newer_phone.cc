#include "tests/spec/newer_phone.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/transport/grpc_transport.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/spec/office.h"

namespace doorstep::spec {
namespace {

constexpr char kBoot[] = "boot-newer";
// Field 999 of LogEntry, with two bytes in it.
constexpr char kUnknownFact[] = "\xba\x3e\x02hi";

}  // namespace

absl::Status NewerPhone::Enrol(const std::string& address, const std::string& invitation_code) {
  ASSIGN_OR_RETURN(transport_, MakeGrpcTransport(address, /*insecure_loopback=*/true));
  v1::EnrollRequest request;
  request.set_invitation_code(invitation_code);
  request.set_request_id(absl::StrCat("newer-phone-of-", author_));
  request.set_device_name("a newer phone");
  request.set_platform("story");
  v1::EnrollResponse response;
  RETURN_IF_ERROR(CallAndWait(*transport_, "EnrollmentService/Enroll", "", request, &response));
  device_ = response.device();
  token_ = response.token();
  epoch_ = response.epoch().epoch();
  SodiumSha256 hasher;
  head_ = ChainStart(hasher, device_, epoch_, response.epoch().salt());
  return absl::OkStatus();
}

v1::Frame NewerPhone::MakeFrame(const std::string& entry) const {
  v1::FrameHeader header;
  header.set_device(device_);
  header.set_epoch(epoch_);
  header.set_first_seq(seq_ + 1);
  header.set_last_seq(seq_ + 1);
  header.set_prev_hash(std::string(AsBytes(head_)));
  header.set_empties_queue(true);
  v1::ClockSample* sample = header.add_clock();
  sample->set_boot_id(kBoot);
  sample->set_wall_time_us(clock_->now_us());
  sample->set_monotonic_us(clock_->now_us());
  v1::FrameBody body;
  body.add_entries()->set_author(author_);
  body.mutable_entries(0)->set_entry(entry);
  SodiumSha256 hasher;
  const Hash head = ChainNext(hasher, head_, {device_, epoch_, seq_ + 1, author_, 0, 0, entry});
  header.set_head_hash(std::string(AsBytes(head)));
  v1::Frame frame;
  if (const auto bytes = BuildFrame(header, body); bytes.ok()) frame.ParseFromString(*bytes);
  return frame;
}

absl::Status NewerPhone::SendEntry(const std::string& entry, const Noted& noted) {
  const v1::Frame frame = MakeFrame(entry);
  v1::PushRequest request;
  request.set_frame(frame.SerializeAsString());
  v1::PushResponse response;
  RETURN_IF_ERROR(CallAndWait(*transport_, "SyncService/Push", token_, request, &response));
  if (response.mark().received_through() != seq_ + 1) {
    return absl::InternalError(absl::StrCat("the server received through ", response.mark().received_through()));
  }
  ++seq_;
  std::copy(frame.header().head_hash().begin(), frame.header().head_hash().end(), head_.begin());
  noted_.push_back(noted);
  noted_.back().position = MakePosition(device_, epoch_, seq_);
  return absl::OkStatus();
}

v1::LogEntry NewerPhone::Begin(const std::string& visit) {
  clock_->Advance(1000000);
  v1::LogEntry entry;
  entry.set_visit_id(visit);
  entry.mutable_time()->set_wall_time_us(clock_->now_us());
  entry.mutable_time()->set_monotonic_us(clock_->now_us());
  entry.mutable_time()->set_boot_id(kBoot);
  return entry;
}

absl::Status NewerPhone::SendUnknownKind(const std::string& visit) {
  const v1::LogEntry entry = Begin(visit);
  return SendEntry(absl::StrCat(entry.SerializeAsString(), kUnknownFact),
                   {{}, author_, visit, v1::LogEntry::FACT_NOT_SET, entry.time().wall_time_us()});
}

absl::Status NewerPhone::SendNote(const std::string& visit, const std::string& text) {
  v1::LogEntry entry = Begin(visit);
  entry.set_nonce(std::string(16, 'n'));
  entry.mutable_note()->set_text(text);
  return SendEntry(entry.SerializeAsString(), {{}, author_, visit, v1::LogEntry::kNote, entry.time().wall_time_us()});
}

}  // namespace doorstep::spec
