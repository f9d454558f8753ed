#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "tests/spec/sentences.h"

namespace doorstep::spec {
namespace {

using Fill = std::function<absl::Status(World&, const Words&, v1::LogEntry&)>;

// {who} records a fact for {visit}.
std::function<absl::Status(World&, const Words&)> Fact(Fill fill) {
  return [fill = std::move(fill)](World& world, const Words& w) -> absl::Status {
    v1::LogEntry entry;
    entry.set_visit_id(w["visit"]);
    RETURN_IF_ERROR(fill(world, w, entry));
    return world.Record(w["who"], std::move(entry)).status();
  };
}

// For facts that say nothing but that they happened.
template <typename Message>
std::function<absl::Status(World&, const Words&)> Plain(Message* (v1::LogEntry::*mutable_fact)()) {
  return Fact([mutable_fact](World&, const Words&, v1::LogEntry& entry) {
    (entry.*mutable_fact)();
    return absl::OkStatus();
  });
}

// "not resolved fault F1": the code's words, then what was at fault.
absl::Status FillOutcome(const std::vector<std::string>& words, v1::LogEntry& entry) {
  std::vector<std::string> code = words;
  v1::Outcome* outcome = entry.mutable_outcome_reported()->mutable_outcome();
  entry.mutable_outcome_reported()->set_finished(true);
  if (code.size() > 2 && code[code.size() - 2] == "fault") {
    outcome->mutable_fault()->set_code(code.back());
    code.resize(code.size() - 2);
  }
  v1::OutcomeCode value;
  if (!v1::OutcomeCode_Parse(EnumName("OUTCOME_CODE_", code), &value)) {
    return absl::InvalidArgumentError(absl::StrCat("'", absl::StrJoin(code, " "), "' is no outcome"));
  }
  outcome->set_code(value);
  return absl::OkStatus();
}

// "csat 4 ces 6".
absl::Status FillFeedback(const std::vector<std::string>& words, v1::LogEntry& entry) {
  v1::Feedback* feedback = entry.mutable_feedback_captured()->mutable_feedback();
  feedback->set_survey_id("after-visit");
  feedback->set_survey_version(1);
  feedback->set_language("en");
  feedback->set_origin(v1::FEEDBACK_ORIGIN_ASKED);
  feedback->set_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED);
  feedback->set_technician_present(true);
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    v1::QuestionKind kind;
    if (!v1::QuestionKind_Parse(EnumName("QUESTION_KIND_", {words[i]}), &kind)) {
      return absl::InvalidArgumentError(absl::StrCat("'", words[i], "' is no question"));
    }
    feedback->add_answers()->set_kind(kind);
    feedback->mutable_answers()->rbegin()->set_value(static_cast<uint32_t>(std::atoi(words[i + 1].c_str())));
  }
  return absl::OkStatus();
}

absl::Status Correct(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry target, world.Entry(w["entry"]));
  v1::LogEntry entry;
  entry.set_visit_id(target.noted.visit_id);
  *entry.mutable_correction()->mutable_target() = target.noted.position;
  v1::LogEntry* replacement = entry.mutable_correction()->mutable_replacement();
  replacement->set_visit_id(target.noted.visit_id);
  RETURN_IF_ERROR(target.noted.fact == v1::LogEntry::kFeedbackCaptured ? FillFeedback(w.rest("words"), *replacement)
                                                                       : FillOutcome(w.rest("words"), *replacement));
  entry.mutable_correction()->set_reason("a slip of the finger");
  return world.Record(w["who"], std::move(entry)).status();
}

absl::Status Retract(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry target, world.Entry(w["entry"]));
  v1::LogEntry entry;
  entry.set_visit_id(target.noted.visit_id);
  *entry.mutable_retraction()->mutable_target() = target.noted.position;
  entry.mutable_retraction()->set_reason("it did not happen");
  return world.Record(w["who"], std::move(entry)).status();
}

absl::Status Promise(World& world, const Words& w) {
  v1::LogEntry entry;
  entry.set_visit_id(w["visit"]);
  v1::Commitment* promise = entry.mutable_commitment_made()->mutable_commitment();
  promise->set_id(w["promise"]);
  promise->set_made_by(v1::COMMITMENT_MAKER_TECHNICIAN);
  promise->set_text("We will bring the part");
  promise->set_kind("bring part");
  promise->set_size(v1::COMMITMENT_SIZE_NORMAL);
  ASSIGN_OR_RETURN(const int64_t due, world.clock().Instant(w["day"], w["time"]));
  promise->set_due_time_us(due);
  return world.Record(w["who"], std::move(entry)).status();
}

absl::Status OpenOnSite(World&, const Words& w, v1::LogEntry& entry) {
  v1::VisitOpenedOnSite* opened = entry.mutable_visit_opened_on_site();
  opened->set_account_id(w["account"]);
  opened->set_site_id(absl::StrCat(w["account"], "-site"));
  opened->add_asset_ids(w["asset"]);
  opened->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  opened->set_reason("while you are here, look at the other one");
  return absl::OkStatus();
}

// Overwrites the middle of a file of the phone, which is closed meanwhile.
absl::Status Damage(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  phone->Close();
  const std::filesystem::path path = phone->folder() / absl::StrCat(w["file"], ".db");
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string noise(size / 2, '\x5a');
  file.seekp(static_cast<std::streamoff>(size / 4));
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  file.close();
  if (!file) return absl::InternalError(absl::StrCat(path.string(), ": cannot be written"));
  RETURN_IF_ERROR(phone->Open());
  return phone->network().ConnectTo(world.server().address());
}

std::function<absl::Status(World&, const Words&)> OnPhone(std::function<absl::Status(World&, StoryPhone&)> run) {
  return [run = std::move(run)](World& world, const Words& w) -> absl::Status {
    ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
    return run(world, *phone);
  };
}

absl::Status SetRoom(World& world, StoryPhone& phone, int64_t bytes) {
  ASSIGN_OR_RETURN(testing::PowerDisk* const disk, world.OwnDisk());
  disk->SetRoom(bytes, phone.folder().string());
  return absl::OkStatus();
}

std::vector<Sentence> FactSentences() {
  using E = v1::LogEntry;
  return {
      {"{who} accepts {visit}", Plain(&E::mutable_accepted)},
      {"{who} rejects {visit}", Plain(&E::mutable_rejected)},
      {"{who} travels to {visit}", Plain(&E::mutable_travel_started)},
      {"{who} arrives at {visit}", Plain(&E::mutable_arrived)},
      {"{who} starts work on {visit}", Plain(&E::mutable_work_started)},
      {"{who} pauses {visit}", Plain(&E::mutable_paused)},
      {"{who} resumes {visit}", Plain(&E::mutable_resumed)},
      {"{who} ends work on {visit}", Plain(&E::mutable_work_ended)},
      {"{who} leaves {visit}", Plain(&E::mutable_departed)},
      {"{who} finds no access to {visit}", Plain(&E::mutable_no_access)},
      {"{who} notes {visit} {text}", Fact([](World&, const Words& w, E& entry) {
         entry.mutable_note()->set_text(w["text"]);
         return absl::OkStatus();
       })},
      {"{who} uses part {part} on {visit}", Fact([](World&, const Words& w, E& entry) {
         entry.mutable_part_used()->set_part_number(w["part"]);
         entry.mutable_part_used()->set_quantity_milli(1000);
         return absl::OkStatus();
       })},
      {"{who} reports {visit} {words...}",
       Fact([](World&, const Words& w, E& entry) { return FillOutcome(w.rest("words"), entry); })},
      {"{who} registers asset {asset} of {account} with serial {serial} at {visit}",
       Fact([](World&, const Words& w, E& entry) {
         v1::Asset& asset = *entry.mutable_asset_registered()->mutable_asset();
         asset.set_id(w["asset"]);
         asset.set_account_id(w["account"]);
         asset.set_site_id(absl::StrCat(w["account"], "-site"));
         asset.set_serial(w["serial"]);
         return absl::OkStatus();
       })},
      {"{who} opens visit {visit} on site for {account} on {asset}", Fact(OpenOnSite)},
      {"{who} promises {visit} {promise} due {day} {time}", Promise},
      {"{who} keeps promise {promise} on {visit}", Fact([](World&, const Words& w, E& entry) {
         entry.mutable_commitment_fulfilled()->set_commitment_id(w["promise"]);
         entry.mutable_commitment_fulfilled()->set_state(v1::COMMITMENT_STATE_KEPT);
         return absl::OkStatus();
       })},
      {"{who} corrects {entry} to {words...}", Correct},
      {"{who} retracts {entry}", Retract},
      {"customer of {visit} answers {words...}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.PhoneAt(w["visit"]));
         v1::LogEntry entry;
         entry.set_visit_id(w["visit"]);
         RETURN_IF_ERROR(FillFeedback(w.rest("words"), entry));
         return phone->Append(std::move(entry)).status();
       }},
  };
}

std::vector<Sentence> DeviceSentences() {
  return {
      {"{who} enrols", [](World& world, const Words& w) { return world.AddPhone(w["who"]); }},
      {"{who} enrols again", [](World& world, const Words& w) { return world.EnrolAgain(w["who"]); }},
      {"{who} tries to sync and is told {text}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
         ASSIGN_OR_RETURN(const v1::SyncReport report, phone->TrySync());
         if (absl::StrContains(report.stopped_because(), w["text"])) return absl::OkStatus();
         return absl::InternalError(absl::StrCat("it was told: ", report.stopped_because()));
       }},
      {"{who} syncs", OnPhone([](World&, StoryPhone& phone) { return phone.Sync(); })},
      {"{who} tries to sync and every answer is lost", OnPhone([](World&, StoryPhone& phone) -> absl::Status {
         phone.network().SetLosingAnswers(true);
         ASSIGN_OR_RETURN(const v1::SyncReport report, phone.TrySync());
         phone.network().SetLosingAnswers(false);
         return report.complete() ? absl::InternalError("it worked, against what the story says") : absl::OkStatus();
       })},
      {"{who} goes offline", OnPhone([](World&, StoryPhone& phone) {
         phone.network().SetOnline(false);
         return absl::OkStatus();
       })},
      {"{who} comes online", OnPhone([](World&, StoryPhone& phone) {
         phone.network().SetOnline(true);
         return absl::OkStatus();
       })},
      {"{who}'s phone is killed", OnPhone([](World& world, StoryPhone& phone) {
         RETURN_IF_ERROR(phone.Kill());
         return phone.network().ConnectTo(world.server().address());
       })},
      {"{who}'s phone reboots", OnPhone([](World& world, StoryPhone& phone) {
         phone.Close();
         phone.Reboot();
         RETURN_IF_ERROR(phone.Open());
         return phone.network().ConnectTo(world.server().address());
       })},
      {"{who}'s zone is {hours} hours ahead of UTC",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
         phone->SetZone(static_cast<int32_t>(std::atoi(w["hours"].c_str()) * 3600));
         return absl::OkStatus();
       }},
      {"{who}'s clock is set back to 1970", OnPhone([](World& world, StoryPhone& phone) {
         phone.SetClockError(-world.clock().now_us());
         return absl::OkStatus();
       })},
      {"{who}'s clock is right again", OnPhone([](World&, StoryPhone& phone) {
         phone.SetClockError(0);
         return absl::OkStatus();
       })},
      {"{who}'s clock is {hours} hours ahead",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
         phone->SetClockError(std::atoll(w["hours"].c_str()) * 3600 * 1000000);
         return absl::OkStatus();
       }},
      {"{who}'s phone is copied as {name}",
       [](World& world, const Words& w) { return world.ClonePhone(w["who"], w["name"]); }},
      {"{who}'s {file} is damaged", Damage},
      {"{technician} signs in on {who}'s phone",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
         return phone->SignIn(w["technician"]).status();
       }},
      {"{technician} signs out of {who}'s phone with {count} entries only there",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
         ASSIGN_OR_RETURN(const v1::SignOutResult result, phone->SignOut(w["technician"]));
         if (absl::StrCat(result.entries_saved_here()) == w["count"]) return absl::OkStatus();
         return absl::InternalError(absl::StrCat("they were ", result.entries_saved_here()));
       }},
      {"phones have disks of their own",
       [](World& world, const Words&) {
         world.UseOwnDisk();
         return absl::OkStatus();
       }},
      {"{who}'s disk is full", OnPhone([](World& world, StoryPhone& phone) { return SetRoom(world, phone, 0); })},
      {"{who}'s disk has room again",
       OnPhone([](World& world, StoryPhone& phone) { return SetRoom(world, phone, -1); })},
      {"{who}'s phone is put to sleep", OnPhone([](World&, StoryPhone& phone) { return phone.Quiesce().status(); })},
      {"a newer phone {name} of {who} enrols",
       [](World& world, const Words& w) { return world.AddNewerPhone(w["name"], w["who"]); }},
      {"newer phone {name} sends an unknown kind for {visit}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(NewerPhone* const phone, world.Newer(w["name"]));
         return phone->SendUnknownKind(w["visit"]);
       }},
      {"newer phone {name} notes {visit} {text}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(NewerPhone* const phone, world.Newer(w["name"]));
         return phone->SendNote(w["visit"], w["text"]);
       }},
  };
}

}  // namespace

const std::vector<Sentence>& PhoneSentences() {
  static const auto* const kSentences = [] {
    auto* all = new std::vector<Sentence>(DeviceSentences());
    for (Sentence& sentence : FactSentences()) all->push_back(std::move(sentence));
    return all;
  }();
  return *kSentences;
}

}  // namespace doorstep::spec
