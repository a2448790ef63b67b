import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeFault } from "../cli/nodeVersion.ts";

describe("a Node that cannot run mho", () => {
  it.each(["16.20.2", "18.20.8", "20.18.3", "21.7.3", "22.1.0"])(
    "is named, with the one that can: %s",
    (version) => {
      const fault = nodeFault(version);
      expect(fault).toMatchObject({ code: "bad-argument", facts: { node: version } });
      expect(fault!.message).toContain(
        `needs Node 20.19 or newer (of Node 22: 22.2 or newer), and this is Node ${version}.`,
      );
    },
  );

  it.each(["20.19.0", "20.20.2", "22.2.0", "23.0.0", "24.4.1", "26.0.0", process.versions.node])(
    "is not %s",
    (version) => {
      expect(nodeFault(version)).toBeUndefined();
    },
  );

  it("is what npm warns of", () => {
    const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
    expect(engines.node).toBe("^20.19 || >=22.2");
  });
});
