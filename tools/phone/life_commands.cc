// The phone itself: enrolment, network, sync, who records.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

constexpr char kEnrolAdvice[] = "enrol CODE, with a code that `doorstep device invite TECHNICIAN` makes at the office";
constexpr uint32_t kSyncBytesMin = 8192;  // The core begins nothing with less.
volatile sig_atomic_t interrupted = 0;

absl::Status Offline(absl::string_view name) {
  return WithTry(absl::UnavailableError(absl::StrCat(name, ": this phone is offline")), "online");
}

absl::StatusOr<Answer> Enrol(Phone& phone, const Arguments& words) {
  if (!phone.online) return Offline("enrol");
  v1::EnrolmentRequest request;
  request.set_invitation_code(words[0]);
  request.set_device_name(words.Has("name") ? words.Option("name") : "doorstep-phone");
  request.set_platform("terminal");
  absl::Status status = phone.core->Enrol(request);
  if (absl::StrContains(status.message(), "already enrolled")) {
    return WithTry(status, "status; another phone is another --dir");
  }
  if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status)) {
    return WithTry(status, kEnrolAdvice);
  }
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    return WithTry(status, "enrol CODE again once doorstepd runs there; --server HOST:PORT names another place");
  }
  if (!status.ok()) return status;
  const absl::StatusOr<v1::PhoneStatus> now = phone.core->Status();
  if (!now.ok()) return now.status();
  return Answer(absl::StrCat("this phone is ", now->device(), ", for ", absl::StrJoin(now->technician_ids(), ", "),
                             "; `sync` fetches the visits"))
      .Field("answer", JsonOf(*now));
}

absl::StatusOr<Answer> As(Phone& phone, const Arguments& words) {
  phone.author = words[0];
  return Answer(absl::StrCat("what you record is now by ", phone.author)).Field("author", JsonOf(phone.author));
}

absl::StatusOr<Answer> Online(Phone& phone, const Arguments&) {
  phone.online = true;
  absl::Status status = phone.core->Notify(v1::PHONE_NOTICE_NETWORK_CHANGED);
  if (status.ok() && phone.watching) status = phone.core->SyncStart();
  if (!status.ok()) return status;
  return Answer("online");
}

absl::StatusOr<Answer> GoOffline(Phone& phone, const Arguments&) {
  phone.online = false;
  absl::Status status = phone.watching ? phone.core->SyncStop() : absl::OkStatus();
  if (status.ok()) status = phone.core->Notify(v1::PHONE_NOTICE_NETWORK_LOST);
  if (!status.ok()) return status;
  return Answer("offline; recording goes on");
}

// The token itself is shown nowhere.
absl::StatusOr<Answer> PushToken(Phone& phone, const Arguments& words) {
  const std::string token = words.size() == 0 ? "" : words[0];
  absl::Status status = phone.core->SetPushToken(token);
  if (!status.ok()) return status;
  return Answer(token.empty() ? "nothing wakes this phone any more; the next sync tells the office"
                              : "the office can wake this phone once a sync has told it by what");
}

absl::StatusOr<Answer> Sync(Phone& phone, const Arguments& words) {
  if (!phone.online) return Offline("sync");
  v1::SyncBudget budget;
  if (words.Has("seconds")) {
    const absl::StatusOr<uint32_t> seconds =
        ParseNumber("seconds", words.Option("seconds"), 1, 3600, "sync --seconds 30");
    if (!seconds.ok()) return seconds.status();
    budget.set_time_ms_max(*seconds * 1000);
  }
  if (words.Has("bytes")) {
    const absl::StatusOr<uint32_t> bytes =
        ParseNumber("bytes", words.Option("bytes"), kSyncBytesMin, 1000000000, "sync --bytes 100000");
    if (!bytes.ok()) return bytes.status();
    budget.set_bytes_max(*bytes);
  }
  if (phone.ask) std::fputs("talking to the office ...\r", stderr);
  const absl::StatusOr<v1::SyncReport> report = phone.core->SyncOnce(budget);
  if (!report.ok()) {
    const bool nobody = absl::StrContains(report.status().message(), "not enrolled");
    return nobody ? WithTry(report.status(), kEnrolAdvice) : report.status();
  }
  const std::string done = absl::StrCat("sent ", Count(report->entries_sent(), "entry", "entries"), " (",
                                        Count(report->bytes_up(), "byte", "bytes"), "), received ",
                                        Count(report->changes_received(), "change", "changes"), " (",
                                        Count(report->bytes_down(), "byte", "bytes"), ")");
  // Who sets a bound of bytes wants something left over; only that nothing at all went through is a failure then.
  const bool bounded = words.Has("bytes") && report->entries_sent() + report->changes_received() > 0;
  if (!report->complete() && !bounded) {
    absl::string_view advice = "sync again; nothing is lost";
    if (absl::StrContains(report->stopped_because(), "no connection")) {
      advice = "sync again once doorstepd runs there; nothing is lost";
    } else if (absl::StrContains(report->stopped_because(), "with a new code")) {
      advice = kEnrolAdvice;
    }
    return WithTry(absl::UnavailableError(absl::StrCat("sync stopped: ", report->stopped_because(), "; ", done, ", ",
                                                       report->entries_left(), " left")),
                   advice);
  }
  Answer answer;
  if (report->attachments_sent() + report->attachments_left() > 0) {
    answer.Line(absl::StrCat(Count(report->attachments_sent(), "photo", "photos"), " came to the office, ",
                             report->attachments_left(), " left"));
  }
  answer.Line(report->complete()
                  ? absl::StrCat(done, report->attachments_left() == 0
                                           ? "; nothing is left"
                                           : "; no entry is left, photos are: `photos` says what they wait for")
                  : absl::StrCat(done, "; ", report->entries_left(), " left: ", report->stopped_because()));
  return answer.Field("answer", JsonOf(*report));
}

std::string EventText(const v1::PhoneEvent& event) {
  std::string text = Words(event.kind());
  if (!event.visit_id().empty()) absl::StrAppend(&text, "  ", event.visit_id());
  if (event.has_position()) absl::StrAppend(&text, "  ", PositionText(event.position()));
  if (!event.text().empty()) absl::StrAppend(&text, "  ", event.text());
  return text;
}

// Prints what happens for so long, or until Ctrl-C. A script gets all events in one answer.
absl::Status Follow(Phone& phone, uint32_t seconds, Answer* answer) {
  struct sigaction act {};
  struct sigaction before {};
  act.sa_handler = [](int) { interrupted = 1; };
  interrupted = 0;
  sigaction(SIGINT, &act, &before);
  const int64_t end_ms = int64_t{seconds} * 1000;
  absl::Status status;
  for (int64_t waited_ms = 0; waited_ms < end_ms && interrupted == 0; waited_ms += 200) {
    const absl::StatusOr<v1::EventsPollResponse> events = phone.core->EventsPoll(64, 200);
    if (!events.ok()) {
      status = events.status();
      break;
    }
    for (const v1::PhoneEvent& event : events->events()) {
      if (phone.ask) {
        std::printf("%s\n", Printable(EventText(event)).c_str());
        std::fflush(stdout);
      } else {
        answer->Line(EventText(event));
      }
    }
  }
  sigaction(SIGINT, &before, nullptr);
  return status;
}

absl::StatusOr<Answer> Watch(Phone& phone, const Arguments& words) {
  Answer answer;
  if (words[0] == "stop") {
    phone.watching = false;
    absl::Status status = phone.core->SyncStop();
    if (!status.ok()) return status;
    return Answer("the phone syncs when you say `sync`");
  }
  phone.watching = true;
  absl::Status status = phone.online ? phone.core->SyncStart() : absl::OkStatus();
  if (!status.ok()) return status;
  if (words.size() == 0) {
    return answer.Line(phone.online ? "the phone syncs by itself; events are shown before each prompt"
                                    : "the phone will sync by itself once it is online");
  }
  const absl::StatusOr<uint32_t> seconds = ParseNumber("watch", words[0], 1, 86400, "watch 60");
  if (!seconds.ok()) return seconds.status();
  status = Follow(phone, *seconds, &answer);
  if (!status.ok()) return status;
  return answer;
}

// False with errno. A disk that becomes full takes a part first, and says so at the next.
bool WriteAll(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = write(file, bytes.data(), bytes.size());
    if (taken < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(taken));
  }
  return true;
}

absl::StatusOr<Answer> Export(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::Bundle> bundle = phone.core->ExportBundle();
  if (!bundle.ok()) return bundle.status();
  const std::string bytes = bundle->SerializeAsString();
  const std::string& path = words[0];
  // Never over another file: it may be the only copy of another day. Only for its owner: it holds what was recorded.
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = file >= 0 && WriteAll(file, bytes) && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (!written) {
    // Half of it would be taken for all of it, and its name would be in the way of the next try.
    if (file >= 0) unlink(path.c_str());
    const absl::string_view advice = error == ENOSPC ? "some room on the disk, then export FILE again"
                                                     : "export FILE, with the name of a file that is not there yet";
    return WithTry(absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(error))), advice);
  }
  Answer answer;
  answer.Line(absl::StrCat(Count(bundle->entries(), "entry", "entries"), " in ", path,
                           "; at the office: doorstep import ", path));
  if (bundle->entries_left_out() > 0) {
    answer.Line(
        absl::StrCat(Count(bundle->entries_left_out(), "entry", "entries"), " had no room: sync, and export again"));
  }
  if (bundle->status().attachments_queued() > 0) {
    answer.Line(absl::StrCat(Count(bundle->status().attachments_queued(), "photo is", "photos are"),
                             " not in it: they stay on this phone, and go with a sync"));
  }
  v1::Bundle summary = *bundle;
  summary.clear_frames();
  return answer.Field("answer", JsonOf(summary));
}

absl::StatusOr<Answer> StartTally(Phone& phone, const Arguments& words) {
  absl::Status status = phone.tally.Open(words[0]);
  if (!status.ok()) return status;
  return Answer(absl::StrCat("every accepted entry is also noted in ", words[0]));
}

absl::StatusOr<Answer> HelpCommand(Phone&, const Arguments& words) { return Help(words[0]); }

absl::StatusOr<Answer> Quit(Phone& phone, const Arguments&) {
  phone.quit = true;
  return Answer();
}

absl::StatusOr<Answer> Kill(Phone&, const Arguments&) {
  std::fflush(stdout);
  raise(SIGKILL);
  return Answer();
}

}  // namespace

const std::vector<Command>& LifeCommands() {
  static const auto* const commands = new std::vector<Command>{
      {"help", "help [COMMAND]", "this list, or one command", "", 0, &HelpCommand},
      {"enrol", "enrol CODE [--name TEXT]", "make this a technician's phone, with an invitation code", "name=", 1,
       &Enrol},
      {"as", "as TECHNICIAN", "who records from now on, when several share the phone", "", 1, &As},
      {"online", "online", "the network is back", "", 0, &Online, 0},
      {"offline", "offline", "the network is gone", "", 0, &GoOffline, 0},
      {"push-token", "push-token [TOKEN]", "by what a push service wakes this phone; without TOKEN nothing does", "", 0,
       &PushToken},
      {"sync", "sync [--seconds N] [--bytes N]", "send and fetch until everything is through", "seconds= bytes=", 0,
       &Sync, 0},
      {"watch", "watch [SECONDS | stop]", "sync by itself and show what happens; Ctrl-C ends it", "", 0, &Watch},
      {"export", "export FILE", "the entries that are only here into a file, to carry to the office; photos stay", "",
       1, &Export},
      {"tally", "tally FILE", "note every accepted entry in a file of somebody else's", "", 1, &StartTally},
      {"kill", "kill", "this program dies at once, as when the battery is pulled", "", 0, &Kill, 0},
      {"quit", "quit", "close the phone", "", 0, &Quit, 0},
  };
  return *commands;
}

}  // namespace doorstep::phone
