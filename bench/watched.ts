import type { DriftData, DriftSweep } from "../calibration/driftData.ts";
import type { PacketFirmware } from "../emulator/packetFirmware.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { obeys, verdicts } from "../src/program/method.ts";

/** Reads a programmed tile at ages after its last pulse, the temperature with it, as the controller would. */
export function watchTile(
  firmware: PacketFirmware,
  memory: TileMemory,
  targetsMicrosiemens: Float32Array,
  endedAt: number,
  timesSeconds: readonly number[],
  averages = 16,
  outsideToo = false,
): DriftData {
  const { chip } = firmware;
  const { geometry, readout } = chip.preset;
  const perRow = chip.devicesPerRow;
  const codes = new Uint16Array(perRow);
  const sweeps = timesSeconds.map((time): DriftSweep => {
    const conductanceMicrosiemens = new Float32Array(geometry.rows * perRow);
    const rowTimesMicroseconds = new Float64Array(geometry.rows);
    for (let row = 0; row < geometry.rows; row++) {
      // A row takes its reads and its bytes on the line.
      const at = Math.round(endedAt + time * 1e6 + row * 2500);
      rowTimesMicroseconds[row] = at;
      chip.readRow(memory.block.tile, row, averages, at, codes);
      for (let k = 0; k < perRow; k++) {
        conductanceMicrosiemens[row * perRow + k] = codes[k]! * readout.microsiemensPerCode;
      }
    }
    return {
      conductanceMicrosiemens,
      flags: new Uint8Array(geometry.rows * perRow),
      rowTimesMicroseconds,
      averages,
      celsius: chip.isSensed ? chip.temperature(endedAt + time * 1e6) : undefined,
    };
  });
  return {
    devicesPerRow: perRow,
    targetsMicrosiemens,
    picked: true,
    usable: Uint8Array.from(memory.verdicts, (verdict) =>
      (outsideToo ? obeys(verdict) : verdict === verdicts.accepted || verdict === verdicts.unverified)
        ? 1
        : 0,
    ),
    pulsedAtMicroseconds: memory.pulsedAtMicroseconds,
    sweeps,
  };
}

/** Times evenly spaced on a logarithmic axis. */
export function logTimes(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => from * Math.exp((k / (count - 1)) * Math.log(to / from)));
}
