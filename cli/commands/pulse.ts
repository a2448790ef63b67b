import { Option } from "@commander-js/extra-typings";
import { type Amplitude, parseAmplitude } from "../../src/chip/amplitude.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { parseDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { benchCommand, devicesOf, whole } from "../flags.ts";
import { beginsRun, labelsOf } from "../labelFlags.ts";
import { withBench } from "../withBench.ts";

export const pulse = () =>
  beginsRun(
    benchCommand(
      "pulse",
      "fires pulses by hand, within the limits, and reads before and after",
      "mho pulse --chip emulator:pcm-64 --row 3 --device 5 --amplitude 310uA --width 100ns",
      "mho pulse --chip emulator:rram-128 --row 0 --device 0,1,2 --kind set --amplitude 1.9V --width 1us --count 5",
    ),
  )
    .option("--chip <address>", "which chip (default: MHO_CHIP)")
    .option("--tile <number>", "the tile (default: 0)", whole("--tile", 0))
    .addOption(new Option("--row <number>", "the row").argParser(whole("--row", 0)).makeOptionMandatory())
    .addOption(
      new Option("--device <list>", "devices of the row: column × devices a cell + device")
        .argParser(devicesOf)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--amplitude <value>", "a current or a voltage, such as 310uA or 1.9V")
        .argParser(amplitudeOf)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--width <time>", "how long, such as 100ns or 1us")
        .argParser(widthOf("--width"))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--kind <polarity>", "reset or set (default: reset)").choices(["reset", "set"] as const),
    )
    .option("--trailing <time>", "how long the amplitude takes to fall (default: 0)", widthOf("--trailing"))
    .option(
      "--gate <code>",
      "gate of the select transistors (default: 0, the usual voltage)",
      whole("--gate", 0, 65_535),
    )
    .option("--count <number>", "pulses for each device (default: 1)", whole("--count", 1, 10_000))
    .option(
      "--averages <number>",
      "reads that are averaged before and after (default: 4)",
      whole("--averages", 1, 65_535),
    )
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes")
    .action((flags) =>
      act("pulse", flags, (output) =>
        withBench(flags, output, { run: "pulse" }, async (bench) => {
          const {
            tile,
            row,
            device,
            amplitude,
            width,
            kind = "reset",
            trailing,
            gate,
            count,
            averages = 4,
          } = flags;
          const run = await bench.pulse({
            tile,
            row,
            devices: device,
            amplitude,
            kind,
            widthNanoseconds: width,
            trailingNanoseconds: trailing,
            gateCode: gate,
            count,
            averages,
            ...labelsOf(flags),
          });
          const pulsed = await bench.pulsed(run);
          for (const {
            tile: t,
            row: r,
            device: d,
            pulses,
            uncertainPulses,
            beforeMicrosiemens,
            afterMicrosiemens,
          } of pulsed) {
            const doubt = uncertainPulses === 0 ? "" : `, ${uncertainPulses} of them uncertain`;
            output.say(
              `tile ${t}, row ${r}, device ${d}: ${beforeMicrosiemens.toFixed(2)} → ${afterMicrosiemens.toFixed(2)} µS ` +
                `(${counted(pulses, "pulse")}${doubt})`,
            );
          }
          const named = new Set(pulsed.map(({ device: d }) => d));
          const left = device.filter((d) => !named.has(d));
          if (left.length > 0) {
            process.exitCode = 1;
            const which = left.length === 1 ? `Device ${left[0]} was` : `Devices ${left.join(", ")} were`;
            output.say(`${which} not pulsed: fewer pulses are left to it in its life than were asked for.`);
          }
          output.result({
            run,
            workspace: (await bench.store()).file,
            devices: pulsed.map((one) => ({
              tile: one.tile,
              row: one.row,
              device: one.device,
              pulses: one.pulses,
              uncertain_pulses: one.uncertainPulses,
              before_microsiemens: numberOf(one.beforeMicrosiemens),
              after_microsiemens: numberOf(one.afterMicrosiemens),
            })),
          });
        }),
      ),
    );

function numberOf(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function amplitudeOf(text: string): Amplitude {
  const amplitude = parseAmplitude(text);
  if (amplitude !== undefined) return amplitude;
  throw new MhoError(
    "bad-argument",
    `--amplitude ${text}: give a number with its unit, such as 310uA, 1.9V or 20nA.`,
  );
}

/** Whole nanoseconds of a time such as `100ns`; a bare number is refused, as elsewhere it would be seconds. */
function widthOf(flag: string): (text: string) => number {
  return (text) => {
    const given = /^(\d+(?:\.\d+)?)\s*ns$/.exec(text.trim());
    const seconds = /^\d+(\.\d+)?$/.test(text.trim()) ? undefined : parseDuration(text);
    const nanoseconds = given === null ? Math.round(1e9 * (seconds ?? Number.NaN)) : Number(given[1]);
    if (Number.isInteger(nanoseconds) && nanoseconds >= 0) return nanoseconds;
    throw new MhoError("bad-argument", `${flag} ${text}: give whole nanoseconds, such as 100ns or 1us.`);
  };
}
