// A programming method of one's own, compared with mho's verify on one row of a chip.
//
//   mho run examples/experiments/step-method.mjs --chip emulator:pcm-64
//
// The method fires RESET pulses whose amplitude rises by a fixed step until a device has fallen to its target. It decides for all
// devices of a tile at once and never acts: mho fires what it asks for within the chip's limits, reads, and journals both.
import { verdicts } from "mho";

const marginMicrosiemens = 0.75;

/** @type {import("mho").ProgrammingMethod} */
const stepping = {
  name: "stepping",
  does: "fires RESET pulses of rising amplitude until a device has fallen to its target",
  technologies: ["pcm"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: { pulses: 25, idlePulses: 30, turns: 70, most: 70 },
  begin: (task) => ({
    task,
    codes: new Uint16Array(task.targetsMicrosiemens.length).fill(Math.round(0.2 * task.maxCode)),
    step: Math.max(1, Math.round(0.012 * task.maxCode)),
    left: task.pulsesLeft.slice(),
    verdicts: Uint8Array.from(task.targetsMicrosiemens, (target) =>
      Number.isNaN(target) ? verdicts.leftAlone : verdicts.pending,
    ),
  }),
  next({ task, codes, step, left, verdicts: given }, seen) {
    const fired = new Uint16Array(codes.length);
    for (let i = 0; i < codes.length; i++) {
      if (given[i] !== verdicts.pending) continue;
      const above =
        seen === undefined ? Infinity : seen.conductanceMicrosiemens[i] - task.targetsMicrosiemens[i];
      if (Math.abs(above) <= marginMicrosiemens) given[i] = verdicts.accepted;
      // A rising ladder cannot bring back what has fallen too far.
      else if (above < 0 || codes[i] + step > task.maxCode) given[i] = verdicts.unreachable;
      else if (left[i] === 0) given[i] = verdicts.budgetSpent;
      else {
        codes[i] += step;
        fired[i] = codes[i];
        left[i]--;
      }
    }
    const { widthNanoseconds } = task.pulses.reset;
    const orders = fired.some((code) => code > 0)
      ? [{ kind: "reset", codes: fired, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 }]
      : [];
    const rows = new Uint8Array(task.rowCount).fill(1);
    const done = !given.includes(verdicts.pending);
    return {
      orders,
      verdicts: given,
      look: done ? { kind: "done" } : { kind: "read", averages: 4, rows, afterSeconds: 0 },
    };
  },
};

export const extensions = { methods: [stepping] };

/** @param {import("mho").Bench} bench */
export async function run(bench, { say }) {
  const valuesMicrosiemens = Float32Array.from({ length: 256 }, (_, device) => 2 + (device % 19));
  const compared = {};
  for (const method of [stepping.name, "verify"]) {
    const id = await bench.program(
      { title: `levels by ${method}`, valuesMicrosiemens },
      { method, pulsesPerDevice: 100 },
    );
    const { yieldPercent, overview } = await bench.result(id);
    const pulses = overview.pulses / overview.devices;
    say(`${method}: yield ${yieldPercent.toFixed(1)} %, ${pulses.toFixed(1)} pulses a device (${id})`);
    compared[method] = { run: id, yield_percent: yieldPercent, pulses_a_device: pulses };
  }
  return compared;
}
