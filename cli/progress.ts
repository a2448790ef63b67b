import { systemClock } from "../drivers/systemClock.ts";
import { counted } from "../src/counted.ts";
import type { PauseEvent, ProgramEvent } from "../src/run/events.ts";
import { formatDuration, type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import type { Output } from "./output.ts";

export interface ProgressOptions {
  readonly now?: () => Microseconds;
  /** Whether a chip is left to go on with when the run was not finished. */
  readonly chipStays?: boolean;
}

/** Tells people how far a run has come. */
export function progressOf(
  name: string,
  output: Pick<Output, "say" | "progress">,
  { now = () => systemClock.nowMicroseconds(), chipStays = true }: ProgressOptions = {},
): (event: ProgramEvent | PauseEvent) => void {
  const startedAt = now();
  const secondsSince = (time: Microseconds): Seconds => (now() - time) / microsecondsPerSecond;
  /** Where the rate is counted from. What was in place before a run was resumed was not done in this time. */
  let from: { settled: number; at: Microseconds } | undefined = { settled: 0, at: startedAt };
  let lastTenth = 0;
  let lastLogged = 0;
  const turn = (event: Extract<ProgramEvent, { type: "turn" }>): void => {
    const seconds = secondsSince(startedAt);
    const settled = event.devices_done + event.inside;
    from ??= { settled, at: now() };
    const rate = (settled - from.settled) / Math.max(secondsSince(from.at), 0.001);
    const forms = describeTurn(name, event, rate);
    // A log gets a line every tenth of the way, and one every ten seconds.
    const tenth = Math.floor((10 * settled) / event.devices);
    const due = tenth > lastTenth || seconds - lastLogged >= secondsBetweenLines;
    output.progress(forms, due ? forms[0] : undefined);
    if (!due) return;
    lastLogged = seconds;
    lastTenth = Math.max(tenth, lastTenth);
  };
  return (event) => {
    switch (event.type) {
      case "started":
        if (event.resumed) from = undefined;
        output.say(`${name}: run ${event.run}, ${counted(event.devices, "device")}`);
        return;
      case "turn":
        turn(event);
        return;
      case "uncertain":
        output.say(
          `${name}: whether the pulses of tile ${event.tile}, turn ${event.turn} fired is unknown; reading on`,
        );
        return;
      case "sweep":
        output.progress(`${name}: reading tile ${event.tile} at ${formatDuration(event.time_seconds)}`);
        return;
      case "paused":
        output.say(`${name}: run ${event.run} is paused from the live page; the chip is in standby`);
        return;
      case "unpaused":
        output.say(`${name}: run ${event.run} goes on`);
        return;
      case "ended": {
        const safe = event.standby ? "; the chip is in standby" : "";
        const goesOn =
          chipStays && event.outcome !== "done" ? `; mho resume ${event.run} goes on with it` : "";
        output.say(
          `${name}: run ${event.run} ${event.outcome} after ${secondsSince(startedAt).toFixed(1)} s${safe}${goesOn}`,
        );
      }
    }
  };
}

const secondsBetweenLines = 10;

/** The whole line, and ever shorter ones for a narrow terminal: rate and time left are kept to the last. */
function describeTurn(
  name: string,
  { devices_done: devicesDone, accepted, inside, devices, pulses }: Extract<ProgramEvent, { type: "turn" }>,
  devicesPerSecond: number,
): string[] {
  const settled = devicesDone + inside;
  const percent = `${((100 * settled) / devices).toFixed(0).padStart(3)} %`;
  const inPlace = `${settled.toLocaleString("en")} of ${counted(devices, "device")} in place`;
  const fired = settled === 0 ? counted(pulses, "pulse") : `${(pulses / settled).toFixed(1)} pulses each`;
  const good =
    devicesDone > 0 && accepted > 0
      ? `yield ${((100 * Math.min(accepted, devicesDone)) / devicesDone).toFixed(1)} %`
      : "";
  const known = devicesPerSecond > 0;
  const rate = known ? `${Math.round(devicesPerSecond).toLocaleString("en")} devices/s` : "";
  const left = known ? formatLeft((devices - settled) / devicesPerSecond) : "";
  return [
    [`${name}: ${percent}`, inPlace, fired, good, rate, left],
    [percent, inPlace, fired, good, rate, left],
    [percent, fired, good, rate, left],
    [percent, fired, rate, left],
  ].map((parts) => parts.filter((part) => part !== "").join("  "));
}

function formatLeft(seconds: Seconds): string {
  return seconds < 1 ? "" : `${formatDuration(Math.round(seconds))} left`;
}
