// completion: scripts for the shells, made from the command line as it is declared.
#include <fmt/format.h>

#include <algorithm>

#include "commands/command.h"

namespace renvoi::app {
namespace {

struct Word {
  std::string text, about;
  std::string values{};  // of an option that takes one of a few, with spaces between
};

// CLI11 writes the values of an option as "TEXT:{one,other}".
std::string values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto from = type.find('{'), to = type.rfind('}');
  if (from == std::string::npos || to == std::string::npos || to < from) return "";
  std::string values = type.substr(from + 1, to - from - 1);
  std::replace(values.begin(), values.end(), ',', ' ');
  return values;
}

// What may follow `command`: its subcommands and its options. `--help` is one of the latter.
std::vector<Word> words_of(const CLI::App& command) {
  std::vector<Word> words;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back({sub->get_name(), sub->get_description()});
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames())
      words.push_back({"--" + name, option->get_description(), values_of(*option)});
  }
  return words;
}

struct Level {
  std::string path;  // "model add"; "" for the program itself
  std::vector<Word> words;
};

std::vector<Level> levels_of(const CLI::App& app) {
  std::vector<Level> levels{{"", words_of(app)}};
  const auto any = [](const CLI::App*) { return true; };
  for (const CLI::App* sub : app.get_subcommands(any)) {
    levels.push_back({sub->get_name(), words_of(*sub)});
    for (const CLI::App* inner : sub->get_subcommands(any))
      levels.push_back({sub->get_name() + " " + inner->get_name(), words_of(*inner)});
  }
  return levels;
}

std::string joined(const std::vector<Word>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

std::string quoted(std::string text) {  // for single quotes in every one of the shells
  std::replace(text.begin(), text.end(), '\'', '`');
  return "'" + text + "'";
}

std::string bash_script(const CLI::App& app) {
  std::string cases, values;
  for (const Level& level : levels_of(app)) {
    cases += fmt::format("    {}) words={} ;;\n", quoted(level.path), quoted(joined(level.words)));
    for (const Word& word : level.words) {
      if (!word.values.empty())
        values += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$2\")); return ;;\n",
                              quoted(level.path + " " + word.text), quoted(word.values));
    }
  }
  return "_renvoi() {\n"
         "  local word path='' words='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=\"${COMP_WORDS[i]}\"\n"
         "    case \"$path:$word\" in (:-*|model:-*|key:-*) ;; (:*) path=\"$word\" ;; (model:*|key:*) path=\"$path "
         "$word\" ;; esac\n"
         "  done\n"
         "  case \"$path $3\" in\n" +
         values +
         "  esac\n"
         "  case \"$path\" in\n" +
         cases +
         "  esac\n"
         "  if [[ \"$2\" != -* && -n \"$path\" && \"$path\" != model && \"$path\" != key ]]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$2\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$2\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _renvoi renvoi\n";
}

std::string zsh_script(const CLI::App& app) {
  return "#compdef renvoi\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(app);
}

std::string fish_script(const CLI::App& app) {
  std::string script;
  for (const Level& level : levels_of(app)) {
    const std::string condition = level.path.empty()
                                      ? "__fish_use_subcommand"
                                      : "__fish_seen_subcommand_from " + level.path.substr(level.path.rfind(' ') + 1);
    for (const Word& word : level.words) {
      std::string what = word.text.starts_with("--") ? "-l " + word.text.substr(2) : "-f -a " + word.text;
      if (!word.values.empty()) what += " -x -a " + quoted(word.values);
      script += fmt::format("complete -c renvoi -n {} {} -d {}\n", quoted(condition), what, quoted(word.about));
    }
  }
  return script;
}

}  // namespace

void declare_completion_command(CLI::App& app, Context& context) {
  CLI::App* completion = add_command(app, "completion", "Print a completion script for a shell",
                                     "  renvoi completion bash > ~/.local/share/bash-completion/completions/renvoi\n"
                                     "  renvoi completion fish > ~/.config/fish/completions/renvoi.fish\n");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&app, &context, shell] {
    context.run = [&app, &context, shell]() -> Result<void> {
      const std::string script = *shell == "bash"  ? bash_script(app)
                                 : *shell == "zsh" ? zsh_script(app)
                                                   : fish_script(app);
      fmt::print("{}", script);
      context.output.json = false;
      return {};
    };
  });
}

}  // namespace renvoi::app
