import { EmulatedChip } from "../emulator/chip.ts";
import { findPreset } from "../emulator/presets.ts";
import { devicesOfTile } from "../src/chip/geometry.ts";

/** How fast chips come up, are read and are pulsed, on one core, physics included. */
const seconds = (work: () => void): number => {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
};
const megabytes = (): number => {
  const { rss } = process.memoryUsage();
  return rss / 1e6;
};

for (const name of [
  "pcm-64",
  "pcm-256",
  "rram-128",
  "ecram-64",
  ...(process.argv.includes("--all") ? ["pcm-64core"] : []),
]) {
  const preset = findPreset(name)!;
  const { tiles, rows } = preset.geometry;
  const devices = tiles * devicesOfTile(preset.geometry);
  const before = megabytes();
  let chip!: EmulatedChip;
  let time = 1_000_000;
  const codes = new Uint16Array(preset.geometry.columns * preset.geometry.devicesPerCell);
  const eachRow = (work: (tile: number, row: number) => void): void => {
    for (let tile = 0; tile < tiles; tile++) for (let row = 0; row < rows; row++) work(tile, row);
  };
  const born = seconds(() => {
    chip = new EmulatedChip(preset, 7);
    for (let tile = 0; tile < tiles; tile++) chip.readRow(tile, 0, 1, time, codes);
  });
  const grown = megabytes() - before;
  const pulse = {
    kind: "reset",
    codes: new Uint16Array(codes.length).fill(Math.round(preset.firmware.maxAmplitudeCode / 2)),
    widthNanoseconds: 100,
    trailingNanoseconds: 0,
    gateCode: 0,
  } as const;
  const pulsed = seconds(() => eachRow((tile, row) => chip.pulseRow(tile, row, pulse, (time += 100))));
  const read: number[] = [];
  for (let sweep = 0; sweep < (devices > 1e6 ? 1 : 5); sweep++) {
    read.push(seconds(() => eachRow((tile, row) => chip.readRow(tile, row, 1, (time += 100), codes))));
  }
  const burst = 16;
  const bursts = seconds(() => eachRow((tile, row) => chip.readRow(tile, row, burst, (time += 1000), codes)));
  const best = Math.min(...read);
  console.log(
    `${name}: ${devices} devices born in ${born.toFixed(2)} s and ${grown.toFixed(0)} MB; ` +
      `${(devices / pulsed / 1e6).toFixed(2)} M pulses/s, ${(devices / best / 1e6).toFixed(2)} M reads/s, ` +
      `${((burst * devices) / bursts / 1e6).toFixed(0)} M of them in bursts of ${burst}, ${megabytes().toFixed(0)} MB in all`,
  );
}
