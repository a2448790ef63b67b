import { describe, expect, it } from "vitest";
import { configSchema } from "../files/config.ts";
import { parseJson } from "../files/json.ts";

const said = (more: object): string => {
  const bytes = new TextEncoder().encode(JSON.stringify({ format: "mho-config", version: 1, ...more }));
  try {
    parseJson(bytes, "c.json", configSchema, "config");
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
};

describe("a value of a JSON file that is wrong", () => {
  it.each<[object, string]>([
    [{ operator: "" }, "at operator: it is empty ("],
    [{ operator: 3 }, "at operator: it is 3; give a text ("],
    [{ operator: "a".repeat(300) }, "at operator: it has 300 characters; give at most 200 characters ("],
    [{ chips: { r1: "serial:x" } }, "at chips.r1: a nickname has letters, digits and _ . -"],
    [{ chips: [] }, "at chips: it is a list; give an object ("],
    [{ chips: { left: "COM3" } }, "at chips.left: give an address such as serial:/dev/ttyACM0 ("],
    [{ defaults: { tags: "a" } }, 'at defaults.tags: it is "a"; give a list ('],
    [
      { defaults: { watch: { per_decade: 99 } } },
      "at defaults.watch.per_decade: it is 99; give at most 50 (",
    ],
    [{ defaults: { watch: { untill: "1d" } } }, 'at defaults.watch: there is no key "untill" here ('],
    [
      { defaults: { program: { pulses_per_device: 1.5 } } },
      "at defaults.program.pulses_per_device: it is 1.5; give a whole number (",
    ],
    [
      { defaults: { program: { pulses_per_device: 0 } } },
      "at defaults.program.pulses_per_device: it is 0; give more than 0 (",
    ],
  ])("is told plainly: %j", (more, words) => {
    expect(said(more)).toContain(`Cannot use c.json: ${words}`);
  });
});
