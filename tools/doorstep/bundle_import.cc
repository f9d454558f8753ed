#include "tools/doorstep/bundle_import.h"

#include <google/protobuf/struct.pb.h>

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/progress.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

// A Bundle as bytes begins with its first field: number 1, 17 bytes.
constexpr absl::string_view kBeginning =
    "\x0A\x11"
    "doorstep bundle 1";

struct Handed {
  std::string file;
  v1::Bundle bundle;
  std::string device;
  bool fork = false;
};

absl::StatusOr<v1::Bundle> ReadBundle(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  v1::Bundle bundle;
  if (!bundle.ParseFromString(bytes)) {
    return WithTry(absl::InvalidArgumentError(absl::StrCat(file, ": is cut off or damaged")),
                   "the phone's file copied once more");
  }
  return bundle;
}

absl::Status HandIn(Handed& handed, const Tools& tools) {
  Progress progress(handed.file);
  int done = 0;
  for (std::string& frame : *handed.bundle.mutable_frames()) {
    v1::ImportFrameRequest request;
    v1::Frame parsed;  // One that cannot be parsed is the server's to refuse.
    if (parsed.ParseFromString(frame)) {
      for (const v1::JournalClaim& journal : handed.bundle.journals()) {
        if (journal.epoch() == parsed.header().epoch()) *request.mutable_journal() = journal;
      }
    }
    request.set_frame(std::move(frame));
    v1::ImportFrameResponse response;
    RETURN_IF_ERROR(tools.connection->Call(&request, &response));
    handed.device = response.device();
    handed.fork = handed.fork || response.fork();
    progress.Update(absl::StrCat(Grouped(++done), " of ", Grouped(handed.bundle.frames_size()), " frames"));
  }
  return absl::OkStatus();
}

void Print(const Handed& handed) {
  const std::string entries = Count(handed.bundle.entries(), "entry", "entries");
  if (handed.fork) {
    Say(absl::StrCat(Printable(handed.file), ": ", Coloured("not taken", Colour::kWarning), ": phone ", handed.device,
                     " has a copy that sent other entries in their place; they come when it has a network"));
    return;
  }
  Say(absl::StrCat(Printable(handed.file), ": ", entries, " of phone ",
                   handed.device.empty() ? handed.bundle.status().device() : handed.device, ": all at the office"));
  if (handed.bundle.entries_left_out() > 0) {
    Note(absl::StrCat("Note: ", Count(handed.bundle.entries_left_out(), "entry", "entries"),
                      " had no room in it and are on the phone only"));
  }
}

absl::Status PrintAsJson(const std::vector<Handed>& all) {
  google::protobuf::Struct object;
  auto& bundles = *(*object.mutable_fields())["bundles"].mutable_list_value();
  for (const Handed& handed : all) {
    auto& fields = *bundles.add_values()->mutable_struct_value()->mutable_fields();
    fields["file"].set_string_value(handed.file);
    fields["device"].set_string_value(handed.device);
    fields["entries"].set_number_value(static_cast<double>(handed.bundle.entries()));
    fields["left_out"].set_number_value(static_cast<double>(handed.bundle.entries_left_out()));
    fields["fork"].set_bool_value(handed.fork);
  }
  return PrintJson(object);
}

// What is not taken is no success: somebody waits for those entries.
absl::Status NotTaken(const std::vector<Handed>& all) {
  for (const Handed& handed : all) {
    if (!handed.fork) continue;
    return WithTry(
        absl::FailedPreconditionError(
            absl::StrCat(handed.file, ": not taken: a copy of phone ", handed.device,
                         " has sent other entries in their place; those of the file are on the phone still")),
        absl::StrCat("sync on phone ", handed.device, " once it has a network: its entries come then, in a new epoch"));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsBundle(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string beginning(kBeginning.size(), '\0');
  return stream.read(beginning.data(), static_cast<std::streamsize>(beginning.size())) && beginning == kBeginning;
}

absl::Status ImportBundles(const std::vector<std::string>& files, const Tools& tools) {
  std::vector<Handed> all;
  for (const std::string& file : files) {
    if (!IsBundle(file)) {
      return UsageError(absl::StrCat(file, ": is no phone's file; import it by itself"), "doorstep import FILE");
    }
    Handed handed;
    handed.file = file;
    ASSIGN_OR_RETURN(handed.bundle, ReadBundle(file));
    const absl::Status status = HandIn(handed, tools);
    if (!status.ok()) {
      return WithTry(absl::Status(status.code(), absl::StrCat(file, ": ", status.message())),
                     "the same import again, once the cause is gone: what is already there changes nothing");
    }
    if (!tools.globals->json) Print(handed);
    all.push_back(std::move(handed));
  }
  if (tools.globals->json) RETURN_IF_ERROR(PrintAsJson(all));
  return NotTaken(all);
}

}  // namespace doorstep::cli
