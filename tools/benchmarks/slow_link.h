// A network between a phone and the server, for measurements on one machine: a TCP proxy that carries bytes late. Each
// way takes half a round trip, a lost segment comes after a retransmission, and what follows it waits.
//
// What it is not: it has no bandwidth, and TCP at both ends sees a lossless loopback, so its congestion control does
// not react to the losses.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_SLOW_LINK_H_
#define DOORSTEP_TOOLS_BENCHMARKS_SLOW_LINK_H_

#include <cstdint>
#include <memory>
#include <string>

namespace doorstep::benchmarks {

struct LinkOptions {
  int64_t round_trip_us = 0;
  double loss = 0;  // Of segments of 1,448 bytes, 0 to 1; drawn from a fixed seed.
};

class SlowLink {
 public:
  // Carries to `server`, "127.0.0.1:port". A thread of its own.
  SlowLink(const std::string& server, LinkOptions options);
  ~SlowLink();
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;

  // Where phones connect.
  std::string address() const;
  // The network is gone: connections end, new ones are refused. And it is back.
  void Cut();
  void Mend();
  // Carried so far, both ways, as TCP payload.
  uint64_t bytes() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_SLOW_LINK_H_
