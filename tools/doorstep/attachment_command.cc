// doorstep attachment: the photos, signatures and documents that entries name.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/sha256.h"
#include "client_core/base/status.h"
#include "doorstep/v1/attachment_service.pb.h"
#include "google/protobuf/struct.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

struct ListArgs {
  std::string visit;
  int64_t limit = 500;
};
struct GetArgs {
  std::string hash;
  std::string file;
  std::string range;
};
// From `first` on, `length` bytes; the whole when both are 0.
struct Range {
  uint64_t first = 0;
  uint64_t length = UINT64_MAX;
  bool whole = true;
};

std::string HowFar(const v1::Attachment& attachment) {
  if (attachment.state() == v1::ATTACHMENT_STATE_STORED) return "here";
  const std::string preview = attachment.preview_state() == v1::ATTACHMENT_STATE_STORED ? "; its preview is here" : "";
  if (attachment.lost() && attachment.stored_through() == 0) {
    return absl::StrCat("the server's file is gone or damaged", preview);
  }
  if (attachment.stored_through() == 0) return absl::StrCat("has not come from the phone", preview);
  return absl::StrCat(Grouped(attachment.stored_through()), " bytes have come", preview);
}

absl::Status List(const ListArgs& args, const Tools& tools) {
  v1::ListAttachmentsRequest request;
  request.set_visit_id(args.visit);
  v1::ListAttachmentsResponse all;
  absl::StatusOr<bool> more = tools.connection->CallPages(&request, &all, args.limit);
  if (absl::IsNotFound(more.status())) return WithTry(more.status(), "doorstep visit list");
  RETURN_IF_ERROR(more.status());
  // What a damaged entry named is missing from the list, so the list must not pass for all.
  v1::GetVisitLogRequest log_request;
  log_request.set_id(args.visit);
  v1::GetVisitLogResponse log;
  RETURN_IF_ERROR(tools.connection->CallPages(&log_request, &log, std::numeric_limits<int64_t>::max()).status());
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(all));
    return DamageError(log);
  }
  Table table({{"Entry"},
               {"Time"},
               {"By"},
               {"Title", false, true},
               {"Type"},
               {"Bytes", true},
               {"State", false, true},
               {"Hash"}});
  int here = 0;
  for (const v1::Attachment& attachment : all.attachments()) {
    const bool stored = attachment.state() == v1::ATTACHMENT_STATE_STORED;
    here += stored;
    table.Row({FormatPosition(attachment.position()), ShowTime(attachment.time().time_us()), attachment.author(),
               attachment.title(), attachment.content_type(), Grouped(attachment.size_bytes()), HowFar(attachment),
               absl::BytesToHexString(attachment.sha256())},
              stored ? Colour::kPlain : Colour::kWarning);
  }
  if (table.empty()) {
    Note(absl::StrCat("No entry of visit ", args.visit, " names an attachment."));
    return DamageError(log);
  }
  Say(absl::StrCat(here, " of ", Count(static_cast<uint64_t>(all.attachments_size()), "attachment", "attachments"),
                   here == all.attachments_size()
                       ? " here."
                       : " here. The others come from the phones, over a network that is not metered."));
  table.Print();
  if (*more) Note(absl::StrCat("There are more: --limit ", 2 * args.limit));
  return DamageError(log);
}

absl::StatusOr<Range> ReadRange(const std::string& text) {
  Range range;
  if (text.empty()) return range;
  const std::pair<std::string, std::string> ends = absl::StrSplit(text, absl::MaxSplits('-', 1));
  uint64_t last = UINT64_MAX - 1;
  const bool numbers =
      absl::SimpleAtoi(ends.first, &range.first) && (ends.second.empty() || absl::SimpleAtoi(ends.second, &last));
  if (text.find('-') == std::string::npos || !numbers || last < range.first || last == UINT64_MAX) {
    return UsageError(absl::StrCat("--range \"", Printable(text), "\" is no range of bytes"),
                      "--range 0-1023, or --range 1024- for the rest");
  }
  range.length = last - range.first + 1;
  range.whole = false;
  return range;
}

// A new file that only its owner reads. It has its name only when it is whole.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), draft_(path_ + ".partial") {}
  ~NewFile() {
    if (file_ < 0) return;
    close(file_);
    unlink(draft_.c_str());
  }
  absl::Status Open() {
    struct stat there {};
    if (stat(path_.c_str(), &there) == 0) {
      return WithTry(absl::AlreadyExistsError(absl::StrCat(path_, ": is there already")), "-o with another name");
    }
    file_ = open(draft_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return file_ >= 0 ? absl::OkStatus() : Failed();
  }
  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failed();
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  absl::Status Finish() {
    if (close(std::exchange(file_, -1)) == 0 && rename(draft_.c_str(), path_.c_str()) == 0) return absl::OkStatus();
    const absl::Status failed = Failed();
    unlink(draft_.c_str());
    return failed;
  }

 private:
  absl::Status Failed() const {
    return WithTry(absl::FailedPreconditionError(absl::StrCat(path_, ": ", std::strerror(errno))),
                   "-o with a file in a folder of your own, with space on its disk");
  }

  const std::string path_;
  const std::string draft_;
  int file_ = -1;
};

absl::Status Explain(const absl::Status& failed) {
  if (absl::IsNotFound(failed)) {
    return WithTry(failed, "doorstep attachment list VISIT, which says what has come; the rest is still on a phone");
  }
  if (absl::IsOutOfRange(failed)) return WithTry(failed, "--range within the size, or without --range for the whole");
  if (absl::IsDataLoss(failed)) {
    return WithTry(failed,
                   "waiting for the phone, which sends it again if it still has it; or the file of that name in the "
                   "folder attachments beside a copy of a backup");
  }
  return failed;
}

absl::StatusOr<uint64_t> Fetch(const std::string& sha256, const Range& range, const Tools& tools, NewFile& file) {
  SodiumSha256 hasher;
  uint64_t got = 0;
  while (got < range.length) {
    v1::ReadAttachmentRequest request;
    request.set_sha256(sha256);
    request.set_offset(range.first + got);
    request.set_length(static_cast<uint32_t>(std::min<uint64_t>(range.length - got, limits::kAttachmentRangeBytesMax)));
    v1::ReadAttachmentResponse response;
    RETURN_IF_ERROR(Explain(tools.connection->Call(&request, &response)));
    if (response.data().empty() && got == 0) {
      return Explain(absl::OutOfRangeError(
          absl::StrCat("--range: must begin before the end, ", response.size_bytes(), ", begins at ", range.first)));
    }
    if (response.data().empty()) break;
    hasher.Update(response.data());
    RETURN_IF_ERROR(file.Write(response.data()));
    got += response.data().size();
  }
  if (!range.whole || absl::string_view(sha256) == AsBytes(hasher.Finish())) return got;
  return Explain(absl::DataLossError("what came is not what the hash says: the server's file is damaged"));
}

// As tables show it, in hexadecimal, or as JSON does, in base64. Nothing: it is none.
std::optional<std::string> ReadHash(const std::string& text) {
  const bool hex = text.size() == 2 * limits::kAttachmentHashBytes &&
                   std::all_of(text.begin(), text.end(), [](unsigned char c) { return isxdigit(c) != 0; });
  if (hex) return absl::HexStringToBytes(text);
  std::string bytes;
  if (absl::Base64Unescape(text, &bytes) && bytes.size() == limits::kAttachmentHashBytes) return bytes;
  return std::nullopt;
}

absl::Status Get(const GetArgs& args, const Tools& tools) {
  const std::optional<std::string> hash = ReadHash(args.hash);
  if (!hash.has_value()) {
    return UsageError(absl::StrCat("\"", Printable(args.hash), "\" is no SHA-256"),
                      "doorstep attachment list VISIT, which shows the hashes");
  }
  ASSIGN_OR_RETURN(const Range range, ReadRange(args.range));
  NewFile file(args.file);
  RETURN_IF_ERROR(file.Open());
  ASSIGN_OR_RETURN(const uint64_t bytes, Fetch(*hash, range, tools, file));
  RETURN_IF_ERROR(file.Finish());
  if (tools.globals->json) {
    google::protobuf::Struct object;
    auto& fields = *object.mutable_fields();
    fields["sha256"].set_string_value(absl::BytesToHexString(*hash));
    fields["file"].set_string_value(args.file);
    fields["offset"].set_string_value(absl::StrCat(range.first));
    fields["bytes"].set_string_value(absl::StrCat(bytes));
    fields["verified"].set_bool_value(range.whole);
    return PrintJson(object);
  }
  Say(absl::StrCat(Grouped(bytes), " bytes in ", args.file,
                   range.whole ? ": compared with the hash" : ", a part, which cannot be compared with the hash"));
  return absl::OkStatus();
}

}  // namespace

void RegisterAttachment(Command root, const Tools& tools) {
  Command attachment = root.Group("attachment", "Photos, signatures and documents of visits");

  auto list_args = std::make_shared<ListArgs>();
  Command list = attachment.Leaf("list", "What the entries of a visit name, and what of it has come",
                                 {"doorstep attachment list V-1204", "doorstep attachment list V-1204 --json"});
  list.Positional("VISIT", &list_args->visit, "The visit's id");
  list.NumberOption("limit", "N", &list_args->limit, 1, 100000, "At most so many");
  list.Does([list_args, tools] { return List(*list_args, tools); });

  auto get_args = std::make_shared<GetArgs>();
  Command get = attachment.Leaf("get", "One of them, or a part of it, into a file",
                                {"doorstep attachment get 9f86d081... -o valve.jpg",
                                 "doorstep attachment get 9f86d081... -o beginning --range 0-1023"});
  get.Positional("HASH", &get_args->hash, "Its SHA-256; doorstep attachment list shows it");
  get.RequiredOption("output,-o", "FILE", &get_args->file, "Where to write it; never over another file");
  get.Option("range", "FIRST-LAST", &get_args->range, "Only these bytes, counted from 0");
  get.Does([get_args, tools] { return Get(*get_args, tools); });
}

}  // namespace doorstep::cli
