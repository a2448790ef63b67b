import { systemClock } from "../drivers/systemClock.ts";
import type { RunEvent } from "../src/run/engine.ts";
import { formatDuration, microsecondsPerSecond } from "../src/units.ts";
import type { Output } from "./output.ts";

/** Tells the events of a run: every one to machines, and to people how far it has come. */
export function progressOf(name: string, output: Output): (event: RunEvent) => void {
  const startedAt = systemClock.nowMicroseconds();
  let lastTile = -1;
  return (event) => {
    output.event(event);
    if (event.type === "started") {
      output.say(`${name}: run ${event.run}, ${event.devices.toLocaleString("en")} devices`);
    } else if (event.type === "uncertain") {
      output.say(
        `${name}: whether the pulses of tile ${event.tile}, turn ${event.turn} fired is unknown; reading on`,
      );
    } else if (event.type === "sweep") {
      output.progress(`${name}: reading tile ${event.tile} at ${formatDuration(event.timeSeconds)}`);
    } else if (event.type === "turn") {
      const seconds = (systemClock.nowMicroseconds() - startedAt) / microsecondsPerSecond;
      const { devicesDone, accepted, devices, pulses, tile } = event;
      const settled = Math.max(devicesDone, accepted);
      const rate = settled / Math.max(seconds, 0.001);
      const text =
        `${name}: ${((100 * settled) / devices).toFixed(0).padStart(3)} %  ` +
        `${settled.toLocaleString("en")} of ${devices.toLocaleString("en")} devices in place  ` +
        `${(pulses / Math.max(1, settled)).toFixed(1)} pulses each  ` +
        `${devicesDone > 0 ? `yield ${((100 * Math.min(accepted, devicesDone)) / devicesDone).toFixed(1)} %  ` : ""}` +
        `${Math.round(rate).toLocaleString("en")} devices/s  ` +
        `${settled === 0 ? "" : formatLeft((devices - settled) / rate)}`;
      // A log gets a line a tile.
      output.progress(text, tile === lastTile ? undefined : text);
      lastTile = tile;
    } else {
      const seconds = (systemClock.nowMicroseconds() - startedAt) / microsecondsPerSecond;
      output.say(
        `${name}: run ${event.run} ${event.outcome} after ${seconds.toFixed(1)} s; the chip is in standby`,
      );
    }
  };
}

function formatLeft(seconds: number): string {
  return seconds < 1 ? "" : `${formatDuration(Math.round(seconds))} left`;
}
