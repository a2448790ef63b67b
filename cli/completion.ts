import type { Command } from "@commander-js/extra-typings";
import type { Candidate } from "../lab/completion.ts";
import { harmless } from "../src/harmless.ts";

/** What a shell may complete a word to, from the commands themselves: their names, flags, choices, runs and nicknames. */

/**
 * @param words  behind `mho`, up to the word that is completed, which may be empty.
 * @returns      what begins with that word; nothing where a file is wanted, which shells know.
 */
export async function candidates(
  words: readonly string[],
  commands: readonly Command[],
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const fitting = (all: readonly Candidate[]): Candidate[] =>
    all.filter(({ word }) => word.startsWith(typed));
  const first = commands.find((one) => one.name() === before[0]);
  // Of a command that has others, such as queue, the next word names one of those.
  if (first !== undefined && first.commands.length > 0)
    return candidates(words.slice(1), first.commands as readonly Command[]);
  const command = first;
  if (command === undefined)
    return before.length > 0
      ? []
      : fitting(commands.map((one) => ({ word: one.name(), about: one.description() })));
  const known = { workspace: valueOf(before, "--workspace"), config: valueOf(before, "--config") };
  const flag = command.options.find(({ long }) => long === before.at(-1));
  // A flag that takes no value is followed by anything.
  if (flag !== undefined && !flag.isBoolean()) {
    if (flag.argChoices !== undefined) return fitting(flag.argChoices.map((word) => ({ word, about: "" })));
    if (flag.long === "--chip") return fitting(await chipsOf(known));
    return flag.long === undefined ? [] : fitting(await namesFor(flag.long));
  }
  if (typed.startsWith("-")) {
    return fitting(
      command.options
        .filter(({ hidden }) => !hidden)
        .map(({ long, description }) => ({ word: long ?? "", about: description })),
    );
  }
  return fitting(await wordsFor(command, known));
}

/** Names that come with mho, by the flag that takes them; a flag that takes files too gets those where no name fits. */
async function namesFor(flag: string): Promise<Candidate[]> {
  if (flag === "--method") {
    const { builtInMethods } = await import("../src/program/methods.ts");
    const listed = builtInMethods.filter(({ unlisted }) => unlisted !== true);
    // Of one name there may be one for each technology.
    return [...new Map(listed.map(({ name, does }) => [name, { word: name, about: does }])).values()];
  }
  if (flag !== "--model") return [];
  const { builtInDefinitions } = await import("../src/model/builtIn.ts");
  return builtInDefinitions.map(({ name, source = "" }) => ({ word: name, about: source }));
}

interface Known {
  readonly workspace: string | undefined;
  readonly config: string | undefined;
}

/** What the arguments of a command may be, by what they are called. */
async function wordsFor(command: Command, { workspace, config }: Known): Promise<readonly Candidate[]> {
  const names = command.registeredArguments.map((argument) => argument.name());
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const found: Candidate[] = choices.map((word) => ({ word, about: "" }));
  const takesRun = names.some((name) => ["run", "what", "subject"].includes(name));
  if (takesRun) {
    const { runCandidates } = await import("../lab/completion.ts");
    found.push(...runCandidates(workspace));
  }
  if (names.includes("subject")) found.push(...(await chipsOf({ workspace, config })));
  return found;
}

async function chipsOf({ workspace, config }: Known): Promise<readonly Candidate[]> {
  const { chipCandidates } = await import("../lab/completion.ts");
  return chipCandidates(workspace, config);
}

function valueOf(words: readonly string[], flag: string): string | undefined {
  const at = words.lastIndexOf(flag);
  return at < 0 ? undefined : words[at + 1];
}

/** A line for each: the word, a tab, what it is. A shell gets no character that would mean something to it. */
export function linesOf(found: readonly Candidate[]): string {
  return found
    .filter(({ word }) => /^[\w@%+=:,./-]+$/.test(word))
    .map(({ word, about }) => `${word}\t${harmless(about, 80)}\n`)
    .join("");
}

export const shells = ["bash", "zsh", "fish"] as const;

/** What a shell's start-up file evaluates. Each asks `mho completion words` for every word, so it never grows old. */
export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `_mho() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(mho completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mho mho
`,
  // A file of fpath is run once, at the first completion: it has to answer that one, too.
  zsh: `#compdef mho
_mho() {
  local -a found
  local line word about
  for line in "\${(@f)$(mho completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    word="\${line%%$'\\t'*}" about="\${line#*$'\\t'}"
    [[ -n "$word" ]] && found+=("\${word//:/\\:}\${about:+:$about}")
  done
  if (( \${#found} )); then _describe mho found; else _files; fi
}
if [[ "\${funcstack[1]}" == _mho ]]; then _mho "$@"; else compdef _mho mho; fi
`,
  fish: `function __mho_words
  set -l words (commandline -opc)[2..-1]
  set -l token (commandline -ct)
  set -l found (mho completion words -- $words "$token" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$token"
  end
end
complete -c mho -f -a '(__mho_words)'
`,
};
