// What a phone core takes of the memory of its app: `bench_memory CONNECT_FILE EMPTY_FOLDER` lets each phone live in a
// process of its own and prints, in MB of 1,000,000 bytes, how far that process grew from before the core was opened:
//   resident_mb          with 100,000 entries of history: opened, the day's visits read, one entry recorded
//   first_sync_peak_mb   at most while an empty phone fetches all of its first_sync_records (about 50,000)
//   first_sync_s         how long that took
// The built-in transport is part of it. A phone never has more than a page in memory, so ten times the records would
// only take longer.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/history.h"
#include "tools/benchmarks/office.h"
#include "tools/benchmarks/phone_core.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kAccounts = 400;
constexpr int kAssets = 3;
constexpr int kVisitsOfADay = 10;
constexpr int kPastVisits = 50000;
constexpr int kDaysInTheFeed = 7;
constexpr int64_t kHourUs = int64_t{3600} * 1000000;

// "VmRSS" or "VmHWM" of this process.
double StatusMb(const std::string& wanted) {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(wanted + ":", 0) == 0) return std::stod(line.substr(wanted.size() + 1)) * 1024 / 1e6;
  }
  Fail("/proc/self/status has no " + wanted);
}

// Runs this program again with `arguments`, and lets it print.
void RunPhone(const std::vector<std::string>& arguments) {
  const pid_t pid = fork();
  if (pid < 0) Fail("no process for a phone");
  if (pid == 0) {
    std::vector<char*> argv = {const_cast<char*>("bench_memory")};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) Fail("a phone");
}

// The phone's side: each prints what it found to `out`.
void OpenAndRecord(const std::string& folder, const std::string& address, const std::string& visit,
                   const std::string& out) {
  SeededRandom random(4);
  const std::string request = AppendRequests(visit, 1, random)[0];
  const double before = StatusMb("VmRSS");
  PhoneCore phone(folder, address);
  if (phone.Visits() != kVisitsOfADay) Fail("a phone without its visits");
  phone.Append(request);
  std::ofstream(out) << StatusMb("VmRSS") - before;
}

void SyncAll(const std::string& folder, const std::string& address, const std::string& out) {
  const double before = StatusMb("VmRSS");
  PhoneCore phone(folder, address);
  const double begin = Seconds();
  while (!phone.SyncOnce().complete()) {
    if (Seconds() - begin > 1800) Fail("half an hour was not enough");
  }
  std::ofstream(out) << StatusMb("VmHWM") - before << ' ' << Seconds() - begin;
}

std::string NewPhone(Office& office, const std::string& parent, const std::string& technician) {
  const std::string folder = parent + "/" + technician;
  std::filesystem::create_directories(folder);
  PhoneCore(folder, office.address()).Enrol(office.Invite(technician));
  return folder;
}

Figures MeasureOpened(Office& office, const std::string& parent) {
  const std::string technician = office.MakeTechnicians("opened", 1)[0];
  const std::vector<std::string> visits = office.MakeVisits(technician, kVisitsOfADay, office.ServerTimeUs() + kHourUs);
  const std::string folder = NewPhone(office, parent, technician);
  {
    PhoneCore phone(folder, office.address());
    phone.SyncOnce();
    SeededRandom random(3);
    RecordHistory(phone, visits, random);
  }
  const std::string out = parent + "/opened";
  RunPhone({"--opened", folder, office.address(), visits[0], out});
  double resident = 0;
  std::ifstream(out) >> resident;
  return {{"resident_mb", resident}};
}

Figures MeasureFirstSync(Office& office, const std::string& parent) {
  const std::string technician = office.MakeTechnicians("first", 1)[0];
  office.MakePastVisits(technician, kPastVisits, office.ServerTimeUs(), kPastVisits / (kDaysInTheFeed - 1));
  const std::string folder = NewPhone(office, parent, technician);
  const std::string out = parent + "/first";
  RunPhone({"--first-sync", folder, office.address(), out});
  double peak = 0;
  double seconds = 0;
  std::ifstream(out) >> peak >> seconds;
  const Office::FeedSize feed = office.MeasureFeed(office.Enrol(technician));
  return {{"first_sync_peak_mb", peak},
          {"first_sync_s", seconds},
          {"first_sync_records", static_cast<double>(feed.records)}};
}

void Run(const std::string& connect_file, const std::string& folder) {
  Office office(connect_file);
  office.MakeAccounts(kAccounts, kAssets);
  Figures figures = MeasureOpened(office, folder);
  for (const auto& figure : MeasureFirstSync(office, folder)) figures.push_back(figure);
  Print(figures);
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  using namespace doorstep::benchmarks;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (argc == 6 && arguments[0] == "--opened") {
    OpenAndRecord(arguments[1], arguments[2], arguments[3], arguments[4]);
  } else if (argc == 5 && arguments[0] == "--first-sync") {
    SyncAll(arguments[1], arguments[2], arguments[3]);
  } else if (argc == 3) {
    Run(arguments[0], arguments[1]);
  } else {
    Fail("usage: bench_memory CONNECT_FILE EMPTY_FOLDER");
  }
  return 0;
}
