import { describe, expect, it } from "vitest";
import { withError } from "../src/withError.ts";

describe("a value with its error", () => {
  it.each([
    [0.12345, 0.0123, "0.123 ± 0.012"],
    [-0.0039123, 0.0042, "-0.0039 ± 0.0042"],
    [251.3456, 1.26, "251.3 ± 1.3"],
    [251.3456, 126, "251 ± 126"],
    [1.23e-7, 3.4e-8, "(1.23 ± 0.34)e-7"],
    [0, 3.4e-8, "(0.0 ± 3.4)e-8"],
    [1.5, 0, "1.5"],
    [1.5, Number.NaN, "1.5"],
  ])("%d with %d is %s", (value, error, text) => {
    expect(withError(value, error)).toBe(text);
  });
});
