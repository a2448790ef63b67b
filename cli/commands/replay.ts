import { act } from "../action.ts";
import { command } from "../flags.ts";

export const replay = () =>
  command(
    "replay",
    "runs a recorded transcript against today's code, and points at the first difference",
    "mho replay run.ndjson",
  )
    .argument("<transcript>", "a file written by --transcript")
    .action((path, flags) =>
      act("replay", flags, async (output) => {
        const { replay: examine } = await import("../../lab/replay/replay.ts");
        const { address, sent, received, findings, emulated } = await examine(path);
        output.say(`${address}: ${sent.messages.length} requests, ${received.messages.length} replies`);
        if (sent.damaged + received.damaged > 0) {
          output.say(`Damaged on the line: ${sent.damaged} to the chip, ${received.damaged} to the host`);
        }
        const [first] = findings;
        if (first === undefined) {
          const again = emulated === "same" ? ", and today's emulator answers the same bytes" : "";
          output.say(`Today's code understands all of it${again}.`);
        } else {
          output.say(`First difference after ${(first.microseconds / 1e6).toFixed(6)} s: ${first.what}`);
          process.exitCode = 1;
        }
        output.result({
          requests: sent.messages.length,
          replies: received.messages.length,
          damaged_frames: sent.damaged + received.damaged,
          emulator: emulated === undefined ? "not emulated" : emulated === "same" ? "same" : "different",
          differences: findings.length,
          first_difference: first ?? null,
        });
      }),
    );
