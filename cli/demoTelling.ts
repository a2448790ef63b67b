import { systemClock } from "../drivers/systemClock.ts";
import type { BenchEvent, StampedEvent } from "../lab/events.ts";
import { counted } from "../src/counted.ts";
import { type DoneWord, doneWordOf } from "../src/results/doneWord.ts";
import { formatDuration } from "../src/units.ts";
import { DemoPace } from "./demoPace.ts";
import type { Output } from "./output.ts";
import { tellEvents } from "./tellEvents.ts";

/**
 * Tells people a demo's story in a dozen lines, with the time left of the whole. What goes wrong, and waits on a chip that takes its
 * time, are told as in any other run.
 */
export function tellDemo(
  output: Output,
  { chipStays }: { readonly chipStays: boolean },
): (event: StampedEvent<{ type: string }>) => void {
  const others = tellEvents(output, { chipStays });
  const pace = new DemoPace(() => systemClock.nowMicroseconds());
  let doing = "";
  let word: DoneWord = "in place";
  const progress = (): void => output.progress(`   ${[doing, leftOf(pace)].filter(Boolean).join(", ")}`);
  const nowDoing = (what: string): void => {
    doing = what;
    progress();
  };
  /** Whether the event was told, or is none to tell here. */
  const tell = (event: BenchEvent): boolean => {
    pace.hear(event);
    const { type } = event;
    if (type === "chapter") {
      output.say([`${event.number}. ${event.title}`, leftOf(pace)].filter(Boolean).join("   "));
      nowDoing("calculating");
    } else if (type === "started") {
      word = doneWordOf(event.method);
      nowDoing(`programming ${counted(event.devices, "device")}`);
    } else if (type === "turn") {
      const inPlace = (event.devices_done + event.inside).toLocaleString("en");
      nowDoing(`programming, ${inPlace} of ${counted(event.devices, "device")} ${word}`);
    } else if (type === "watching") nowDoing(`reading ${event.runs.join(", ")}`);
    else if (type === "sweep") nowDoing(`reading ${event.run} at ${formatDuration(event.time_seconds)}`);
    else if (type === "corrected") output.say(`   ${correctedText(event.devices)}`);
    else if (type === "model_compared") modelLines(event).forEach((line) => output.say(`   ${line}`));
    else if (type === "ended" && event.outcome === "done") nowDoing("calculating");
    else return false;
    return true;
  };
  return (event) => {
    if (!tell(event as StampedEvent)) others(event);
  };
}

function correctedText(devices: readonly number[]): string {
  return devices.some((count) => count > 0)
    ? `Corrected ${devices.map((count) => counted(count, "device")).join(", then ")}.`
    : "No correction was worth its pulses.";
}

function leftOf(pace: DemoPace): string {
  const seconds = pace.secondsLeft();
  return seconds === undefined ? "" : `about ${formatDuration(tidy(seconds))} left`;
}

/** To 5 s, and beyond a minute to 15 s: it is a guess. */
function tidy(seconds: number): number {
  const step = seconds > 60 ? 15 : 5;
  return Math.max(step, step * Math.round(seconds / step));
}

/** Where the models differ most after a day, and whether the fit is believed. */
function modelLines(event: Extract<BenchEvent, { type: "model_compared" }>): string[] {
  const { conductance_microsiemens: conductances, models, believed, failed_checks: failed } = event;
  const [published, fitted] = models;
  const differences = conductances.map((_, k) =>
    Math.abs(published!.left_percent[k]! - fitted!.left_percent[k]!),
  );
  const k = differences.indexOf(Math.max(...differences));
  const told = (model: typeof published): string =>
    `${model!.left_percent[k]!.toFixed(1)} % ± ${((100 * model!.spread_microsiemens[k]!) / conductances[k]!).toFixed(0)} %`;
  return [
    `After a day ${conductances[k]} µS have come to ${told(fitted)}. ${published!.name} says ${told(published)}.`,
    believed ? "The fit passes every check." : `The fit is not to be believed: ${failed.join(", ")}.`,
  ];
}
