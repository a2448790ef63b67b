import { refuseOutsideLimits } from "../drivers/limits.ts";
import { amplitudeIn, parseAmplitude } from "../src/chip/amplitude.ts";
import { amplitudePerCode, type ChipDescription } from "../src/chip/description.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { executeRun } from "../src/run/engine.ts";
import { usualPulsesPerDevice } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import { recall } from "../src/run/recall.ts";
import type { RunId } from "../src/run/store.ts";
import { byHand, firing, type PulseAtRequest, type PulseRequest } from "./handMethod.ts";
import { labelled } from "./labels.ts";
import { modelOfChip } from "./modelOfChip.ts";
import { refusePlace } from "./readOut.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Fires at some devices, as often as it was told. It is a run like any other: written down before it fires, within the limits of the
 * chip's description, and counted in each device's life.
 */
export async function pulse(place: Workplace, given: PulseRequest | PulseAtRequest): Promise<RunId> {
  const address = await place.chipNamed();
  const description = await place.describe(address);
  const request = "codes" in given ? given : requestAt(given, description);
  const { block, codes, count = 1, averages = 0 } = request;
  refuseCount("count", count, 1, mostPulses);
  refuseCount("averages", averages, 0, 0xffff);
  // Which conductance the pulse makes is not known beforehand: 0 marks the devices that it is for.
  const targetsMicrosiemens = Float32Array.from(codes, (code) => (code === 0 ? Number.NaN : 0));
  const title = count === 1 ? "a pulse by hand" : `${count} pulses by hand`;
  const targets = { title, tiles: [{ block, targetsMicrosiemens }] };
  checkPlan(targets, description, byHand);
  // The engine would refuse it as well, but only after a run was begun.
  const { widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 } = request;
  refuseOutsideLimits(description, block, { codes, widthNanoseconds, trailingNanoseconds, gateCode });
  const labels = labelled(place, given);
  const session = await place.session(address);
  return session.work(patience.programMilliseconds, async (context, identity) => {
    const { technology } = context.driver.description.pulses;
    const method = firing(request, technology.name);
    return executeRun(
      { ...context, methods: [method] },
      {
        ...targets,
        chipName: identity.name,
        chipSerialNumber: identity.serialNumber,
        chipAddress: address,
        method: method.name,
        model: await modelOfChip(context.driver.description),
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: Math.max(count, usualPulsesPerDevice),
        ...labels,
      },
    );
  });
}

/** More are a measurement: `mho measure` cycles devices and looks at them in between. */
const mostPulses = 10_000;

/** The same for a block of one row. Throws `bad-argument` for devices that the chip does not have, and an amplitude in another unit. */
function requestAt(
  { tile = 0, row, devices, amplitude, ...rest }: PulseAtRequest,
  { name, geometry, pulses }: ChipDescription,
): PulseRequest {
  if (!Array.isArray(devices) || devices.length === 0)
    throw new MhoError(
      "bad-argument",
      "No device is named. Give devices as a list of their numbers in the row.",
    );
  for (const device of devices) refusePlace(name, geometry, { tile, row, device });
  const { amplitudeUnit } = pulses.technology;
  const given = typeof amplitude === "string" ? parseAmplitude(amplitude) : amplitude;
  if (typeof given?.value !== "number" || typeof given.unit !== "string")
    throw new MhoError(
      "bad-argument",
      `The amplitude is ${JSON.stringify(amplitude)}: give a number with its unit, such as "310uA" or "1.9V".`,
    );
  const value = amplitudeIn(given, amplitudeUnit);
  if (value === undefined) {
    throw new MhoError(
      "bad-argument",
      `--amplitude ${given.value}${given.unit}: the ${pulses.technology.title} devices of ${name} are pulsed in ${amplitudeUnit}. ` +
        `Give the amplitude in ${amplitudeUnit}.`,
      { amplitude: given.value, unit: given.unit },
    );
  }
  const code = Math.round(value / amplitudePerCode(pulses));
  if (code < 1 || code > 0xffff) {
    throw new MhoError(
      "bad-argument",
      code < 1
        ? `--amplitude ${given.value}${given.unit} is less than one step of ${name}. Give at least ${amplitudePerCode(pulses)} ${amplitudeUnit}.`
        : `--amplitude ${given.value}${given.unit} is more than ${name} can be told. ` +
            `Give ${Number((0xffff * amplitudePerCode(pulses)).toPrecision(4))} ${amplitudeUnit} at most.`,
      { amplitude: given.value, unit: given.unit },
    );
  }
  const codes = new Uint16Array(devicesPerRow(geometry));
  for (const device of devices) codes[device] = code;
  return { ...rest, block: { tile, rowStart: row, rowCount: 1 }, codes };
}

function refuseCount(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new MhoError("bad-argument", `--${name} ${value}: give a whole number from ${least} to ${most}.`, {
    [name]: value,
  });
}

/** A device that was pulsed by hand. */
export interface PulsedByHand {
  readonly tile: number;
  readonly row: number;
  /** Number of the device in its row. */
  readonly device: number;
  /** Pulses that it was given, those that may not have fired with them. */
  readonly pulses: number;
  readonly uncertainPulses: number;
  /** µS; NaN where it was not read. */
  readonly beforeMicrosiemens: number;
  readonly afterMicrosiemens: number;
}

/** What the pulses of a run did to each of its devices. */
export async function pulsedBy(place: Workplace, run: RunId): Promise<readonly PulsedByHand[]> {
  const store = await place.existingStore();
  const [memory] = await recall(store, run);
  if (memory === undefined) return [];
  const before = new Map<number, number>();
  for await (const { devices, orders, conductanceMicrosiemens } of store.turns(run)) {
    devices.forEach((device, k) => {
      const fired = orders.some(({ codes }) => codes[k] !== 0);
      if (fired && !before.has(device)) before.set(device, conductanceMicrosiemens[k]!);
    });
  }
  const { block, devicesPerRow: perRow, pulses, uncertainPulses, lastReadMicrosiemens } = memory;
  return [...before].map(([device, beforeMicrosiemens]) => ({
    tile: block.tile,
    row: block.rowStart + Math.floor(device / perRow),
    device: device % perRow,
    pulses: pulses[device]!,
    uncertainPulses: uncertainPulses[device]!,
    beforeMicrosiemens,
    afterMicrosiemens: lastReadMicrosiemens[device]!,
  }));
}
