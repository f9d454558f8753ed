// Dispatch in a simulated world: it plans, reassigns and cancels, decides about conflicts, closes visits and records
// who leaves, and asks again with the same request id until it is answered. Invariant watched: a repeated request gets
// the first answer.
#ifndef DOORSTEP_TESTS_SIM_SIM_OFFICE_H_
#define DOORSTEP_TESTS_SIM_SIM_OFFICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

class SimOffice {
 public:
  SimOffice(World* world, SimServer* server) : world_(world), server_(server) {}

  // Customers and people, before anything can fail.
  void Import(int technicians);
  std::string Invite(const std::string& technician);
  static std::string Technician(int number) { return "tech" + std::to_string(number); }

  // Begins one thing that an office does. It ends when the server has answered all of it.
  void DoSomething();
  // What a person in the office decides: about a visit that is flagged, that a visit is done with, that somebody has
  // left the company or has not after all.
  void Decide();
  // Nobody has left.
  void CallBack();
  // Who may sign in on a phone.
  void LetAll(const std::string& device);
  void Let(const std::string& device, const std::string& technician, bool allowed);
  std::string SomeTechnician(Draws& draws) const {
    return Technician(static_cast<int>(draws.Between(1, technicians_)));
  }
  // A visit from order to dispatch.
  void Plan();
  // After the server went back: what it lost of the first `planned` visits is planned again, under the same ids.
  void PlanAgain(size_t planned);

  // Visits that were asked for, whether they are there yet or not.
  const std::vector<std::string>& visits() const { return visits_; }
  // At rest: every command that was answered stands in its visit once and whole, and nothing else does.
  void CompareDone();
  // Requests that are not answered yet.
  int waiting() const { return waiting_; }

 private:
  using Then = std::function<void(const absl::Status& status)>;

  std::string NextRequestId();
  // `method` with its service.
  template <typename Request>
  void SendTo(const std::string& method, Request request, Then then);
  // Of dispatch.
  template <typename Request>
  void Send(const std::string& method, Request request, Then then);
  // Of one visit: done, unless it is refused.
  template <typename Request>
  void SendOf(v1::FoldCommand::VerbCase verb, const std::string& method, Request request, Then then);
  void Try(const std::string& method, const std::string& bytes, Then then);
  // The same request once more: `first` is what it was answered.
  void Repeat(const std::string& method, const std::string& bytes, const std::string& first);
  // `anew`: this has been asked for before, and parts of it may be there.
  void PlanVisit(const std::string& id, bool anew);
  void Resolve(const v1::Visit& visit);
  void RecordLeave(const std::string& technician, int64_t left_us);
  // Of those that are there.
  std::vector<v1::Visit> Flagged();
  void Schedule(const std::string& visit);
  void Assign(const std::string& visit);
  std::string SomeTechnician();

  World* const world_;
  SimServer* const server_;
  int technicians_ = 0;
  int requests_ = 0;
  int waiting_ = 0;
  std::vector<std::string> visits_;
  std::set<std::string> left_;                      // Technicians of whom it was said at any time.
  std::map<std::string, std::map<int, int>> done_;  // By visit and verb: how often it was answered.
};

template <typename Request>
void SimOffice::SendTo(const std::string& method, Request request, Then then) {
  request.set_request_id(NextRequestId());
  ++waiting_;
  Try(absl::StrCat("/doorstep.v1.", method), request.SerializeAsString(), std::move(then));
}

template <typename Request>
void SimOffice::Send(const std::string& method, Request request, Then then) {
  SendTo(absl::StrCat("DispatchService/", method), std::move(request), std::move(then));
}

template <typename Request>
void SimOffice::SendOf(v1::FoldCommand::VerbCase verb, const std::string& method, Request request, Then then) {
  const std::string visit = request.id();
  Send(method, std::move(request), [this, verb, visit, then = std::move(then)](const absl::Status& status) {
    if (status.ok()) ++done_[visit][verb];
    then(status);
  });
}

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SIM_OFFICE_H_
