#include "tools/doorstep/command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/doorstep/errors.h"
#include "tools/doorstep/table_layout.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr size_t kHelpColumn = 34;  // Where it is said what an option does.

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : FullName(*app.get_parent()) + " " + app.get_name();
}

// The innermost command that was recognised before the arguments stopped making sense.
const CLI::App& Innermost(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : Innermost(*parsed.back());
}

std::vector<std::string> WordsOf(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(sub->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<CompletionEntry>* out) {
  out->push_back({path, WordsOf(app)});
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    Collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
  }
}

// CLI11's own words name the rule that was broken; a person wants to know which word was not understood.
absl::Status ExplainUsage(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& command = Innermost(root);
  const std::string name = FullName(command);
  const std::vector<std::string> strange = root.remaining(true);
  if (strange.empty()) {
    std::string message = error.what();
    if (!command.get_subcommands([](const CLI::App*) { return true; }).empty()) message = name + " needs a command";
    return UsageError(message, name + " --help");
  }
  const std::string& word = strange.front();
  const std::string near = Nearest(word, WordsOf(command));
  const bool is_option = word.size() > 1 && word[0] == '-';
  const std::string what = is_option ? "option" : "command or argument";
  return UsageError(name + " has no " + what + " \"" + word + "\"",
                    near.empty() ? name + " --help" : "did you mean `" + name + " " + near + "`? " + name + " --help");
}

}  // namespace

Command Command::Group(const std::string& name, const std::string& summary) {
  CLI::App* sub = app_->add_subcommand(name, summary);
  sub->require_subcommand(1);
  sub->footer("doorstep " + name + " COMMAND --help has the options and examples of each.");
  return Command(sub, line_);
}

Command Command::Leaf(const std::string& name, const std::string& summary, const std::vector<std::string>& examples) {
  Command leaf = LeafHere(name, summary, examples);
  leaf.app_->add_option("--profile", line_->globals_.profile, "Which stored server and identity to use")
      ->type_name("NAME")
      ->group("Everywhere");
  return leaf;
}

Command Command::LeafHere(const std::string& name, const std::string& summary,
                          const std::vector<std::string>& examples) {
  CLI::App* sub = app_->add_subcommand(name, summary);
  sub->add_flag("--json", line_->globals_.json, "One JSON object for scripts")->group("Everywhere");
  std::string footer = examples.size() == 1 ? "Example:" : "Examples:";
  for (const std::string& example : examples) footer += "\n  " + example;
  if (!examples.empty()) sub->footer(footer);
  return Command(sub, line_);
}

void Command::Positional(const std::string& name, std::string* value, const std::string& help) {
  app_->add_option(name, *value, help)->required()->type_name("");
}

void Command::OptionalPositional(const std::string& name, std::string* value, const std::string& help) {
  app_->add_option(name, *value, help)->type_name("");
}

void Command::Positionals(const std::string& name, std::vector<std::string>* values, const std::string& help) {
  app_->add_option(name, *values, help)->type_name("");
}

void Command::Option(const std::string& name, const std::string& unit, std::string* value, const std::string& help) {
  app_->add_option("--" + name, *value, help)->type_name(unit);
}

void Command::RequiredOption(const std::string& name, const std::string& unit, std::string* value,
                             const std::string& help) {
  app_->add_option("--" + name, *value, help)->required()->type_name(unit);
}

void Command::RepeatedOption(const std::string& name, const std::string& unit, std::vector<std::string>* values,
                             const std::string& help) {
  // One value each time, so that a positional argument behind it is not taken for another value.
  app_->add_option("--" + name, *values, help + "; may be repeated")->type_name(unit)->expected(1)->take_all();
}

void Command::NumberOption(const std::string& name, const std::string& unit, int64_t* value, int64_t least,
                           int64_t most, const std::string& help) {
  app_->add_option("--" + name, *value, help)->type_name(unit)->check(CLI::Range(least, most).description(""));
}

void Command::Flag(const std::string& name, bool* value, const std::string& help) {
  app_->add_flag("--" + name, *value, help);
}

void Command::Does(std::function<absl::Status()> action) {
  app_->callback([line = line_, action = std::move(action)] { line->chosen_ = action; });
}

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>("Doorstep: visits, what came of them, and how the accounts are doing.",
                                      "doorstep")) {
  app_->require_subcommand(1);
  app_->set_version_flag("--version", "doorstep " DOORSTEP_VERSION, "The version of this program");
  app_->get_formatter()->column_width(kHelpColumn);
  app_->footer(
      "First: doorstep connect FILE, with the file admin.connect that doorstepd wrote\n"
      "       on its first start.\n"
      "Then:  doorstep import accounts.csv visits.csv --dry-run;\n"
      "       doorstep account list; doorstep why ID\n"
      "Every command takes --help and --json, and --profile NAME when it asks a server.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage.");
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return Command(app_.get(), this); }

std::vector<CompletionEntry> CommandLine::CompletionEntries() const {
  std::vector<CompletionEntry> entries;
  Collect(*app_, "", &entries);
  return entries;
}

int CommandLine::Run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(WrapHelp(app_->help(), TerminalWidth(STDOUT_FILENO), kHelpColumn).c_str(), stdout);
    return kExitDone;
  } catch (const CLI::Success& asked) {  // For the version.
    return app_->exit(asked);
  } catch (const CLI::ParseError& error) {
    if (argc == 1) std::fputs(app_->help().c_str(), stderr);
    return ReportError(ExplainUsage(*app_, error));
  }
  absl::Status status = chosen_();
  if (status.ok() && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
    status = WithTry(absl::DataLossError("the output could not be written"), "another place for it; is the disk full?");
  }
  return ReportError(status);
}

}  // namespace doorstep::cli
