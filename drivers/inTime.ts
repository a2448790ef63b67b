import { after } from "./systemClock.ts";

/** The answer, or undefined when it has not come within so many milliseconds. */
export function inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T | undefined> {
  return Promise.race([
    answer,
    new Promise<undefined>((resolve) => {
      after(milliseconds, () => resolve(undefined));
    }),
  ]);
}
