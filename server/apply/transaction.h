// What a command may do to the data: read it as it stands at this moment of the group, and change it.
//
// Every change goes through this class, because the rest of the group's work (folding, health, feeds) follows from what
// it notes as touched; table functions that write are for the layers below. A handler that returns an error has changed
// nothing.
#ifndef DOORSTEP_SERVER_APPLY_TRANSACTION_H_
#define DOORSTEP_SERVER_APPLY_TRANSACTION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/command.pb.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

class Group;
class Transaction;

// Carries out a recorded command. Draws nothing, reads no clock, and is not refused: what a record says has been
// checked by the handler that made it. The same function serves new commands and a rebuild. Forks and quarantines are
// the writer's own and do not come here.
using ApplyCommand = std::function<absl::Status(const v1::CommandRecord& record, Transaction& tx)>;

// A new device, as an enrolment makes it.
struct NewDevice {
  std::string id;  // From NextDeviceId (device_table.h).
  std::string name;
  std::string platform;
  std::vector<std::string> technician_ids;
  uint64_t epoch = 0;  // 0: the phone has epochs of its own and claims them.
  std::string salt;    // 16 bytes.
  uint64_t spare_epoch = 0;
  std::string spare_salt;
};

class Transaction {
 public:
  // For the writer and the rebuild. Both pointers must outlive the transaction.
  Transaction(Group* group, const ApplyCommand* apply, std::string principal, std::string request_id,
              std::string body_hash);

  // For reading by table functions. Visits, work orders and accounts that this group has changed are read below.
  SqlSession& sql();
  // The instant that all of this group share: the received time of what is being done.
  int64_t commit_us() const;
  // For checks and answers: commit_us, but for a clock that was set back (Group::now_us). Not while a record is being
  // applied.
  int64_t now_us() const;
  // Who commands.
  const std::string& principal() const { return principal_; }
  // For ids and salts that go into the record. Not while a record is being applied.
  Random& random();

  // Makes `record` this command's row (principal and request id are filled in) and applies it, as a rebuild will. At
  // most once in a handler. A handler that never calls it writes no row; then it may change operational tables only.
  absl::Status Apply(v1::CommandRecord record);

  // ---- visits ----
  // As it stands now, folded with what this group has done to it.
  absl::StatusOr<std::optional<v1::Visit>> FindVisit(absl::string_view id);
  // Adds `command` (its verb; instant, ordinal and principal are filled in). FoldCreate makes the visit, and replays
  // entries that waited for it. NOT_FOUND: any other verb on a visit nobody made.
  absl::Status AddToVisit(absl::string_view id, v1::FoldCommand command);

  // ---- entities: Save inserts or replaces by id, sets the version, and returns what was saved ----
  absl::StatusOr<std::optional<v1::WorkOrder>> FindWorkOrder(absl::string_view id);
  absl::StatusOr<v1::WorkOrder> Save(v1::WorkOrder order);
  absl::StatusOr<v1::Account> Save(v1::Account account);
  absl::StatusOr<v1::Contact> Save(v1::Contact contact);
  absl::StatusOr<v1::Site> Save(v1::Site site);
  absl::StatusOr<v1::Asset> Save(v1::Asset asset);
  absl::StatusOr<v1::Contract> Save(v1::Contract contract);
  absl::StatusOr<v1::Technician> Save(v1::Technician technician);

  absl::Status Merge(v1::Asset asset, absl::string_view into_id);

  // ---- devices ----
  absl::Status AddDevice(const NewDevice& device);
  // Who may sign in on it, one more or one less. What is so already is left.
  absl::Status SetDeviceTechnician(absl::string_view device, absl::string_view technician, bool allowed);
  // Everything the phone knew up to `reported_through_us` has been received. Never moves back.
  absl::Status MoveReportedThrough(absl::string_view device, int64_t reported_through_us);
  // A journal that was issued in a time that this file has lost; `current`: its phone appends to it.
  absl::Status AdoptEpoch(absl::string_view device, uint64_t epoch, absl::string_view salt, bool current);
  // The journal goes on in a new epoch.
  absl::Status Fork(const v1::ForkCommand& fork);
  // Every entry up to `through` is in a verified backup. Never moves back, nor beyond what is held.
  absl::Status MoveBackedUp(absl::string_view device, uint64_t epoch, uint64_t through);

  // ---- parked entries ----
  absl::Status ReplayParked(const v1::JournalPosition& position);
  // The new entry is named by the row of the command that is being applied.
  absl::Status RepairParked(const v1::RepairCommand& command);
  absl::Status DismissParked(const v1::DismissCommand& command);

  // ---- technicians ----
  // Left the company, or has not left after all.
  absl::Status RecordLeave(const v1::RecordLeaveCommand& leave);

  // ---- the day ----
  // See Group::Today.
  absl::StatusOr<int32_t> Today();
  // From now on it is `day`. Moves the windows of feeds that are at another one, the first limits::kTickFeedsMax of
  // them.
  absl::Status TurnDay(int32_t day);

 private:
  Group* const group_;
  const ApplyCommand* const apply_;
  const std::string principal_;
  const std::string request_id_;
  const std::string body_hash_;
  bool applied_ = false;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_TRANSACTION_H_
