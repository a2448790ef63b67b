import type { RunState } from "../liveState.ts";
import { element } from "./page.ts";

/** Asks whether a run is to be stopped. The key that closes a dialog, and its first button, keep it going. */
export function confirmStop({ run, phase, goesOnWith }: RunState): Promise<boolean> {
  const during =
    phase === "programming"
      ? "The turn under way is finished, and the chip goes into standby."
      : phase === "paused"
        ? "The chip is in standby, and stays so."
        : "No more of its reads are taken, and the chip goes into standby.";
  return confirmStopping(
    run,
    `${during} Nothing that was measured is lost. mho ${goesOnWith} ${run} goes on with it later.`,
  );
}

/** The same of a run or a network, with what stopping it means. */
export function confirmStopping(run: string, says: string): Promise<boolean> {
  const dialog = element<HTMLDialogElement>("confirm-stop");
  element("confirm-stop-title").textContent = `Stop ${run}?`;
  element("confirm-stop-says").textContent = says;
  element("confirm-stop-yes").textContent = `Stop ${run}`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "stop");
  });
}
