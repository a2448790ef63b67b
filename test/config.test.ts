import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { allCommands } from "../cli/commands/all.ts";
import { candidates } from "../cli/completion.ts";
import { configSchema } from "../files/config.ts";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { writeRecords } from "./support/manyRecords.ts";

removeFoldersAfterEach();

let folder: string;
let workspace: string;
beforeEach(() => {
  folder = emptyFolder();
  workspace = join(folder, "w");
});

const config = {
  format: "mho-config",
  version: 1,
  operator: "Ada",
  chips: { left: "emulator:pcm-64?seed=5&births=sound", right: "emulator:pcm-64?seed=6&births=sound" },
  defaults: {
    chip: "left",
    tags: ["monday"],
    program: { method: "verify", sweep_times_seconds: [1, 60], pulses_per_device: 50 },
  },
};

function write(content: unknown, name = "mho.config.json"): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return file;
}

const target = {
  title: "four devices",
  valuesMicrosiemens: new Float32Array(256).fill(Number.NaN).fill(5, 0, 4),
};

describe("mho.config.json", () => {
  it("names chip, operator, tags and options where a call says nothing, and gives way where it does", async () => {
    write(config);
    const bench = await openBench({ workspace });
    try {
      const run = await bench.program(target);
      const { plan, labels } = await bench.run(run);
      expect(plan).toMatchObject({
        chipAddress: config.chips.left,
        method: "verify",
        sweepTimesSeconds: [1, 60],
        pulsesPerDevice: 50,
      });
      expect(labels).toMatchObject({ operator: "Ada", tags: ["monday"] });
      const given = { operator: "Ben", tags: ["x"], sweepTimesSeconds: [], pulsesPerDevice: 9 };
      const second = await bench.run(await bench.program(target, given));
      expect(second.plan).toMatchObject({ sweepTimesSeconds: [], pulsesPerDevice: 9 });
      expect(second.labels).toMatchObject({ operator: "Ben", tags: ["monday", "x"] });
      await expect(bench.watch(run, { chip: "middle" })).rejects.toThrow(
        /There is no chip middle: .*mho\.config\.json has left, right/,
      );
      await bench.note("left", "by its nickname", { wafer: "W1" });
      expect((await bench.run(run)).chipNotes).toMatchObject([{ by: "Ada", wafer: "W1" }]);
    } finally {
      await bench.close();
    }
    const { out } = await mho("standby", "--chip", "right", "--workspace", workspace);
    expect(out).toMatch(/EMU-6-sound is in standby/);
  });

  it("is another one, or none, where that is said", async () => {
    write(config);
    const other = write({ ...config, defaults: { chip: "right" } }, "other.json");
    const standby = async (given: string) => {
      const bench = await openBench({ workspace, config: given });
      return bench.standby().then(
        ({ serialNumber }) => serialNumber,
        (error: unknown) => String(error),
      );
    };
    expect(await standby(other)).toBe("EMU-6-sound");
    expect(await standby("none")).toMatch(/No chip was named.*defaults\.chip in mho\.config\.json/);
  });

  it.each([
    [{ ...config, operater: "Ada" }, /there is no key "operater" here \(line \d\d, column \d+\)/],
    [{ ...config, chips: { r1: "serial:x" } }, /chips.*r1.*\(line 6, column \d+\)/],
    [
      { ...config, chips: { left: "/dev/ttyACM0" } },
      /at chips\.left: give an address .*\(line 6, column 13\)/,
    ],
    [{ ...config, version: 2 }, /version is 2; this mho reads version 1/],
    ['{ "format": "mho-config", }', /line 1, column 25 has a comma before "}"/],
    [{ ...config, defaults: { watch: { until: "5M" } } }, /at defaults\.watch\.until: give a time/],
  ])("that cannot be used is named with the place: %j", async (content, message) => {
    const file = write(content);
    await expect(openBench({ workspace })).rejects.toThrow(message);
    const { code, err } = await mho("show", "--workspace", workspace);
    expect([code, err]).toEqual([2, expect.stringContaining(file)]);
    // A chip is made safe whatever a file says.
    const standby = await mho("standby", "--chip", "emulator:pcm-64?seed=5", "--workspace", workspace);
    expect([standby.code, standby.out]).toEqual([
      0,
      expect.stringMatching(/goes on without it[^]*is in standby/),
    ]);
  });

  it("is shown on its page as the schema has it", () => {
    const page = readFileSync(new URL("../docs/config.md", import.meta.url), "utf8");
    const shown = /```json\n([^]*?)```/.exec(page)![1]!;
    const { chips } = configSchema.parse(JSON.parse(shown));
    for (const address of Object.values(chips)) expect(parseAddress(address).text).toBe(address);
  });
});

describe("a shell completes", () => {
  const words = async (...typed: string[]) =>
    (await candidates(typed, allCommands())).map(({ word }) => word);

  it("commands, flags, choices of flags, runs and nicknames, and leaves files to the shell", async () => {
    write(config);
    const store = await openWorkspace(workspace);
    await writeRecords(store, 2);
    await store.close();
    expect(await words("un")).toEqual(["unpack"]);
    expect(await words("watch", "--per")).toEqual(["--per-decade"]);
    expect(await words("export", "r1", "--to", "p")).toEqual(["parquet"]);
    expect(await words("watch", "--workspace", workspace, "r")).toEqual(["r2", "r1"]);
    expect(await words("watch", "--json", "--workspace", workspace, "r1", "")).toEqual(["r2", "r1"]);
    expect(await words("trim", "--workspace", workspace, "--chip", "l")).toEqual(["left"]);
    expect(await words("note", "--workspace", workspace, "")).toEqual(["r2", "r1", "left", "right"]);
    expect(await words("program", "--workspace", workspace, "")).toEqual([]);
    expect(await words("watch", "--workspace", folder, "")).toEqual([]);
    expect(await words("nonsense", "")).toEqual([]);
    expect((await mho("completion", "words", "--", "watch", "--workspace", workspace, "")).out).toBe(
      "r2\trun 1\nr1\trun 0\n",
    );
  });

  it("by a script of its own, which a shell that is none does not have", async () => {
    for (const shell of ["bash", "zsh", "fish"])
      expect((await mho("completion", shell)).out).toContain("mho completion words -- ");
    expect((await mho("completion", "tcsh")).err).toMatch(/no completion for tcsh\. Give bash, zsh, fish\./);
  });
});
