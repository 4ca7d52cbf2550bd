/** Completion scripts for the shells. Each finds by the words before the cursor which command is meant, and offers what it takes. */
import type { CommandWords, OptionWords } from "./words.js";

/** From the words of all commands to a script. */
export type Script = (commands: readonly CommandWords[]) => string;

export const SHELLS = { bash, zsh, fish } as const satisfies Record<string, Script>;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Such as /models/pull; empty for `tessera` itself. */
const pathOf = ({ path }: CommandWords): string => path.map((word) => `/${word}`).join("");

const namesOf = ({ commands }: CommandWords): readonly string[] => commands.map(({ name }) => name);

const flagsOf = (options: readonly OptionWords[]): readonly string[] => options.flatMap(({ flags }) => flags);

/** Options of all commands that are followed by one of some words. An option means the same wherever it stands. */
function choices(commands: readonly CommandWords[]): ReadonlyMap<string, readonly string[]> {
  const options = commands.flatMap((command) => command.options);
  return new Map(
    options.flatMap(({ flags, value }) => (isChoice(value) ? flags.map((flag) => [flag, value] as const) : [])),
  );
}

/** Options that are followed by a text of the user's. */
const free = (commands: readonly CommandWords[]): readonly string[] => [
  ...new Set(flagsOf(commands.flatMap(({ options }) => options.filter(({ value }) => value === "any")))),
];

const isChoice = (value: OptionWords["value"]): value is readonly string[] => typeof value !== "string";

/** Lines of bash and zsh that find the command; `typed` are the words between the program and the cursor. */
const finding = (commands: readonly CommandWords[], typed: string): string => `for word in ${typed}; do
    case "$at/$word" in
      ${commands.slice(1).map(pathOf).join("|")}) at="$at/$word" ;;
    esac
  done`;

function bash(commands: readonly CommandWords[]): string {
  const values = [...choices(commands)].map(([flag, words]) => `    ${flag}) words=${quoted(words.join(" "))} ;;`);
  const rows = commands.map((command) => {
    const [names, flags] = [namesOf(command), flagsOf(command.options)];
    return `    ${quoted(pathOf(command))}) commands=${quoted(names.join(" "))} options=${quoted(flags.join(" "))} ;;`;
  });
  return `# Completion of tessera for bash: eval "$(tessera completion bash)"
_tessera() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" at="" commands="" options="" words word
  ${finding(commands, '"${COMP_WORDS[@]:1:COMP_CWORD - 1}"')}
  case "$at" in
${rows.join("\n")}
  esac
  if [[ "$current" == -* ]]; then words="$options"; else words="$commands"; fi
  case "$before" in
${values.join("\n")}
    ${free(commands).join("|")}) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tessera tessera
`;
}

function zsh(commands: readonly CommandWords[]): string {
  const described = (name: string, about: string) => quoted(`${name.replaceAll(":", "\\:")}:${about}`);
  const values = [...choices(commands)].map(
    ([flag, words]) => `    ${flag}) compadd -- ${words.map(quoted).join(" ")}; return ;;`,
  );
  const rows = commands.map((command) => {
    const names = command.commands.map(({ name, about }) => described(name, about));
    const flags = command.options.flatMap(({ flags, about }) => flags.map((flag) => described(flag, about)));
    return `    ${quoted(pathOf(command))}) commands=(${names.join(" ")}) options=(${flags.join(" ")}) ;;`;
  });
  return `#compdef tessera
# Completion of tessera for zsh: eval "$(tessera completion zsh)"
_tessera() {
  local at="" word
  local -a commands options
  ${finding(commands, '"${(@)words[2,CURRENT-1]}"')}
  case "\${words[CURRENT-1]}" in
${values.join("\n")}
    ${free(commands).join("|")}) _files; return ;;
  esac
  case "$at" in
${rows.join("\n")}
  esac
  if [[ "$PREFIX" == -* ]]; then _describe -o option options
  elif (( $#commands )); then _describe command commands
  else _files
  fi
}
compdef _tessera tessera
`;
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap((command) => {
    const at = `-n ${quoted(`test (__tessera_at) = '${pathOf(command)}'`)}`;
    const subcommands = command.commands.map(({ name, about }) => `${at} -f -a ${name} -d ${quoted(about)}`);
    const options = command.options.map(({ flags, about, value }) => {
      const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const takes = value === "none" ? "" : isChoice(value) ? ` -x -a ${quoted(value.join(" "))}` : " -r";
      return `${at} ${names.join(" ")}${takes} -d ${quoted(about)}`;
    });
    return [...subcommands, ...options];
  });
  return `# Completion of tessera for fish: tessera completion fish | source
function __tessera_at
  set -l at ""
  for word in (commandline -opc)[2..]
    switch "$at/$word"
      case ${commands.slice(1).map(pathOf).join(" ")}
        set at "$at/$word"
    end
  end
  echo "$at"
end
${lines.map((line) => `complete -c tessera ${line}`).join("\n")}
`;
}
