import { counted } from "../src/counted.ts";
import type { DyingDevices, FitRecord } from "../src/model/definition.ts";
import { isBroken } from "../src/program/method.ts";
import type { Microsiemens } from "../src/units.ts";
import { type Died, findDied } from "./dying.ts";
import type { Gathered } from "./gather.ts";
import { countInterval } from "./countInterval.ts";

/** What a fit has of its devices without those that died while they were watched: no law is of dead devices. */
export interface Living {
  readonly gathered: Gathered;
  /** How devices die; undefined where none did. */
  readonly dying: DyingDevices | undefined;
  /** Devices that did not obey when they were programmed, and that died since. */
  readonly stuck: number;
  readonly died: number;
  /** Devices that were to be programmed. */
  readonly programmed: number;
}

/** @param most  the upper end of the range, µS. */
export function living(gathered: Gathered, most: Microsiemens): Living {
  const { parts } = gathered;
  const { died, count, law }: Died = findDied(
    parts.map(({ data }) => data),
    most,
  );
  let [stuck, programmed] = [0, 0];
  for (const { memory, data } of parts) {
    memory.verdicts.forEach((verdict, i) => {
      if (isBroken(verdict)) stuck++;
      if (isBroken(verdict) || data.usable[i] === 1) programmed++;
    });
  }
  const alive = parts.map((part, k) => ({
    ...part,
    data: { ...part.data, usable: part.data.usable.map((usable, i) => (died[k]![i] === 1 ? 0 : usable)) },
  }));
  return {
    gathered: count === 0 ? gathered : { ...gathered, parts: alive },
    dying: law,
    stuck,
    died: count,
    programmed,
  };
}

/** The record of a fit with what became of the devices that no law is of. */
export function withLost(record: FitRecord, { dying, stuck, died, programmed }: Living): FitRecord {
  if (stuck + died === 0) return record;
  const lost = [
    ...(stuck === 0 ? [] : [{ fate: "stuck", count: stuck }]),
    ...(died === 0 ? [] : [{ fate: "died", count: died }]),
  ];
  const devices = record.devices.flatMap(({ fate, count }) =>
    fate !== "not tried"
      ? [{ fate, count }]
      : count > stuck + died
        ? [{ fate, count: count - stuck - died }]
        : [],
  );
  return {
    ...record,
    devices: [...devices, ...lost],
    remarks: [...record.remarks, ...remarkOnStuck(stuck, programmed), ...remarkOnDied(died, dying)],
  };
}

function remarkOnStuck(stuck: number, programmed: number): string[] {
  if (stuck === 0) return [];
  const [fewest, most] = countInterval(stuck).map((n) => percent(n / programmed));
  return [
    `${counted(stuck, "device")} of ${programmed} did not obey when they were programmed, ${percent(stuck / programmed)} ` +
      `(${fewest} … ${most}): they are left out of the laws`,
  ];
}

function remarkOnDied(died: number, dying: DyingDevices | undefined): string[] {
  if (died === 0) return [];
  const what = `${counted(died, "device")} died while they were watched: they went to an end of the range and stayed there. `;
  if (dying === undefined) return [`${what}They are left out of the laws`];
  const { perDecade, perDecadeLow, perDecadeHigh } = dying;
  return [
    `${what}That is ${percent(perDecade)} of the devices in a decade of age (${percent(perDecadeLow)} … ${percent(perDecadeHigh)}). ` +
      "They are left out of the laws, and forecasts of errors are told with such deaths, too",
  ];
}

/** Small shares keep their digits. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
