#include "client_core/api/options.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/api/builtin_transport.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/base/utf8.h"
#include "client_core/rules/frame_signature.h"
#include "client_core/store/reserve.h"

namespace doorstep {
namespace {

constexpr size_t kKeyBytes = 32;
// Longer ones are no keys.
constexpr size_t kPublicKeyBytesRead = 128;
static_assert(DOORSTEP_SIGNATURE_MAX == limits::kSignatureBytesMax);
// 36,000 years: no difference of two readings overflows, nor of one and a time of the server.
constexpr int64_t kClockMicrosMax = int64_t{1} << 60;

class HostClock final : public Clock {
 public:
  explicit HostClock(const doorstep_clock& clock) : clock_(clock) {}

  ClockReading Now() override {
    doorstep_clock_reading read{};
    read.size = sizeof(read);
    clock_.now(clock_.context, &read);
    read.boot_id[sizeof(read.boot_id) - 1] = '\0';
    ClockReading reading;
    reading.wall_time_us = std::clamp(read.wall_time_us, -kClockMicrosMax, kClockMicrosMax);
    reading.monotonic_us = std::clamp(read.monotonic_us, -kClockMicrosMax, kClockMicrosMax);
    // Nothing is refused for its time: an impossible offset counts as none.
    const bool possible = std::abs(int64_t{read.utc_offset_s}) <= limits::kUtcOffsetSecondsMax;
    reading.utc_offset_s = possible ? read.utc_offset_s : 0;
    // It goes into each entry, which the office could not read for one wrong byte in it.
    reading.boot_id = read.boot_id[0] == '\0' ? "unknown-boot" : Utf8(read.boot_id);
    return reading;
  }

 private:
  const doorstep_clock clock_;
};

// The part of a host's struct that both sides know; the rest zero.
template <typename Struct>
Struct Known(const Struct* given) {
  Struct known{};
  std::memcpy(&known, given, std::min(given->size, sizeof(Struct)));
  return known;
}

absl::Status TooSmall(absl::string_view name, size_t given, size_t least) {
  return absl::InvalidArgumentError(absl::StrCat(name, ".size: ", given, " is outside ", least, " and up"));
}

absl::StatusOr<std::unique_ptr<Clock>> ReadClock(const doorstep_clock& clock) {
  if (clock.now == nullptr) return std::unique_ptr<Clock>(new SystemClock());
  if (clock.size < sizeof(doorstep_clock)) return TooSmall("options.clock", clock.size, sizeof(doorstep_clock));
  return std::unique_ptr<Clock>(new HostClock(clock));
}

absl::StatusOr<std::string> ReadKey(const doorstep_options& options) {
  if (options.key == nullptr) return std::string();
  std::string key(kKeyBytes, '\0');
  if (options.key(options.key_context, reinterpret_cast<uint8_t*>(key.data())) != 0) {
    return absl::FailedPreconditionError("options.key: the host's key callback gave no key");
  }
  // A callback that failed half way and said otherwise: the files would be anybody's.
  if (key == std::string(kKeyBytes, '\0')) {
    return absl::FailedPreconditionError("options.key: 32 zero bytes are no key");
  }
  return key;
}

LogSink ReadLog(const doorstep_options& options) {
  if (options.log == nullptr) return nullptr;
  return [log = options.log, context = options.log_context, least = static_cast<int>(options.log_level)](
             LogLevel level, absl::string_view line) {
    if (static_cast<int>(level) < least) return;
    std::string text = Utf8(line);
    // One line: what a server says may be several.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    log(context, static_cast<doorstep_log_level>(level), text.c_str());
  };
}

MetricSink ReadMetric(const doorstep_options& options) {
  if (options.metric == nullptr) return nullptr;
  return [tell = options.metric, context = options.metric_context](const Metric& metric) {
    const std::string method(metric.method);
    const doorstep_metric told = {
        sizeof(told),       metric.what,     method.c_str(),   static_cast<doorstep_code>(metric.code),
        metric.duration_us, metric.bytes_up, metric.bytes_down};
    tell(context, &told);
  };
}

absl::StatusOr<HostSigner> ReadSigner(const doorstep_signer* given) {
  if (given->size < sizeof(doorstep_signer)) return TooSmall("options.signer", given->size, sizeof(doorstep_signer));
  const doorstep_signer host = Known(given);
  if (host.sign == nullptr) return absl::InvalidArgumentError("options.signer.sign: NULL");
  if (host.public_key == nullptr) return absl::InvalidArgumentError("options.signer.public_key: NULL");
  HostSigner signer;
  signer.key.set_algorithm(static_cast<v1::KeyAlgorithm>(host.algorithm));
  signer.key.set_public_key(host.public_key, std::min(host.public_key_length, kPublicKeyBytesRead));
  RETURN_IF_ERROR(CheckSigningKey("options.signer", signer.key));
  signer.sign = [host](const std::string& text) -> absl::StatusOr<std::string> {
    uint8_t signature[DOORSTEP_SIGNATURE_MAX] = {};
    size_t length = 0;
    if (host.sign(host.context, reinterpret_cast<const uint8_t*>(text.data()), text.size(), signature, &length) != 0 ||
        length == 0 || length > sizeof(signature)) {
      return absl::UnavailableError("the app's signer gave no signature");
    }
    return std::string(reinterpret_cast<const char*>(signature), length);
  };
  return signer;
}

absl::StatusOr<std::unique_ptr<HostTransport>> ReadTransport(const doorstep_transport* given) {
  if (given->size < sizeof(doorstep_transport)) {
    return TooSmall("options.transport", given->size, sizeof(doorstep_transport));
  }
  const doorstep_transport host = Known(given);
  if (host.start == nullptr) return absl::InvalidArgumentError("options.transport.start: NULL");
  HostTransport::Callbacks callbacks;
  callbacks.start = [host](uint64_t id, const UnaryCall& call) {
    doorstep_call c{};
    c.size = sizeof(c);
    c.id = id;
    c.method = call.method.c_str();
    c.authorization = call.authorization.c_str();
    c.request = reinterpret_cast<const uint8_t*>(call.request.data());
    c.request_length = call.request.size();
    c.deadline_ms = call.deadline_ms;
    host.start(host.context, &c);
  };
  if (host.cancel != nullptr) callbacks.cancel = [host](uint64_t id) { host.cancel(host.context, id); };
  return std::make_unique<HostTransport>(std::move(callbacks));
}

}  // namespace

absl::StatusOr<OpenParts> ReadOptions(const doorstep_options* given) {
  if (given == nullptr) return absl::InvalidArgumentError("options: NULL");
  constexpr size_t kLeast = offsetof(doorstep_options, transport) + sizeof(given->transport);
  if (given->size < kLeast) return TooSmall("options", given->size, kLeast);
  const doorstep_options options = Known(given);
  if (options.directory == nullptr || options.directory[0] == '\0') {
    return absl::InvalidArgumentError("options.directory: must name an existing folder");
  }

  OpenParts parts;
  parts.session.log = ReadLog(options);
  parts.session.metrics = ReadMetric(options);
  ASSIGN_OR_RETURN(parts.session.clock, ReadClock(options.clock));
  parts.session.random = std::make_unique<SystemRandom>();
  if (options.transport != nullptr) {
    ASSIGN_OR_RETURN(std::unique_ptr<HostTransport> transport, ReadTransport(options.transport));
    parts.host_transport = transport.get();
    parts.session.transport = std::move(transport);
  } else if (options.server_address != nullptr) {
    ASSIGN_OR_RETURN(parts.session.transport,
                     MakeBuiltinTransport(options.server_address, options.insecure_loopback != 0));
  } else {
    parts.session.no_transport = absl::FailedPreconditionError(
        "options.server_address and options.transport: this core was opened with neither, so it only records");
  }
  parts.session.store.directory = options.directory;
  parts.session.store.reserve_bytes = kReserveBytes;
  parts.session.store.log = parts.session.log;
  ASSIGN_OR_RETURN(parts.session.store.key, ReadKey(options));
  if (options.signer != nullptr) {
    ASSIGN_OR_RETURN(parts.session.signer, ReadSigner(options.signer));
  }
  return parts;
}

}  // namespace doorstep
