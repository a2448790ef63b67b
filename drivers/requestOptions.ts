/** How a question is put to a chip; as usual where nothing is said. */
export interface RequestOptions {
  /** It does not wait for room among the requests in flight. */
  readonly urgent?: boolean;
  readonly attempts?: number;
  /** How long its answer may take beyond what is reckoned; `deadlines.ts` has the rule. */
  readonly marginMilliseconds?: number;
}

/** On a line that loses a quarter of all exchanges, one question in 65,000 goes unanswered. */
export const usualAttempts = 8;
