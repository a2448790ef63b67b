import type { EmulatedChip } from "../emulator/chip.ts";

/** What each device of a tile was born with: its conductance at the age of 20 s and its drift exponent, noise-free. */
export function truthOf(
  chip: EmulatedChip,
  tile: number,
  pulsedAtMicroseconds: Float64Array,
  at: number,
): { conductance: Float64Array; exponent: Float64Array } {
  const later = 1000;
  const now = chip.truthOfTile(tile, at);
  const then = chip.truthOfTile(tile, at + later * 1e6);
  const conductance = new Float64Array(now.length).fill(Number.NaN);
  const exponent = new Float64Array(now.length).fill(Number.NaN);
  for (let i = 0; i < now.length; i++) {
    const age = (at - pulsedAtMicroseconds[i]!) / 1e6;
    exponent[i] = Math.log(now[i]! / then[i]!) / Math.log((age + later + 1) / (age + 1));
    conductance[i] = now[i]! * Math.exp(exponent[i]! * Math.log((age + 1) / 21));
  }
  return { conductance, exponent };
}
