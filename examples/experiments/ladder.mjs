// Fires RESET pulses of rising amplitude at one device and tells where its conductance begins to fall.
//
//   mho run examples/experiments/ladder.mjs --chip emulator:pcm-64
//   mho run examples/experiments/ladder.mjs --chip emulator:pcm-64 -- row=3 device=7 from=150 to=350 step=10
//
// Amplitudes are in µA, as PCM is pulsed. Every pulse is journalled, within the chip's limits, and counted in the device's life.

/** @param {import("mho").Bench} bench */
export async function run(bench, { args, say, signal }) {
  const given = Object.fromEntries(args.map((word) => word.split("=")));
  const number = (name, usual) => Number(given[name] ?? usual);
  const [row, device] = [number("row", 0), number("device", 0)];
  const steps = [];
  for (let amplitude = number("from", 100); amplitude <= number("to", 400); amplitude += number("step", 25)) {
    // Ctrl-C: the bench has put the chip in standby, and the loop ends here.
    if (signal.aborted) break;
    const run = await bench.pulse({
      row,
      devices: [device],
      amplitude: { value: amplitude, unit: "uA" },
      kind: "reset",
      widthNanoseconds: 100,
      averages: 16,
    });
    const [pulsed] = await bench.pulsed(run);
    const { beforeMicrosiemens: before, afterMicrosiemens: after } = pulsed;
    say(`${amplitude} µA: ${before.toFixed(2)} µS → ${after.toFixed(2)} µS`);
    steps.push({ amplitude_microamperes: amplitude, before_microsiemens: before, after_microsiemens: after });
  }
  const fell = steps.find(
    ({ before_microsiemens: before, after_microsiemens: after }) => after < 0.9 * before,
  );
  say(fell === undefined ? "It did not fall." : `It falls from ${fell.amplitude_microamperes} µA on.`);
  return { row, device, steps };
}
