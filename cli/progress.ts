import { systemClock } from "../drivers/systemClock.ts";
import type { RunEvent } from "../src/run/engine.ts";
import { formatDuration, microsecondsPerSecond } from "../src/units.ts";
import type { Output } from "./output.ts";

/** Tells the events of a run: every one to machines, and to people how far it has come. */
export function progressOf(name: string, output: Output): (event: RunEvent) => void {
  const startedAt = systemClock.nowMicroseconds();
  let lastTenth = 0;
  let lastLogged = 0;
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
      const { devicesDone, accepted, inside, devices, pulses } = event;
      const settled = devicesDone + inside;
      const rate = settled / Math.max(seconds, 0.001);
      const text =
        `${name}: ${((100 * settled) / devices).toFixed(0).padStart(3)} %  ` +
        `${settled.toLocaleString("en")} of ${devices.toLocaleString("en")} devices in place  ` +
        `${settled === 0 ? `${pulses.toLocaleString("en")} pulses` : `${(pulses / settled).toFixed(1)} pulses each`}  ` +
        `${devicesDone > 0 && accepted > 0 ? `yield ${((100 * Math.min(accepted, devicesDone)) / devicesDone).toFixed(1)} %  ` : ""}` +
        `${Math.round(rate).toLocaleString("en")} devices/s  ` +
        `${settled === 0 ? "" : formatLeft((devices - settled) / rate)}`;
      // A log gets a line every tenth of the way, and one every ten seconds.
      const tenth = Math.floor((10 * settled) / devices);
      const due = tenth > lastTenth || seconds - lastLogged >= secondsBetweenLines;
      output.progress(text, due ? text : undefined);
      if (!due) return;
      lastLogged = seconds;
      lastTenth = Math.max(tenth, lastTenth);
    } else {
      const seconds = (systemClock.nowMicroseconds() - startedAt) / microsecondsPerSecond;
      const after =
        event.outcome === "done" ? "the chip is in standby" : `mho resume ${event.run} goes on with it`;
      output.say(`${name}: run ${event.run} ${event.outcome} after ${seconds.toFixed(1)} s; ${after}`);
    }
  };
}

const secondsBetweenLines = 10;

function formatLeft(seconds: number): string {
  return seconds < 1 ? "" : `${formatDuration(Math.round(seconds))} left`;
}
