import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Makes a process small that is in no hurry. V8 lets tens of megabytes of what is done with gather before it looks for them, rows
 * that were read from a store above all, and what was once taken from the system is hardly ever given back.
 *
 * @returns what whoever reads many rows calls now and then: it lets go of those that are done with, and lets others have a turn.
 */
export function keepSmall(): () => Promise<void> {
  // The room for what is young stays as it was at the start. Its greatest size can no longer be set, but its growth can.
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const taken = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  let left = taken();
  return async () => {
    if (taken() - left > mostGarbageBytes) {
      collect();
      left = taken();
    }
    await new Promise((next) => setImmediate(next));
  };
}

const mostGarbageBytes = 4e6;
