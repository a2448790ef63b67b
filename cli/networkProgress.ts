import type { BenchEvent, NetworkEvent } from "../lab/events.ts";
import { counted } from "../src/counted.ts";
import type { PauseEvent, ProgramEvent } from "../src/run/events.ts";
import type { RunId } from "../src/run/store.ts";
import type { Output } from "./output.ts";
import { progressOf, type ProgressOptions } from "./progress.ts";

type Turn = Extract<ProgramEvent, { type: "turn" }>;

/**
 * Tells people how far the work on a network over several chips has come: one line for the whole.
 *
 * @returns what hears the events that follow. @returns true for those that it has told of.
 */
export function networkProgress(
  name: string,
  { network, title, shares, resumed }: Extract<NetworkEvent, { type: "network_started" }>,
  output: Pick<Output, "say" | "progress">,
  options: ProgressOptions,
): (event: BenchEvent) => boolean {
  const devices = shares.reduce((sum, share) => sum + share.devices, 0);
  const whole = progressOf(name, output, { ...options, kind: "network" });
  const last = new Map<RunId, Turn>();
  const about = { title, method: "", chip: "", serial_number: "", firmware: "", boot: 0 };
  whole({ type: "started", run: network, ...about, devices, resumed, network: null });
  return (event) => {
    if (event.type === "started") {
      const { run, chip, serial_number: number } = event;
      output.say(`${name}: run ${run} on ${chip} number ${number}, ${counted(event.devices, "device")}`);
    } else if (event.type === "turn") {
      last.set(event.run, event);
      whole({ ...summed([...last.values()]), run: network, devices });
    } else if (event.type === "ended") {
      const safe = event.standby ? "; its chip is in standby" : "";
      output.say(`${name}: run ${event.run} ${event.outcome}${safe}`);
    } else if (event.type === "share_failed") {
      if (event.run !== null) last.delete(event.run);
      output.say(`${name}: ${failedShareText(event)}`);
    } else if (isOfRun(event)) whole(event);
    else {
      // What is not done ends the command with a message that says so.
      if (event.type === "network_ended" && event.outcome === "done")
        whole({ type: "ended", run: network, outcome: event.outcome, standby: false });
      return false;
    }
    return true;
  };
}

function isOfRun(event: BenchEvent): event is Extract<ProgramEvent | PauseEvent, { run: RunId }> {
  return ["uncertain", "next_look", "next_sweep", "rows_read", "sweep", "paused", "unpaused"].includes(
    event.type,
  );
}

/** Turns of several runs as one. */
function summed(turns: readonly Turn[]): Turn {
  const sum = (of: "devices" | "devices_done" | "accepted" | "inside" | "pulses"): number =>
    turns.reduce((all, turn) => all + turn[of], 0);
  return {
    ...turns.at(-1)!,
    devices: sum("devices"),
    devices_done: sum("devices_done"),
    accepted: sum("accepted"),
    inside: sum("inside"),
    pulses: sum("pulses"),
  };
}

/** What became of a share whose chip failed. */
export function failedShareText(event: Extract<BenchEvent, { type: "share_failed" }>): string {
  const next = event.spare === null ? "No spare is left." : `It begins anew on the spare ${event.spare}.`;
  return `share ${event.share}, at ${event.chip}, failed: ${event.message} ${next}`;
}
