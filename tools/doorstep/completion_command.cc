// doorstep completion: what a shell needs to complete commands and options.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/completion.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"

namespace doorstep::cli {

absl::StatusOr<std::string> CompletionScript(const std::string& shell, const std::vector<CompletionEntry>& entries) {
  // One function for both shells: the words that are commands so far, joined, name the case.
  std::string cases;
  for (const CompletionEntry& entry : entries) {
    absl::StrAppend(&cases, "    \"", entry.path, "\") echo \"", absl::StrJoin(entry.words, " "), "\" ;;\n");
  }
  const std::string words = absl::StrCat("_doorstep_words() {\n  case \"$1\" in\n", cases, "  esac\n}\n");
  if (shell == "bash") {
    return absl::StrCat("# doorstep completion bash > ~/.local/share/bash-completion/completions/doorstep\n", words,
                        "_doorstep() {\n"
                        "  local path=\"\" word current=\"${COMP_WORDS[COMP_CWORD]}\" i\n"
                        "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
                        "    word=\"${COMP_WORDS[i]}\"\n"
                        "    [[ $word == -* ]] && break\n"
                        "    [[ -n $(_doorstep_words \"${path:+$path }$word\") ]] && path=\"${path:+$path }$word\"\n"
                        "  done\n"
                        "  mapfile -t COMPREPLY < <(compgen -W \"$(_doorstep_words \"$path\")\" -- \"$current\")\n"
                        "}\n"
                        "complete -o default -F _doorstep doorstep");
  }
  if (shell == "zsh") {
    return absl::StrCat(
        "#compdef doorstep\n"
        "# doorstep completion zsh > a folder of $fpath, as _doorstep\n",
        words,
        "_doorstep() {\n"
        "  local path_so_far=\"\" word\n"
        "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
        "    [[ $word == -* ]] && break\n"
        "    [[ -n $(_doorstep_words \"${path_so_far:+$path_so_far }$word\") ]] && "
        "path_so_far=\"${path_so_far:+$path_so_far }$word\"\n"
        "  done\n"
        "  compadd -- ${=\"$(_doorstep_words \"$path_so_far\")\"}\n"
        "  _files\n"
        "}\n"
        "if [[ $funcstack[1] == _doorstep ]]; then\n"
        "  _doorstep\n"
        "else\n"
        "  compdef _doorstep doorstep\n"
        "fi");
  }
  return UsageError(absl::StrCat("no completion for \"", shell, "\": known are bash and zsh"),
                    "doorstep completion bash");
}

void RegisterCompletion(Command root, const Tools& tools) {
  auto shell = std::make_shared<std::string>();
  Command completion = root.LeafHere("completion", "Prints what a shell needs to complete commands and options",
                                     {"doorstep completion bash > ~/.local/share/bash-completion/completions/doorstep",
                                      "doorstep completion zsh > ~/.zsh/functions/_doorstep"});
  completion.Positional("SHELL", shell.get(), "bash or zsh");
  completion.Does([shell, tools] {
    const absl::StatusOr<std::string> script = CompletionScript(*shell, tools.line->CompletionEntries());
    if (script.ok()) Say(*script);
    return script.status();
  });
}

}  // namespace doorstep::cli
