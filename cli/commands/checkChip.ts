import type { DevicePlace, Finding } from "../../lab/checkChip/findings.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { benchCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const checkChip = () =>
  benchCommand(
    "check-chip",
    "tries a new board without harm, or reads a chip's description, and says what to mend",
    "mho check-chip serial:/dev/ttyACM0 --device 0:3:5",
    "mho check-chip chips/mine.json",
  )
    .argument("<file or address>", "a chip's description, or where a board is")
    .option(
      "--device <tile:row:device>",
      "a device that may be pulsed, to find the order of devices (default: none)",
      placeOf("--device"),
    )
    .option(
      "--sacrifice <tile:row:device>",
      "a device that is given up: an amplitude above the limit is tried on it (default: none)",
      placeOf("--sacrifice"),
    )
    .option("--no-watchdog", "do not wait for the board's watchdog")
    .action((what, flags) =>
      act("check-chip", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { kind, name, serialNumber, sound, findings } = await bench.checkChip(what, {
            pulseDevice: flags.device,
            sacrifice: flags.sacrifice,
            watchdog: flags.watchdog,
            onFinding: (finding) => output.say(lineOf(finding)),
          });
          const faults = findings.filter(({ verdict }) => verdict === "fault");
          const steps = [...new Set(faults.map(({ step }) => step))].join(", ");
          const mend = `${faults.length === 1 ? "1 fault has" : `${counted(faults.length, "fault")} have`} to be mended: ${steps}.`;
          output.say(sound ? `${what}: nothing has to be mended.` : `${what}: ${mend}`);
          output.result({
            checked: kind,
            chip: name ?? null,
            serial_number: serialNumber ?? null,
            sound,
            findings: findings.map((finding) => ({ ...finding })),
          });
          if (!sound) process.exitCode = 1;
        }),
      ),
    );

const marks = { good: "ok", fault: "FAULT", note: "note", "not tried": "-" } as const;

function lineOf({ step, verdict, text }: Finding): string {
  return `${step.padEnd(12)}${marks[verdict].padEnd(6)} ${text}`;
}

function placeOf(flag: string): (text: string) => DevicePlace {
  return (text) => {
    const match = /^(\d{1,5}):(\d{1,5}):(\d{1,5})$/.exec(text);
    if (match === null) {
      throw new MhoError(
        "bad-argument",
        `${flag} ${text}: give tile, row and device of the row, such as 0:3:5.`,
      );
    }
    return { tile: Number(match[1]), row: Number(match[2]), device: Number(match[3]) };
  };
}
