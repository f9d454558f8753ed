// The functions of the C header, carried out in another process by a binding: the stories link this in place of the
// phone core, and tell themselves to Java or JavaScript without knowing it.
//
// DOORSTEP_BOUND_PHONE is the command that starts that process; it lives as long as this one and has every core in it.
// Both sides write frames, big-endian, text and bytes as u32 length and content:
//
//   to it    u32 length, 'c', u32 ask, u32 core, text function, i64 wall time us, i64 monotonic us, i32 offset s,
//            text boot id, bytes argument                                             a function is called
//            u32 length, 'd', u32 core, u64 call, u32 status, bytes response          a call of its transport is done
//   from it  u32 length, 'a', u32 ask, u32 status, bytes answer or message            what the function answered
//            u32 length, 's', u32 core, u64 call, text method, text authorization, bytes request, u32 deadline ms
//            u32 length, 'x', u32 core, u64 call                                      nobody waits for it any more
//
// The clock goes with each call: in a story it stands still while one is under way. Functions are named as in the
// header
// ("append"); the argument is the message, the id, or the number as text. That of "open" is the folder, a NUL, and the
// address of the server for the built-in transport, empty with a transport of the host.
#include <doorstep/doorstep.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "client_core/base/mutex.h"

struct doorstep_result {
  doorstep_code code = DOORSTEP_OK;
  std::string message;
  std::string bytes;
};

struct doorstep_core {
  uint32_t number = 0;
  doorstep_clock clock = {};
  doorstep_transport transport = {};
};

namespace doorstep::spec {
namespace {

class Writer {
 public:
  explicit Writer(char kind) { frame_.push_back(kind); }
  template <typename Number>
  Writer& Put(Number number) {
    for (int shift = (sizeof(Number) - 1) * 8; shift >= 0; shift -= 8) {
      frame_.push_back(static_cast<char>(static_cast<uint64_t>(number) >> shift));
    }
    return *this;
  }
  Writer& Put(std::string_view text) {
    Put(static_cast<uint32_t>(text.size()));
    frame_.append(text);
    return *this;
  }
  const std::string& frame() const { return frame_; }

 private:
  std::string frame_;
};

class Reader {
 public:
  explicit Reader(std::string frame) : frame_(std::move(frame)) {}
  char Kind() { return Take(1)[0]; }
  uint64_t Number(size_t bytes) {
    uint64_t number = 0;
    for (const char byte : Take(bytes)) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }
  std::string Text() { return std::string(Take(Number(4))); }

 private:
  std::string_view Take(size_t bytes) {
    if (frame_.size() - at_ < bytes) {
      std::fprintf(stderr, "the bound phone wrote a frame that ends too early\n");
      std::abort();
    }
    at_ += bytes;
    return std::string_view(frame_).substr(at_ - bytes, bytes);
  }

  const std::string frame_;
  size_t at_ = 0;
};

// The other process. It ends when this one does, because its input does.
class BoundPhone {
 public:
  static BoundPhone& Get() {
    static auto* const phone = new BoundPhone;
    return *phone;
  }

  doorstep_result* Ask(const doorstep_core& core, std::string_view function, std::string_view argument) {
    doorstep_clock_reading now = {};
    now.size = sizeof(now);
    core.clock.now(core.clock.context, &now);
    Asked asked;
    MutexLock lock(&mutex_);
    const uint32_t ask = ++asks_;
    asked_[ask] = &asked;
    Send(Writer('c')
             .Put(ask)
             .Put(core.number)
             .Put(function)
             .Put(now.wall_time_us)
             .Put(now.monotonic_us)
             .Put(now.utc_offset_s)
             .Put(std::string_view(now.boot_id))
             .Put(argument));
    while (asked.result == nullptr) answered_.Wait(&mutex_);
    asked_.erase(ask);
    return asked.result;
  }

  uint32_t Add(doorstep_core* core) {
    MutexLock lock(&mutex_);
    cores_[++numbers_] = core;
    return numbers_;
  }
  void Remove(uint32_t number) {
    MutexLock lock(&mutex_);
    cores_.erase(number);
  }
  void Done(uint32_t core, uint64_t call, doorstep_code status, std::string_view response) {
    MutexLock lock(&mutex_);
    Send(Writer('d').Put(core).Put(call).Put(static_cast<uint32_t>(status)).Put(response));
  }

 private:
  struct Asked {
    doorstep_result* result = nullptr;
  };

  BoundPhone() {
    const char* const command = std::getenv("DOORSTEP_BOUND_PHONE");
    int to[2];
    int from[2];
    if (command == nullptr || pipe(to) != 0 || pipe(from) != 0) {
      std::fprintf(stderr, "DOORSTEP_BOUND_PHONE is not set\n");
      std::abort();
    }
    if (fork() == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      execl("/bin/sh", "sh", "-c", command, nullptr);
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    to_ = to[1];
    from_ = from[0];
    std::thread([this] { ReadFrames(); }).detach();
  }

  void Send(const Writer& writer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string all;
    const auto length = static_cast<uint32_t>(writer.frame().size());
    for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<char>(length >> shift));
    all += writer.frame();
    for (size_t at = 0; at < all.size();) {
      const ssize_t wrote = write(to_, all.data() + at, all.size() - at);
      if (wrote <= 0) Ended();
      at += static_cast<size_t>(wrote);
    }
  }

  std::string ReadExactly(size_t bytes) {
    std::string all(bytes, 0);
    for (size_t at = 0; at < bytes;) {
      const ssize_t got = read(from_, all.data() + at, bytes - at);
      if (got <= 0) Ended();
      at += static_cast<size_t>(got);
    }
    return all;
  }

  [[noreturn]] static void Ended() {
    std::fprintf(stderr, "the bound phone has ended\n");
    std::_Exit(1);
  }

  void ReadFrames() {
    while (true) {
      const size_t length = Reader(ReadExactly(4)).Number(4);
      Reader frame(ReadExactly(length));
      switch (frame.Kind()) {
        case 'a':
          Answered(frame);
          break;
        case 's':
          Start(frame);
          break;
        default:
          Cancel(frame);
      }
    }
  }

  void Answered(Reader& frame) {
    const auto ask = static_cast<uint32_t>(frame.Number(4));
    auto* const result = new doorstep_result;
    result->code = static_cast<doorstep_code>(frame.Number(4));
    (result->code == DOORSTEP_OK ? result->bytes : result->message) = frame.Text();
    MutexLock lock(&mutex_);
    asked_.at(ask)->result = result;
    answered_.NotifyAll();
  }

  // False: it was closed meanwhile.
  bool TransportOf(uint32_t number, doorstep_transport* transport) {
    MutexLock lock(&mutex_);
    const auto core = cores_.find(number);
    if (core == cores_.end()) return false;
    *transport = core->second->transport;
    return true;
  }

  void Start(Reader& frame) {
    const auto number = static_cast<uint32_t>(frame.Number(4));
    doorstep_call call = {};
    call.size = sizeof(call);
    call.id = frame.Number(8);
    const std::string method = frame.Text();
    const std::string authorization = frame.Text();
    const std::string request = frame.Text();
    call.method = method.c_str();
    call.authorization = authorization.c_str();
    call.request = reinterpret_cast<const uint8_t*>(request.data());
    call.request_length = request.size();
    call.deadline_ms = static_cast<uint32_t>(frame.Number(4));
    doorstep_transport transport = {};
    if (TransportOf(number, &transport)) transport.start(transport.context, &call);
  }

  void Cancel(Reader& frame) {
    const auto number = static_cast<uint32_t>(frame.Number(4));
    doorstep_transport transport = {};
    if (TransportOf(number, &transport)) transport.cancel(transport.context, frame.Number(8));
  }

  int to_ = -1;
  int from_ = -1;
  Mutex mutex_;
  CondVar answered_;
  uint32_t asks_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t numbers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint32_t, Asked*> asked_ ABSL_GUARDED_BY(mutex_);
  std::map<uint32_t, doorstep_core*> cores_ ABSL_GUARDED_BY(mutex_);
};

std::string_view View(const uint8_t* bytes, size_t length) { return {reinterpret_cast<const char*>(bytes), length}; }

doorstep_result* Ask(doorstep_core* core, std::string_view function, std::string_view argument = "") {
  return BoundPhone::Get().Ask(*core, function, argument);
}

}  // namespace
}  // namespace doorstep::spec

using doorstep::spec::Ask;
using doorstep::spec::BoundPhone;
using doorstep::spec::View;

// What the stories call; the linker says when they come to call more.
extern "C" {

doorstep_code doorstep_result_code(const doorstep_result* result) { return result->code; }
const char* doorstep_result_message(const doorstep_result* result) { return result->message.c_str(); }
const uint8_t* doorstep_result_bytes(const doorstep_result* result, size_t* length) {
  *length = result->bytes.size();
  return reinterpret_cast<const uint8_t*>(result->bytes.data());
}
void doorstep_result_free(doorstep_result* result) { delete result; }

doorstep_result* doorstep_open(const doorstep_options* options, doorstep_core** core) {
  auto* const opened = new doorstep_core;
  opened->clock = options->clock;
  if (options->transport != nullptr) opened->transport = *options->transport;
  opened->number = BoundPhone::Get().Add(opened);
  std::string argument = options->directory;
  argument.push_back('\0');
  if (options->server_address != nullptr) argument += options->server_address;
  doorstep_result* const result = Ask(opened, "open", argument);
  if (result->code == DOORSTEP_OK) {
    *core = opened;
  } else {
    BoundPhone::Get().Remove(opened->number);
    delete opened;
  }
  return result;
}

void doorstep_close(doorstep_core* core) {
  if (core == nullptr) return;
  delete Ask(core, "close");
  BoundPhone::Get().Remove(core->number);
  delete core;
}

doorstep_result* doorstep_enrol(doorstep_core* core, const uint8_t* request, size_t length) {
  return Ask(core, "enrol", View(request, length));
}
doorstep_result* doorstep_sign_in(doorstep_core* core, const char* id) { return Ask(core, "sign_in", id); }
doorstep_result* doorstep_sign_out(doorstep_core* core, const char* id) { return Ask(core, "sign_out", id); }
doorstep_result* doorstep_append(doorstep_core* core, const uint8_t* request, size_t length) {
  return Ask(core, "append", View(request, length));
}
doorstep_result* doorstep_entry_status(doorstep_core* core, const uint8_t* position, size_t length) {
  return Ask(core, "entry_status", View(position, length));
}
doorstep_result* doorstep_attachment_add(doorstep_core* core, const uint8_t* request, size_t length) {
  return Ask(core, "attachment_add", View(request, length));
}
doorstep_result* doorstep_visit_get(doorstep_core* core, const char* id) { return Ask(core, "visit_get", id); }
doorstep_result* doorstep_sync_once(doorstep_core* core, const uint8_t* budget, size_t length) {
  return Ask(core, "sync_once", View(budget, length));
}
doorstep_result* doorstep_prepare_offline(doorstep_core* core, const uint8_t* request, size_t length) {
  return Ask(core, "prepare_offline", View(request, length));
}
doorstep_result* doorstep_quiesce(doorstep_core* core, uint32_t deadline_ms) {
  return Ask(core, "quiesce", std::to_string(deadline_ms));
}
doorstep_result* doorstep_notify(doorstep_core* core, int notice) {
  return Ask(core, "notify", std::to_string(notice));
}
doorstep_result* doorstep_status(doorstep_core* core) { return Ask(core, "status"); }
doorstep_result* doorstep_explain(doorstep_core* core, const uint8_t* request, size_t length) {
  return Ask(core, "explain", View(request, length));
}

void doorstep_transport_complete(doorstep_core* core, uint64_t call_id, doorstep_code status, const uint8_t* response,
                                 size_t length) {
  BoundPhone::Get().Done(core->number, call_id, status, View(response, length));
}

}  // extern "C"
