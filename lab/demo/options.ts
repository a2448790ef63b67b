import type { NetworkChoice } from "../trainedNetwork.ts";
import type { WorkplaceOptions } from "../workplace.ts";

export interface DemoOptions extends WorkplaceOptions, NetworkChoice {
  readonly seed: number;
  /** So many emulated chips, which gives the spread (2); one where the chip is the user's own. */
  readonly repeats?: number | undefined;
  /** Chips that are drawn from the models to predict how the network will do (19); 0 for no prediction. */
  readonly draws?: number | undefined;
  /** Where the report goes. */
  readonly out: string;
}
