#include "tools/doorstep/output.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "tools/doorstep/table_layout.h"
#include "tools/doorstep/visit_words.h"

namespace doorstep::cli {
namespace {

// What `print` shows on a terminal of so many columns, line by line.
std::vector<std::string> OnTerminal(unsigned short columns, const std::function<void()>& print) {
  struct winsize size = {};
  size.ws_row = 50;
  size.ws_col = columns;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    setenv("NO_COLOR", "1", 1);
    setenv("TERM", "dumb", 1);
    print();
    std::fflush(stdout);
    _exit(0);
  }
  std::string text;
  char part[4096];
  ssize_t count = 0;
  while ((count = read(terminal, part, sizeof(part))) > 0) text.append(part, static_cast<size_t>(count));
  close(terminal);
  waitpid(child, nullptr, 0);
  std::vector<std::string> lines = absl::StrSplit(text, absl::ByString("\r\n"), absl::SkipEmpty());
  return lines;
}

size_t Widest(const std::vector<std::string>& lines) {
  size_t widest = 0;
  for (const std::string& line : lines) widest = std::max(widest, DisplayWidth(line));
  return widest;
}

v1::Visit LongVisit() {
  v1::Visit visit;
  visit.set_id("V-501");
  visit.set_state(v1::VISIT_STATE_INCOMPLETE);
  visit.set_instructions("Ring twice, then wait: the caretaker comes down from the fourth floor and is slow.");
  visit.set_ended_time_us(int64_t{1777860000} * 1000000);
  for (const char* technician : {"T-ana", "T-bartholomew"}) {
    v1::Assignment& assignment = *visit.add_assignments();
    assignment.set_technician_id(technician);
    assignment.set_role(v1::ASSIGNMENT_ROLE_LEAD);
    assignment.set_state(v1::ASSIGNMENT_STATE_DONE);
    assignment.set_revoked(true);
    assignment.set_revoked_by("admin:a1");
    assignment.set_revoked_reason("taken ill on the way");
    assignment.set_assigned_time_us(int64_t{1777850000} * 1000000);
    assignment.set_arrived_time_us(int64_t{1777855000} * 1000000);
    assignment.set_ended_time_us(int64_t{1777860000} * 1000000);
    assignment.mutable_outcome()->set_code(v1::OUTCOME_CODE_PARTS_MISSING);
  }
  return visit;
}

TEST(OutputTest, AVisitAndItsLogFitATerminalOfEightyColumns) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  const v1::Visit visit = LongVisit();
  const std::vector<std::string> shown = OnTerminal(80, [&] { PrintVisit(visit); });
  ASSERT_GT(shown.size(), 5u);
  EXPECT_LE(Widest(shown), 80u);

  v1::GetVisitLogResponse log;
  for (int i = 0; i < 3; ++i) {
    v1::VisitLogItem& item = *log.add_items();
    item.mutable_position()->set_device("d12");
    item.mutable_position()->set_epoch(1);
    item.mutable_position()->set_seq(418);
    item.set_author("T-bartholomew");
    item.mutable_time()->set_time_us(int64_t{1777855000} * 1000000);
    item.mutable_time()->set_quality(v1::CLOCK_QUALITY_ESTIMATED);
    item.mutable_entry()->mutable_note()->set_text(visit.instructions());
    item.set_judgement("quarantined: visit_id: no visit is known here under this id");
  }
  const std::vector<std::string> logged = OnTerminal(80, [&] { PrintVisitLog(log, visit); });
  ASSERT_GT(logged.size(), 3u);
  EXPECT_LE(Widest(logged), 80u);
}

}  // namespace
}  // namespace doorstep::cli
