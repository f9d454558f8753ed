#include "tools/benchmarks/slow_link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <list>
#include <thread>
#include <vector>

#include "client_core/base/random.h"
#include "tools/benchmarks/figures.h"

namespace doorstep::benchmarks {
namespace {

constexpr size_t kSegment = 1448;
// Linux waits at least this long beyond a round trip before it sends a lost segment again.
constexpr int64_t kRetransmitUs = 200000;

int64_t NowUs() { return static_cast<int64_t>(Seconds() * 1e6); }

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int NewSocket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  if (fd < 0) Fail("a socket for the slow link");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

// Bytes under way in one direction, in their order.
struct Way {
  int from = -1;
  int to = -1;
  struct Segment {
    int64_t due_us;
    std::string bytes;
  };
  std::deque<Segment> under_way;
  int64_t last_due_us = 0;
  bool ended = false;  // `from` will say no more.
};

struct Connection {
  Way up;
  Way down;
  int64_t open_us = 0;  // When the handshake is over.
};

}  // namespace

class SlowLink::Loop {
 public:
  Loop(const std::string& server, LinkOptions options) : options_(options) {
    server_port_ = std::stoi(server.substr(server.rfind(':') + 1));
    listener_ = NewSocket();
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      Fail("the slow link cannot listen");
    }
    port_ = ntohs(address.sin_port);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    ends_ = true;
    Wake();
    thread_.join();
    EndAll();
    close(listener_);
    close(wake_);
  }

  int port() const { return port_; }
  uint64_t bytes() const { return bytes_; }
  void SetCut(bool cut) {
    cut_ = cut;
    Wake();
    // The caller's next step must find it done.
    while (cut && open_ > 0) std::this_thread::yield();
  }

 private:
  void Wake() {
    const uint64_t one = 1;
    if (write(wake_, &one, sizeof(one)) < 0) Fail("waking the slow link");
  }

  void Run() {
    while (!ends_) {
      if (cut_) EndAll();
      std::vector<pollfd> polled = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
      std::vector<std::pair<Connection*, Way*>> ways;
      int64_t next_us = NowUs() + 1000000;
      for (Connection& connection : connections_) {
        for (Way* way : {&connection.up, &connection.down}) {
          if (!way->ended) {
            polled.push_back({way->from, POLLIN, 0});
            ways.emplace_back(&connection, way);
          }
          if (!way->under_way.empty()) next_us = std::min(next_us, way->under_way.front().due_us);
        }
      }
      const int64_t wait_us = std::max<int64_t>(0, next_us - NowUs());
      const timespec timeout{wait_us / 1000000, wait_us % 1000000 * 1000};
      ppoll(polled.data(), polled.size(), &timeout, nullptr);
      uint64_t woken;
      if ((polled[0].revents & POLLIN) != 0 && read(wake_, &woken, sizeof(woken)) < 0) Fail("the slow link's wake");
      if ((polled[1].revents & POLLIN) != 0) Accept();
      for (size_t i = 0; i < ways.size(); ++i) {
        if (polled[i + 2].revents != 0) Take(*ways[i].first, *ways[i].second);
      }
      Deliver();
    }
  }

  void Accept() {
    const int phone = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (phone < 0) return;
    const int server = NewSocket();
    const sockaddr_in address = Loopback(server_port_);
    if (cut_ || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      close(phone);
      close(server);
      return;
    }
    Connection& connection = connections_.emplace_back();
    connection.up.from = connection.down.to = phone;
    connection.down.from = connection.up.to = server;
    // Loopback's handshake takes no time; this one takes a round trip before anything else is said.
    connection.open_us = NowUs() + options_.round_trip_us;
    ++open_;
  }

  void Take(const Connection& connection, Way& way) {
    char buffer[64 * 1024];
    const ssize_t count = recv(way.from, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (count <= 0) {
      way.ended = true;
      return;
    }
    bytes_ += static_cast<uint64_t>(count);
    for (ssize_t at = 0; at < count; at += kSegment) {
      const size_t size = std::min<size_t>(kSegment, static_cast<size_t>(count - at));
      int64_t due_us = std::max(NowUs(), connection.open_us) + options_.round_trip_us / 2;
      if (options_.loss > 0 && static_cast<double>(random_.Below(1000000)) < options_.loss * 1e6) {
        due_us += options_.round_trip_us + kRetransmitUs;
      }
      way.last_due_us = std::max(way.last_due_us, due_us);
      way.under_way.push_back({way.last_due_us, std::string(buffer + at, size)});
    }
  }

  void Deliver() {
    const int64_t now_us = NowUs();
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      for (Way* way : {&connection->up, &connection->down}) {
        while (!way->under_way.empty() && way->under_way.front().due_us <= now_us) {
          const std::string& bytes = way->under_way.front().bytes;
          if (send(way->to, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) way->ended = true;
          way->under_way.pop_front();
        }
      }
      const bool over = (connection->up.ended && connection->up.under_way.empty()) ||
                        (connection->down.ended && connection->down.under_way.empty());
      if (over) End(*connection);
      connection = over ? connections_.erase(connection) : std::next(connection);
    }
  }

  void End(const Connection& connection) {
    close(connection.up.from);
    close(connection.up.to);
    --open_;
  }
  void EndAll() {
    for (const Connection& connection : connections_) End(connection);
    connections_.clear();
  }

  const LinkOptions options_;
  int server_port_ = 0;
  int listener_ = -1;
  int port_ = 0;
  int wake_ = -1;
  std::atomic<bool> ends_{false};
  std::atomic<bool> cut_{false};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<int> open_{0};
  std::list<Connection> connections_;
  SeededRandom random_{7};
  std::thread thread_;
};

SlowLink::SlowLink(const std::string& server, LinkOptions options) : loop_(std::make_unique<Loop>(server, options)) {}
SlowLink::~SlowLink() = default;
std::string SlowLink::address() const { return "127.0.0.1:" + std::to_string(loop_->port()); }
void SlowLink::Cut() { loop_->SetCut(true); }
void SlowLink::Mend() { loop_->SetCut(false); }
uint64_t SlowLink::bytes() const { return loop_->bytes(); }

}  // namespace doorstep::benchmarks
