import { hasConverged, type LeastSquaresFit } from "./leastSquares.ts";

/** Says in a sentence why a fit is no minimum; undefined where it converged. @param what  the name of what was fitted. */
export function whyNotConverged(
  what: string,
  ended: Pick<LeastSquaresFit, "stopped" | "iterations">,
): string | undefined {
  if (hasConverged(ended)) return undefined;
  const { stopped, iterations } = ended;
  if (stopped === "iterations")
    return `the fit of ${what} stopped after ${iterations} steps without converging`;
  if (stopped === "singular") return `the data do not determine every parameter of ${what}`;
  return `the fit of ${what} could not start: its data are not finite numbers`;
}
