// The network between one phone and the office: it delays, loses, repeats and reorders, and it is gone at times. It
// outlives the processes of the phone, whose transports borrow it.
#ifndef DOORSTEP_TESTS_SIM_LINK_H_
#define DOORSTEP_TESTS_SIM_LINK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "client_core/transport/transport.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

class Link {
 public:
  // `name` is the phone's, for the trace.
  Link(World* world, SimServer* server, std::string name)
      : world_(world), server_(server), name_(std::move(name)), delay_us_(world->Between(5, 400) * kMillisecond) {}

  // No request gets out.
  void SetGone(bool gone) { gone_ = gone; }
  // Every page is as small as the server makes them.
  void SetSmallPages() { small_pages_ = true; }
  // Requests arrive, answers do not.
  void SetOneWay(bool one_way) { one_way_ = one_way; }

  // Carries a stream of hints until it ends; `heard` says whether the phone still listens. Messages may be lost, late
  // or overtaken, the end may stay out, and it may take the server long to notice that nobody listens.
  void CarryHints(UnaryCall call, std::function<bool()> heard, Transport::Message message, Transport::Done done);

  // Carries one call; `done` gets what the phone hears of it, once, before its deadline.
  void Carry(UnaryCall call, Transport::Done done);

 private:
  // Violates when so many calls of one phone, or failures of them, are those of a loop that nothing holds up.
  void CheckPace(std::deque<int64_t>& instants, size_t most, const char* what);
  // The way back of an answer.
  void Bring(const UnaryCall& request, uint64_t number, SimServer::Answer answer, const Transport::Done& tell);
  // Of the request that was sent as so many.
  void CountOvertaken(uint64_t number);
  int64_t Delay() { return world_->Between(delay_us_ / 2, delay_us_ * 2); }

  World* const world_;
  SimServer* const server_;
  const std::string name_;
  const int64_t delay_us_;
  bool gone_ = false;
  bool one_way_ = false;
  bool small_pages_ = false;
  uint64_t requests_ = 0;
  uint64_t answered_ = 0;         // The last one sent of those whose answer has come.
  std::deque<int64_t> calls_;     // Instants of the last minute.
  std::deque<int64_t> failures_;  // Likewise.
};

// The transport of one process of a phone. `alive` says whether the process still is: what a dead one sends goes
// nowhere.
std::unique_ptr<Transport> MakeTransport(Link* link, std::function<bool()> alive);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_LINK_H_
