import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { after } from "../../drivers/systemClock.ts";
import { MhoError } from "../../src/errors.ts";
import { shellWord } from "../../src/shell.ts";
import { packageRoot } from "../packageRoot.ts";

export interface ChildEmulator {
  readonly address: string;
  readonly processId: number;
  close(): void;
}

const startDeadlineMilliseconds = 20_000;

/**
 * Starts `mho emulate` as a process of its own and resolves with the chip's address. It leaves the terminal's
 * process group, so that Ctrl-C reaches the controller alone, and ends when the controller does. Its line is loopback TCP,
 * which every system has, and which carries the same bytes in half the time of a pseudo-terminal.
 */
export async function startEmulator(preset: string, seed: number): Promise<ChildEmulator> {
  const main = fileURLToPath(new URL("dist/cli/main.js", packageRoot));
  const child = spawn(
    process.execPath,
    [main, "emulate", preset, "--tcp", "0", "--quiet", "--no-pace", "--boot", "1", "--seed", String(seed)],
    {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      detached: true,
    },
  );
  const lines = createInterface({ input: child.stdout! });
  const address = await new Promise<string>((resolve, reject) => {
    const failed = (reason: string): void =>
      reject(
        new MhoError(
          "port-failed",
          `The emulator did not start: ${reason}. Try mho emulate ${shellWord(preset)} by hand.`,
        ),
      );
    const cancel = after(startDeadlineMilliseconds, () => failed("it said nothing for 20 s"));
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code) => failed(`it ended with code ${code}`));
    lines.once("line", (line) => {
      cancel();
      resolve((JSON.parse(line) as { address: string }).address);
    });
  });
  child.removeAllListeners("exit");
  child.unref();
  child.channel?.unref();
  return {
    address,
    processId: child.pid!,
    close() {
      lines.close();
      if (child.connected) child.disconnect();
    },
  };
}
