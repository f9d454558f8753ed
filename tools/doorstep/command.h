// The tree of commands, over CLI11. Only command.cc includes CLI11, whose headers cost seconds in every file.
//
// A command file declares its commands with values that live in a shared struct, which the action keeps alive:
//   auto args = std::make_shared<Args>();
//   Command show = account.Leaf("show", "One customer", {"doorstep account show A-17"});
//   show.Positional("ACCOUNT", &args->id, "The account's id");
//   show.Does([args, connection] { return Show(*args, *connection); });
#ifndef DOORSTEP_TOOLS_DOORSTEP_COMMAND_H_
#define DOORSTEP_TOOLS_DOORSTEP_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace doorstep::cli {

// What may be said to every command.
struct Globals {
  std::string profile;  // Empty: the environment or "default" decides.
  bool json = false;
};

class CommandLine;

// A handle; copies name the same command. Pointers passed in must live until the action has run.
class Command {
 public:
  // A command that only holds others.
  Command Group(const std::string& name, const std::string& summary);
  // A command that does something. `examples` are shown by --help.
  Command Leaf(const std::string& name, const std::string& summary, const std::vector<std::string>& examples);
  // One that asks no server, and so needs no profile.
  Command LeafHere(const std::string& name, const std::string& summary, const std::vector<std::string>& examples);

  void Positional(const std::string& name, std::string* value, const std::string& help);
  void OptionalPositional(const std::string& name, std::string* value, const std::string& help);
  void Positionals(const std::string& name, std::vector<std::string>* values, const std::string& help);
  // `name` without its dashes; `unit` is what stands for the value in --help: "ID", "TIME".
  void Option(const std::string& name, const std::string& unit, std::string* value, const std::string& help);
  void RequiredOption(const std::string& name, const std::string& unit, std::string* value, const std::string& help);
  void RepeatedOption(const std::string& name, const std::string& unit, std::vector<std::string>* values,
                      const std::string& help);
  void NumberOption(const std::string& name, const std::string& unit, int64_t* value, int64_t least, int64_t most,
                    const std::string& help);
  void Flag(const std::string& name, bool* value, const std::string& help);

  // What the command does, once its arguments are read.
  void Does(std::function<absl::Status()> action);

 private:
  friend class CommandLine;
  Command(CLI::App* app, CommandLine* line) : app_(app), line_(line) {}

  CLI::App* app_;
  CommandLine* line_;
};

// One command as shell completion sees it.
struct CompletionEntry {
  std::string path;                // "visit list"; empty: the program itself.
  std::vector<std::string> words;  // Subcommands and options.
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command root();
  const Globals& globals() const { return globals_; }
  std::vector<CompletionEntry> CompletionEntries() const;

  // Reads the arguments, runs the action they name, prints what went wrong. Returns the exit status.
  int Run(int argc, char** argv);

 private:
  friend class Command;

  Globals globals_;
  std::unique_ptr<CLI::App> app_;
  std::function<absl::Status()> chosen_;
};

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_COMMAND_H_
