#include "tools/phone/shell.h"

#include <editline/readline.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// The library's completion is a plain function, so what it needs lies here while the shell runs.
Phone* shell_phone = nullptr;
std::vector<std::string>* candidates = nullptr;

char* NextCandidate(const char* typed, int state) {
  static size_t next;
  if (state == 0) next = 0;
  while (next < candidates->size()) {
    const std::string& candidate = (*candidates)[next++];
    if (absl::StartsWith(candidate, typed)) return strdup(candidate.c_str());
  }
  return nullptr;
}

void ListCandidates(absl::string_view line_before) {
  candidates->clear();
  const absl::string_view before = absl::StripLeadingAsciiWhitespace(line_before);
  if (before.empty()) {
    *candidates = CommandNames();
  } else if (absl::StartsWith(before, "help ")) {
    *candidates = CommandNames();
  } else if (absl::StartsWith(before, "open ") || absl::StartsWith(before, "explain ")) {
    const auto visits = shell_phone->core->VisitsList(v1::VisitsListRequest());
    if (!visits.ok()) return;
    for (const v1::LocalVisit& local : visits->visits()) candidates->push_back(local.visit().id());
  } else if (absl::StartsWith(before, "outcome ")) {
    *candidates = EnumChoices(*v1::OutcomeCode_descriptor());
  } else if (absl::StartsWith(before, "part ")) {
    *candidates = {"used", "returned", "requested"};
  } else if (absl::StartsWith(before, "safety ")) {
    *candidates = {"ok", "unsafe"};
  }
}

char** Complete(const char* typed, int start, int) {
  rl_attempted_completion_over = 1;  // File names are of no use here.
  ListCandidates(absl::string_view(rl_line_buffer, static_cast<size_t>(start)));
  return rl_completion_matches(typed, &NextCandidate);
}

// "d1 V-103 online, 12 waiting> "
std::string Prompt(Phone& phone) {
  const absl::StatusOr<v1::PhoneStatus> status = phone.core->Status();
  if (!status.ok() || !status->enrolled())
    return absl::StrCat("not enrolled, ", phone.online ? "online" : "offline", "> ");
  const uint64_t waiting = status->entries_saved_here();
  return absl::StrCat(status->device(), phone.visit.id().empty() ? "" : absl::StrCat(" ", phone.visit.id()), " ",
                      phone.online ? "online" : "offline", ", ", waiting == 0 ? "nothing" : absl::StrCat(waiting),
                      " waiting> ");
}

void PrintEvents(Phone& phone) {
  if (!phone.watching) return;
  const absl::StatusOr<v1::EventsPollResponse> events = phone.core->EventsPoll(64, 0);
  if (!events.ok()) return;
  for (const v1::PhoneEvent& event : events->events()) {
    std::printf("  %s %s %s\n", Words(event.kind()).c_str(), event.visit_id().c_str(), Printable(event.text()).c_str());
  }
}

std::optional<std::string> ReadLine(const std::string& prompt) {
  char* line = readline(prompt.c_str());
  if (line == nullptr) return std::nullopt;
  std::string text = line;
  std::free(line);
  return text;
}

// Long questions are printed; only their last line is the prompt, because the editor counts its columns.
std::optional<std::string> Ask(const std::string& prompt) {
  const size_t newline = prompt.rfind('\n');
  if (newline == std::string::npos) return ReadLine(prompt);
  std::fwrite(prompt.data(), 1, newline + 1, stdout);
  return ReadLine(prompt.substr(newline + 1));
}

}  // namespace

int RunShell(Phone& phone) {
  std::vector<std::string> names;
  shell_phone = &phone;
  candidates = &names;
  phone.ask = &Ask;
  rl_readline_name = const_cast<char*>("doorstep-phone");
  rl_attempted_completion_function = &Complete;
  using_history();  // In memory only: what a customer said does not belong into a file in the clear.
  std::printf("A technician's phone. `help` lists what it can do, `quit` closes it.\n");
  while (!phone.quit) {
    PrintEvents(phone);
    const std::optional<std::string> line = ReadLine(Prompt(phone));
    if (!line.has_value()) {
      std::printf("\n");
      break;
    }
    if (absl::StripAsciiWhitespace(*line).empty()) continue;
    add_history(line->c_str());
    RunAndPrint(phone, *line).IgnoreError();  // The person has read it and goes on.
  }
  phone.ask = nullptr;
  candidates = nullptr;
  shell_phone = nullptr;
  return kExitDone;
}

}  // namespace doorstep::phone
