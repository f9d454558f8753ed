// What a phone costs and waits for: `bench_phone CONNECT_FILE EMPTY_FOLDER` drives real phone cores and prints
//   tap_p50_us, tap_p99_us          one entry appended durably, with 100,000 entries of history
//   flash_bytes_per_tap             sent to the disk for one of them
//   open_ms                         the core opened again over that history; median of 5
//   tap_raw_p50_us, tap_raw_p99_us  one entry a commit with SQLite alone, taken in turns with the taps
//   morning_ms                      an empty phone downloads its 30 visits and last week's; median of 5 phones
//   morning_50_ms                   50 at once, until the last is done
//   morning_down_bytes              of one phone: morning_records, morning_record_bytes before compression
//   delta_p50_ms, delta_p99_ms      5 visits moved at one moment: from the commands' calls, which makes it a little
//   more
//                                   than from their commits, until all are durable here, by hints of the server
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client_core/sqlite/database.h"
#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/history.h"
#include "tools/benchmarks/office.h"
#include "tools/benchmarks/phone_core.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {
namespace {

constexpr int kTapRounds = 5;
constexpr int kTapsPerRound = 200;
// Each visit to come brings its work order, site, assets and brief; together about 500 records of 420 KB.
constexpr int kAccounts = 400;
constexpr int kAssets = 3;
constexpr int kMorningVisits = 30;
constexpr int kPastVisits = 74;
constexpr int kOpens = 5;
constexpr int kMornings = 5;
constexpr int kPhonesAtOnce = 50;
constexpr int kDeltas = 40;
constexpr int64_t kHourUs = int64_t{3600} * 1000000;

std::string Folder(const std::string& parent, const std::string& name) {
  const std::string path = parent + "/" + name;
  std::filesystem::create_directories(path);
  return path;
}

// A phone of `technician`, enrolled.
std::unique_ptr<PhoneCore> NewPhone(Office& office, const std::string& folder, const std::string& technician) {
  auto phone = std::make_unique<PhoneCore>(Folder(folder, technician), office.address());
  phone->Enrol(office.Invite(technician));
  return phone;
}

// One entry a commit with SQLite alone, in the same folder.
class RawTap {
 public:
  explicit RawTap(const std::string& path) {
    auto db = sqlite::Database::Open({.path = path});
    if (!db.ok()) Fail(db.status().ToString());
    db_ = *std::move(db);
    const absl::Status made = db_->Execute(
        "CREATE TABLE entry(epoch INTEGER, seq INTEGER, hash BLOB, bytes BLOB, PRIMARY KEY(epoch, seq)) "
        "WITHOUT ROWID");
    auto insert = db_->Prepare("INSERT INTO entry(epoch, seq, hash, bytes) VALUES(1, $1, $2, $3)");
    if (!made.ok() || !insert.ok()) Fail("making the table");
    insert_ = *std::move(insert);
  }
  void Append(const std::string& entry) {
    const absl::Status status =
        insert_.Bind(1, ++seq_).BindBlob(2, absl::string_view(entry).substr(0, 32)).BindBlob(3, entry).Run();
    if (!status.ok()) Fail(status.ToString());
  }

 private:
  std::unique_ptr<sqlite::Database> db_;
  sqlite::Statement insert_;
  int64_t seq_ = 0;
};

Figures MeasureTaps(Office& office, const std::string& folder) {
  const std::string technician = office.MakeTechnicians("tap", 1)[0];
  const std::vector<std::string> visits = office.MakeVisits(technician, 10, office.ServerTimeUs() + kHourUs);
  std::unique_ptr<PhoneCore> phone = NewPhone(office, folder, technician);
  phone->SyncOnce();
  SeededRandom random(3);
  RecordHistory(*phone, visits, random);
  RawTap raw(folder + "/raw_tap.db");
  std::vector<double> taps;
  std::vector<double> raws;
  std::vector<double> flash;
  for (int round = 0; round < kTapRounds; ++round) {
    phone->SyncOnce();
    const std::vector<std::string> requests = AppendRequests(visits[round], kTapsPerRound, random);
    const double written = DiskBytesWritten();
    for (const std::string& request : requests) {
      const double begin = Seconds();
      phone->Append(request);
      taps.push_back((Seconds() - begin) * 1e6);
    }
    flash.push_back((DiskBytesWritten() - written) / kTapsPerRound);
    for (const std::string& request : requests) {
      const double begin = Seconds();
      raw.Append(request);
      raws.push_back((Seconds() - begin) * 1e6);
    }
  }
  phone->SyncOnce();
  std::vector<double> opens_ms;
  for (int i = 0; i < kOpens; ++i) {
    phone.reset();
    const double begin = Seconds();
    phone = std::make_unique<PhoneCore>(Folder(folder, technician), office.address());
    opens_ms.push_back((Seconds() - begin) * 1e3);
  }
  return {{"flash_bytes_per_tap", Percentile(flash, 0.5)}, {"open_ms", Percentile(opens_ms, 0.5)},
          {"tap_p50_us", Percentile(taps, 0.5)},           {"tap_p99_us", Percentile(taps, 0.99)},
          {"tap_raw_p50_us", Percentile(raws, 0.5)},       {"tap_raw_p99_us", Percentile(raws, 0.99)}};
}

double SyncMs(PhoneCore& phone, double* bytes_down) {
  const double begin = Seconds();
  const v1::SyncReport report = phone.SyncOnce();
  if (!report.complete()) Fail("sync: " + report.stopped_because());
  if (bytes_down != nullptr) *bytes_down = static_cast<double>(report.bytes_down());
  return (Seconds() - begin) * 1e3;
}

void ExpectMorning(PhoneCore& phone) {
  if (phone.Visits() == kMorningVisits + kPastVisits) return;
  Fail("a phone holds " + std::to_string(phone.Visits()) + " visits, not all of its own");
}

void MakeMorning(Office& office, const std::string& technician, int64_t day_us) {
  office.MakePastVisits(technician, kPastVisits, day_us);
  office.MakeVisits(technician, kMorningVisits, day_us);
}

Figures MeasureMornings(Office& office, const std::string& folder) {
  const int64_t day_us = office.ServerTimeUs() + kHourUs;
  std::vector<double> single_ms;
  double bytes_down = 0;
  const std::vector<std::string> technicians = office.MakeTechnicians("morning", kMornings);
  for (const std::string& technician : technicians) {
    MakeMorning(office, technician, day_us);
    std::unique_ptr<PhoneCore> phone = NewPhone(office, folder, technician);
    single_ms.push_back(SyncMs(*phone, &bytes_down));
    ExpectMorning(*phone);
  }
  const Office::FeedSize feed = office.MeasureFeed(office.Enrol(technicians.back()));
  std::vector<std::unique_ptr<PhoneCore>> phones;
  for (const std::string& technician : office.MakeTechnicians("crowd", kPhonesAtOnce)) {
    MakeMorning(office, technician, day_us);
    phones.push_back(NewPhone(office, folder, technician));
  }
  std::vector<std::thread> threads;
  const double begin = Seconds();
  for (auto& phone : phones) threads.emplace_back([&phone] { SyncMs(*phone, nullptr); });
  for (std::thread& thread : threads) thread.join();
  const double all_ms = (Seconds() - begin) * 1e3;
  for (auto& phone : phones) ExpectMorning(*phone);
  return {{"morning_ms", Percentile(single_ms, 0.5)},
          {"morning_50_ms", all_ms},
          {"morning_down_bytes", bytes_down},
          {"morning_records", static_cast<double>(feed.records)},
          {"morning_record_bytes", static_cast<double>(feed.bytes)}};
}

// Until the phone shows each of `visits` from `start_us` on: what it shows is durable.
void WaitForMoves(PhoneCore& phone, std::set<std::string> visits, int64_t start_us) {
  const double deadline = Seconds() + 30;
  while (!visits.empty()) {
    if (Seconds() > deadline) Fail("visits that moved did not reach the phone within 30 s");
    const v1::EventsPollResponse polled = phone.PollEvents(1000);
    for (const v1::PhoneEvent& event : polled.events()) {
      if (visits.count(event.visit_id()) == 0) continue;
      if (phone.Visit(event.visit_id()).planned().start_time_us() == start_us) visits.erase(event.visit_id());
    }
  }
}

// Five dispatchers move a visit each at one moment, from their calls until all five stand on the phone.
Figures MeasureDeltas(Office& office, const std::string& connect_file, const std::string& folder) {
  const std::string technician = office.MakeTechnicians("delta", 1)[0];
  const int64_t day_us = office.ServerTimeUs();
  const std::vector<std::string> visits = office.MakeVisits(technician, 5, day_us + kHourUs);
  std::vector<std::unique_ptr<Office>> dispatchers;
  for (size_t i = 0; i < visits.size(); ++i) dispatchers.push_back(std::make_unique<Office>(connect_file));
  std::unique_ptr<PhoneCore> phone = NewPhone(office, folder, technician);
  phone->SyncOnce();
  phone->Follow();
  std::vector<double> ms;
  for (int round = 0; round < kDeltas; ++round) {
    // Later than where MakeVisits put them, and another hour each time: whoever stays in place is not told of.
    const int64_t start_us = day_us + (6 + round % 6) * kHourUs;
    std::vector<std::thread> threads;
    const double begin = Seconds();
    for (size_t i = 0; i < visits.size(); ++i) {
      threads.emplace_back([&, i] { dispatchers[i]->MoveVisit(visits[i], start_us); });
    }
    WaitForMoves(*phone, {visits.begin(), visits.end()}, start_us);
    ms.push_back((Seconds() - begin) * 1e3);
    for (std::thread& thread : threads) thread.join();
  }
  return {{"delta_p50_ms", Percentile(ms, 0.5)}, {"delta_p99_ms", Percentile(ms, 0.99)}};
}

void Run(const std::string& connect_file, const std::string& folder) {
  Office office(connect_file);
  office.MakeAccounts(kAccounts, kAssets);
  Figures figures = MeasureMornings(office, folder);
  for (Figures more : {MeasureDeltas(office, connect_file, folder), MeasureTaps(office, folder)}) {
    figures.insert(figures.end(), more.begin(), more.end());
  }
  Print(figures);
}

}  // namespace
}  // namespace doorstep::benchmarks

int main(int argc, char** argv) {
  if (argc != 3) doorstep::benchmarks::Fail("usage: bench_phone CONNECT_FILE EMPTY_FOLDER");
  doorstep::benchmarks::Run(argv[1], argv[2]);
  return 0;
}
