import type { ChipDriver } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";

/** The same driver, whose nth call of one kind loses the link. */
export function failingAt(driver: ChipDriver, call: keyof ChipDriver, nth: number): ChipDriver {
  let calls = 0;
  return new Proxy(driver, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (property === call && ++calls === nth)
          return Promise.reject(new MhoError("link-lost", `${call} failed`));
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
