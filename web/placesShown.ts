/** How many devices are where they should be, and of how many; those that were given up are told apart. */
export function placesShown({ devices, done, judged, accepted }: Counts): {
  readonly percent: string;
  readonly of: string;
} {
  const givenUp = judged - accepted;
  const share = (100 * (done - givenUp)) / Math.max(1, devices);
  const all = `of ${devices.toLocaleString("en")} ${devices === 1 ? "device" : "devices"}`;
  return {
    // Rounded to 100 only where it is all of them.
    percent: `${done - givenUp < devices ? Math.min(99.9, share).toFixed(1) : "100.0"} %`,
    of: givenUp === 0 ? all : `${all}, ${givenUp.toLocaleString("en")} given up`,
  };
}

/** Of a run, a share or a network. */
type Counts = Readonly<Record<"devices" | "done" | "judged" | "accepted", number>>;
