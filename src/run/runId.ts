/** `r1`, by the order in which runs were begun. */
export type RunId = string;
