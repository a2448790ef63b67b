import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { spawn } from "@lydell/node-pty";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripts } from "../../cli/completion.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

const built = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

function has(shell: string): boolean {
  try {
    execFileSync(shell, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** How a user installs each script, and starts the shell. */
const shells = {
  bash: {
    files: (home: string) => ({
      [join(home, ".bashrc")]: `PS1='ready> '\nbind 'set bell-style none'\n${scripts.bash}`,
    }),
    args: (home: string) => ["--rcfile", join(home, ".bashrc"), "-i"],
    tabs: "\t\t",
  },
  zsh: {
    files: (home: string) => ({
      [join(home, "functions", "_mho")]: scripts.zsh,
      [join(home, ".zshrc")]:
        "unsetopt PROMPT_SP BEEP\nfpath=($HOME/functions $fpath)\nautoload -Uz compinit && compinit -u -D\nPS1='ready> '\n",
    }),
    args: () => ["-i"],
    tabs: "\t",
  },
  fish: {
    files: (home: string) => ({
      [join(home, ".config", "fish", "completions", "mho.fish")]: scripts.fish,
      [join(home, ".config", "fish", "config.fish")]:
        "set fish_greeting\nfunction fish_prompt; printf 'ready> '; end\n",
    }),
    args: () => ["-i"],
    tabs: "\t",
  },
} as const;

/** A shell in a terminal, with `mho` on its path and one file beside it. */
function open(shell: keyof typeof shells) {
  const home = emptyFolder();
  const bin = join(home, "bin");
  const { files, args, tabs } = shells[shell];
  const all = {
    ...files(home),
    [join(bin, "mho")]: `#!/bin/sh\nexec '${process.execPath}' '${built}' "$@"\n`,
    [join(home, "weights.npy")]: "",
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
  chmodSync(join(bin, "mho"), 0o755);
  const terminal = spawn(shell, args(home), {
    cols: 120,
    rows: 60,
    cwd: home,
    env: {
      PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
      HOME: home,
      ZDOTDIR: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      TERM: "xterm",
      LANG: "C.UTF-8",
    },
  });
  onTestFinished(() => terminal.kill("SIGKILL"));
  let shown = "";
  terminal.onData((text) => (shown += text));
  // Without what moves the cursor and colours.
  const said = (): string => stripVTControlCharacters(shown).replace(/[\b\r]/g, "");
  const shows = (what: RegExp) => expect.poll(said).toMatch(what);
  return {
    shows,
    /** Types some words and the key that completes them. */
    type: (words: string): void => {
      shown = "";
      terminal.write(`${words}${tabs}`);
    },
  };
}

/** Each in a new shell: the first completion of all counts, and a script that is loaded by it has to answer it, too. */
const cases = [
  ["commands", "mho stand", /standby/],
  ["several commands", "mho check", /check-chip/],
  ["flags", "mho program --dry", /--dry-run/],
  ["methods", "mho program --method ", /converge.*verify/s],
  ["files where no word fits", "mho optimize wei", /weights\.npy/],
] as const;

describe.skipIf(process.platform === "win32").each(["bash", "zsh", "fish"] as const)(
  "completion in %s, as a user types it",
  (shell) => {
    it.skipIf(!has(shell)).each(cases)("finds %s: %s", async (_, words, what) => {
      const { type, shows } = open(shell);
      await shows(/ready> /);
      type(words);
      await shows(what);
    });
  },
);
