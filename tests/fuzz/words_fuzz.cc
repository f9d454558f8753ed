// What people type and paste: ids, codes, addresses, times, money, connect files, lines of a phone's script. It is
// understood or refused with a reason, and what is understood is written so that it is understood again.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/transport/loopback.h"
#include "server/apply/commands/secrets.h"
#include "tests/fuzz/scratch_folder.h"
#include "tools/doorstep/charset.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/money.h"
#include "tools/doorstep/profile.h"
#include "tools/doorstep/text.h"
#include "tools/phone/line.h"
#include "tools/phone/words.h"

namespace {

namespace cli = doorstep::cli;
namespace phone = doorstep::phone;

void Must(bool holds) {
  if (!holds) std::abort();
}

// A refusal that says nothing helps nobody.
template <typename Value>
bool Understood(const absl::StatusOr<Value>& value) {
  Must(value.ok() || !value.status().message().empty());
  return value.ok();
}

void Positions(const std::string& text) {
  const auto position = doorstep::ParsePosition(text);
  if (Understood(position)) {
    const auto again = doorstep::ParsePosition(doorstep::FormatPosition(*position));
    Must(again.ok() && doorstep::ComparePositions(*again, *position) == 0);
  }
  if (const auto typed = phone::ParsePosition(text); Understood(typed)) {
    Must(phone::ParsePosition(phone::PositionText(*typed)).ok());
  }
}

void Times(const std::string& text) {
  const absl::TimeZone zone = cli::FindZone("Europe/Berlin").value();
  if (const auto written = cli::ParseWrittenTime(text); Understood(written)) {
    if (const auto time = cli::Resolve(*written, zone); Understood(time)) cli::ShowTime(time->time_us, zone);
  }
  if (const auto window = cli::ParseWindow(text, zone); Understood(window)) cli::ShowWindow(*window, zone);
  if (const auto day = cli::ParseDay(text); Understood(day)) Must(cli::ParseDay(cli::ShowDay(*day)).ok());
  if (const auto there = cli::FindZone(text); Understood(there)) cli::ShowZone(*there);
  Understood(phone::ParseDue(text, 1795420800000000));
}

void Numbers(const std::string& text) {
  if (const auto money = cli::ParseMoney(text, "EUR"); Understood(money)) cli::ShowMoney(*money);
  for (const int decimals : {0, 3, 6, 18}) Understood(cli::ParseScaled(text, decimals));
  if (const auto decimal = phone::ParseDecimal("number", text); Understood(decimal)) {
    cli::DecimalText(decimal->mantissa(), decimal->scale());
  }
  Understood(phone::ParseMilli(text));
  Understood(phone::ParseNumber("n", text, 1, 5, "n 3"));
}

void Lines(const std::string& text) {
  const auto words = phone::SplitLine(text);
  if (!Understood(words)) return;
  Understood(phone::Arguments::Parse(*words, "asset= follow-up language=", "note TEXT"));
}

// Printed text moves no terminal, and is text.
void Shown(const std::string& text) {
  for (const std::string& shown : {cli::Printable(text), phone::Printable(text)}) {
    Must(cli::IsUtf8(shown));
    for (const char c : shown) Must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

void ConnectFile(const std::string& text) {
  static doorstep::fuzz::ScratchFolder folder;
  const std::string path = folder.path() + "/admin.connect";
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), 0600);
  const auto profile = cli::ReadProfile(path);
  if (!Understood(profile)) return;
  Must(cli::WriteProfile(path, *profile).ok());
  const auto again = cli::ReadProfile(path);
  Must(again.ok() && again->SerializeAsString() == profile->SerializeAsString());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      Positions(text);
      break;
    case 1:
      Times(text);
      break;
    case 2:
      Numbers(text);
      break;
    case 3:
      Lines(text);
      break;
    case 4:
      Shown(text);
      break;
    case 5:
      ConnectFile(text);
      break;
    case 6: {
      const std::string code = doorstep::NormalizeInvitationCode(text);
      Must(doorstep::NormalizeInvitationCode(code) == code);
      break;
    }
    default:
      doorstep::IsLoopbackAddress(text);
      Understood(cli::ProfileName(text));
  }
  return 0;
}
