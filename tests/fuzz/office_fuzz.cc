// Everything that the server's one writer is handed from outside: frames, entries in frames that are otherwise whole,
// and the requests of every mutation. Each is done or refused with a reason; nothing stays stuck, nothing is damaged,
// and after every so many of them all that was computed follows from the truth. The first byte says which it is.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/journal_hash.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/device_commands.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/import_commands.h"
#include "server/apply/commands/quarantine_commands.h"
#include "server/apply/rebuild.h"
#include "tests/fuzz/scratch_folder.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;

constexpr int kInputsPerOffice = 100;
constexpr char kCode[] = "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF";

// An office with a dispatched visit, a phone whose journal goes on from input to input, and an invitation.
class Target {
 public:
  Target() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    office_.Plan("v2", "acme", "ana", 12);
    office_.clock().Set(kMonday + 10 * kHour);
    SodiumSha256 hasher;
    head_ = ChainStart(hasher, phone_.device(), phone_.epoch(), "salt of epoch 1.");
    v1::InviteDeviceRequest invite;
    invite.set_technician_id("ana");
    Ask([invite](Transaction& tx) { return RunInvite(invite, kCode, tx); });
  }

  void Take(const std::string& input) {
    inputs_.push_back(input);
    const std::string bytes = input.substr(1);
    switch (static_cast<unsigned char>(input[0]) % 20) {
      case 0:
        return Judge(office_.PushBytes(phone_.device(), bytes).status(), "a frame");
      case 1: {
        v1::FrameBody body;
        body.add_entries()->set_entry(bytes);
        body.mutable_entries(0)->set_author("ana");
        return Push(v1::FrameHeader(), body);
      }
      case 2:
        return PushWhole(bytes);
      case 3:
        return Request<v1::ImportRowsRequest>(bytes);
      case 4:
        return Request<v1::CreateWorkOrderRequest>(bytes);
      case 5:
        return Request<v1::CreateVisitRequest>(bytes);
      case 6:
        return Request<v1::ScheduleVisitRequest>(bytes);
      case 7:
        return Request<v1::AssignVisitRequest>(bytes);
      case 8:
        return Request<v1::ReassignVisitRequest>(bytes);
      case 9:
        return Request<v1::DispatchVisitRequest>(bytes);
      case 10:
        return Request<v1::CancelVisitRequest>(bytes);
      case 11:
        return Request<v1::RecordMissRequest>(bytes);
      case 12:
        return Request<v1::ResolveAttentionRequest>(bytes);
      case 13:
        return Request<v1::ReplayQuarantinedRequest>(bytes);
      case 14:
        return Request<v1::RepairQuarantinedRequest>(bytes);
      case 15:
        return Request<v1::DismissQuarantinedRequest>(bytes);
      case 16:
        return Enroll(bytes);
      case 17:
        return Hello(bytes);
      default:
        // Time goes on, so that some of what follows is late.
        office_.clock().Set(office_.clock().Now().wall_time_us + (input.size() % 64) * kHour / 4);
    }
  }

  bool full() const { return inputs_.size() >= kInputsPerOffice; }

  // Aborts unless everything computed follows from the truth; what led here is then in a folder, to be run in order.
  void CheckRebuild() {
    const absl::StatusOr<RebuildReport> report = Rebuild(office_.storage(), office_.random(), ApplyRecord);
    if (report.ok() && report->differences.empty()) return;
    std::fprintf(stderr, "rebuilding: %s\n",
                 report.ok() ? report->differences[0].c_str() : report.status().ToString().c_str());
    const std::filesystem::path folder = absl::StrCat("office-history-", getpid());
    std::filesystem::create_directories(folder);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      std::ofstream(folder / absl::StrCat(1000 + i), std::ios::binary) << inputs_[i];
    }
    std::fprintf(stderr, "to repeat it: office_fuzz %s/1*\n", folder.c_str());
    std::abort();
  }

 private:
  void Judge(const absl::Status& status, const char* what) {
    switch (status.code()) {
      case absl::StatusCode::kInternal:
      case absl::StatusCode::kUnknown:
      case absl::StatusCode::kDataLoss:
      case absl::StatusCode::kUnavailable:
        std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
        std::abort();
      default:
        if (!status.ok() && status.message().empty()) std::abort();
    }
  }

  template <typename Run>
  void Ask(Run run) {
    Command command;
    command.principal = "admin:a1";
    command.run = [run](Transaction& tx) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const auto answer, run(tx));
      return answer.SerializeAsString();
    };
    Judge(office_.writer().RunCommand(std::move(command)).status(), "a command");
  }

  template <typename Message>
  void Request(const std::string& bytes) {
    Message request;
    if (!request.ParseFromString(bytes) || !CheckFields(request).ok()) return;
    Ask([request](Transaction& tx) { return RunCommand(request, tx); });
  }

  void Enroll(const std::string& bytes) {
    v1::EnrollRequest request;
    if (!request.ParseFromString(bytes) || !CheckFields(request).ok()) return;
    Ask([request](Transaction& tx) { return RunEnroll(request, "g1", tx); });
  }

  void Hello(const std::string& bytes) {
    v1::HelloRequest request;
    if (!request.ParseFromString(bytes) || !CheckFields(request).ok()) return;
    const int64_t now_us = office_.clock().Now().wall_time_us;
    Ask([request, now_us, device = phone_.device()](Transaction& tx) -> absl::StatusOr<v1::HelloResponse> {
      RETURN_IF_ERROR(RunHello(request, device, /*knows_marks=*/true, now_us, tx));
      return v1::HelloResponse();
    });
  }

  // A Frame of which only what must fit is made to fit: whose it is, where it goes on, its hashes.
  void PushWhole(const std::string& bytes) {
    v1::Frame frame;
    v1::FrameBody body;
    if (!frame.ParseFromString(bytes) || !body.ParseFromString(frame.body())) return;
    Push(frame.header(), body);
  }

  void Push(v1::FrameHeader header, const v1::FrameBody& body) {
    if (body.entries_size() == 0) return;
    SodiumSha256 hasher;
    Hash hash = head_;
    uint64_t seq = seq_;
    for (const v1::EntryEnvelope& envelope : body.entries()) {
      hash = ChainNext(hasher, hash,
                       {phone_.device(), phone_.epoch(), ++seq, envelope.author(), envelope.from_epoch(),
                        envelope.from_seq(), envelope.entry()});
    }
    header.set_device(phone_.device());
    header.set_epoch(phone_.epoch());
    header.set_first_seq(seq_ + 1);
    header.set_last_seq(seq);
    header.set_prev_hash(std::string(AsBytes(head_)));
    header.set_head_hash(std::string(AsBytes(hash)));
    header.clear_dictionary_id();
    const absl::StatusOr<std::string> frame = BuildFrame(header, body);
    if (!frame.ok()) return;
    const absl::StatusOr<FrameAnswer> answer = office_.PushBytes(phone_.device(), *frame);
    Judge(answer.status(), "a frame of any entries");
    if (!answer.ok()) return;
    if (answer->fork.has_value() || answer->mark.received_through() != seq) {
      std::fprintf(stderr, "a whole frame up to %llu is answered: received through %llu\n",
                   static_cast<unsigned long long>(seq),
                   static_cast<unsigned long long>(answer->mark.received_through()));
      std::abort();
    }
    seq_ = seq;
    head_ = hash;
  }

  testing::Office office_;
  FieldPhone phone_;
  uint64_t seq_ = 0;  // What the server has of the phone's journal.
  Hash head_{};
  std::vector<std::string> inputs_;
};

}  // namespace
}  // namespace doorstep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static doorstep::fuzz::ScratchFolder folder;
  static std::unique_ptr<doorstep::Target> target;
  if (size == 0) return 0;
  if (target == nullptr || target->full()) {
    if (target != nullptr) target->CheckRebuild();
    setenv("TMPDIR", folder.path().c_str(), 1);  // In memory.
    target.reset();
    target = std::make_unique<doorstep::Target>();
  }
  target->Take(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
