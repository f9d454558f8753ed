#include "client_core/store/boots.h"

#include <algorithm>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

constexpr size_t kExchangesMax = limits::kFrameClockSamplesMax - 1;
constexpr int64_t kWriteEveryUs = int64_t{15} * 60 * 1000000;
// More restarts than a phone has. Another number is damage.
constexpr uint64_t kBootNumberMax = uint64_t{1} << 31;

// What a damaged file holds is no exchange, and times that are none must not be added up.
bool IsExchange(const v1::ClockSample& sample, absl::string_view boot_id) {
  const auto is_span = [](int64_t us) { return us >= -limits::kTimeMicrosMax && us <= limits::kTimeMicrosMax; };
  return sample.boot_id() == boot_id && sample.server_time_us() > 0 && is_span(sample.server_time_us()) &&
         is_span(sample.wall_time_us()) && is_span(sample.monotonic_us()) && sample.uncertainty_us() >= 0 &&
         is_span(sample.uncertainty_us());
}

}  // namespace

absl::Status Boots::Load() {
  std::map<std::string, uint64_t, std::less<>> numbers;
  std::map<uint64_t, Boot> boots;
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT boot, boot_id, exchange FROM boot"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    const uint64_t number = static_cast<uint64_t>(read.Int(0));
    if (number == 0 || number > kBootNumberMax) continue;
    numbers[std::string(read.Text(1))] = number;
    Boot& boot = boots[number];
    const absl::string_view exchange = read.Blob(2);
    const bool parsed = boot.exchange.ParseFromArray(exchange.data(), static_cast<int>(exchange.size()));
    if (parsed && IsExchange(boot.exchange, read.Text(1))) {
      boot.written_monotonic_us = boot.exchange.monotonic_us();
    } else {
      boot.exchange.Clear();
    }
  }
  // A reload after a failed write must not lose the newer exchange that only memory has.
  for (auto& [number, boot] : boots) {
    const auto known = boots_.find(number);
    if (known != boots_.end() && known->second.exchange.boot_id() == boot.exchange.boot_id()) {
      boot.exchange = known->second.exchange;
    }
  }
  numbers_ = std::move(numbers);
  boots_ = std::move(boots);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Boots::Number(absl::string_view boot_id) {
  const auto known = numbers_.find(std::string_view(boot_id.data(), boot_id.size()));
  if (known != numbers_.end()) return known->second;
  const uint64_t number = boots_.empty() ? 1 : boots_.rbegin()->first + 1;
  // In place of a row that damage has left under this number or this id.
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT OR REPLACE INTO boot (boot, boot_id) VALUES ($1, $2)"));
  RETURN_IF_ERROR(write.Bind(1, number).BindText(2, boot_id).Run());
  numbers_[std::string(boot_id)] = number;
  boots_[number];
  return number;
}

absl::Status Boots::Record(const v1::ClockSample& exchange) {
  ASSIGN_OR_RETURN(const uint64_t number, Number(exchange.boot_id()));
  Boot& boot = boots_[number];
  boot.exchange = exchange;
  if (boot.written_monotonic_us > 0 && exchange.monotonic_us() - boot.written_monotonic_us < kWriteEveryUs) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(sqlite::Statement write, db_->Prepare("UPDATE boot SET exchange = $1 WHERE boot = $2"));
  RETURN_IF_ERROR(write.BindBlob(1, exchange.SerializeAsString()).Bind(2, number).Run());
  boot.written_monotonic_us = std::max<int64_t>(1, exchange.monotonic_us());

  size_t kept = 0;
  for (auto it = boots_.rbegin(); it != boots_.rend(); ++it) {
    if (it->second.exchange.server_time_us() == 0 || ++kept <= kExchangesMax) continue;
    ASSIGN_OR_RETURN(sqlite::Statement forget, db_->Prepare("UPDATE boot SET exchange = NULL WHERE boot = $1"));
    RETURN_IF_ERROR(forget.Bind(1, it->first).Run());
    it->second = Boot();
  }
  return absl::OkStatus();
}

v1::ClockSample Boots::Exchange(absl::string_view boot_id) const {
  const auto known = numbers_.find(std::string_view(boot_id.data(), boot_id.size()));
  if (known == numbers_.end()) return v1::ClockSample();
  const auto boot = boots_.find(known->second);
  return boot == boots_.end() ? v1::ClockSample() : boot->second.exchange;
}

v1::ClockSample Boots::Tied(v1::ClockSample now) const {
  const v1::ClockSample exchange = Exchange(now.boot_id());
  // A clock that runs backwards within a boot tells nothing.
  if (exchange.server_time_us() == 0 || now.monotonic_us() < exchange.monotonic_us()) return now;
  now.set_server_time_us(exchange.server_time_us() + (now.monotonic_us() - exchange.monotonic_us()));
  now.set_uncertainty_us(exchange.uncertainty_us());
  return now;
}

std::vector<v1::ClockSample> Boots::Around(const std::set<uint64_t>& boots) const {
  const auto has_exchange = [](const auto& boot) { return boot.second.exchange.server_time_us() > 0; };
  std::set<uint64_t> wanted;
  for (const uint64_t number : boots) {
    const auto own = boots_.find(number);
    if (own != boots_.end() && has_exchange(*own)) {
      wanted.insert(number);
      continue;
    }
    const auto after = std::find_if(boots_.upper_bound(number), boots_.end(), has_exchange);
    if (after != boots_.end()) wanted.insert(after->first);
    const auto before =
        std::find_if(std::make_reverse_iterator(boots_.lower_bound(number)), boots_.rend(), has_exchange);
    if (before != boots_.rend()) wanted.insert(before->first);
  }
  std::vector<v1::ClockSample> samples;
  for (const uint64_t number : wanted) samples.push_back(boots_.at(number).exchange);
  return samples;
}

int64_t Boots::LastContactUs() const {
  int64_t last = 0;
  for (const auto& [number, boot] : boots_) last = std::max<int64_t>(last, boot.exchange.server_time_us());
  return last;
}

}  // namespace doorstep
