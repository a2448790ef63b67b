import { MhoError } from "../../src/errors.ts";

/** Whether an error is about one chip, its board or its line, so that another chip may do better. */
export function isOfChip(error: unknown): error is MhoError {
  if (!(error instanceof MhoError) || error.facts["calledOff"] === true) return false;
  switch (error.code) {
    case "wrong-chip":
    case "chip-refused":
    case "limit-exceeded":
    case "port-failed":
    case "link-lost":
    case "standby-failed":
    case "unknown-wear":
      return true;
    case "bad-argument":
    case "bad-file":
    case "output-failed":
    case "workspace-failed":
    case "interrupted":
      return false;
  }
}
