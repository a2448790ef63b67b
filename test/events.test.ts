import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { CommandEvent, StampedEvent } from "../lab/events.ts";
import type { Frozen, SchemaEvent } from "../lab/eventSchema.ts";
import { startMho } from "./support/commandLine.ts";
import { type EventLine, eventLines } from "./support/eventLines.ts";
import { inOneProcess } from "./support/inOneProcess.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

type Told = StampedEvent | StampedEvent<CommandEvent>;
type ByType<E extends { readonly type: string }> = { readonly [One in E as One["type"]]: Frozen<One> };

/** The compiler names the field by which an event and its schema differ. */
const asSchema = (told: Told): Frozen<SchemaEvent> => told;
const asTold = (event: Frozen<SchemaEvent>): Told => event;

/** True where two types are the same to the last field, also those that may be left out. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same: Same<ByType<Told>, ByType<SchemaEvent>> = true;

describe("events", () => {
  it("have the types of the schema, which the compiler checks", () => {
    expect([asSchema, asTold, same]).toHaveLength(3);
  });

  it("are checked by a schema that no command loads: it costs 50 ms", () => {
    const root = fileURLToPath(new URL("..", import.meta.url));
    const loading = ["cli", "lab", "web", "src"]
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
          join(folder, name),
        ),
      )
      .filter((file) => file.endsWith(".ts") && !/^lab\/(eventSchema|schemas\/)/.test(file))
      .filter((file) =>
        /import (?!type)[^;]*"[^"]*(eventSchema|schemas\/\w+)\.ts"/.test(
          readFileSync(join(root, file), "utf8"),
        ),
      );
    expect(loading).toEqual([]);
  });
});

describe("what test/support/commandLine.ts asks of every line", () => {
  const stamp = { time: "2026-01-01T00:00:01.000Z", version: 1 };
  const line = (fields: object): string =>
    `${JSON.stringify({ type: "paused", ...stamp, run: "r1", ...fields })}\n`;

  it("is that it is an event, with the next number, and not of an earlier time", () => {
    expect(eventLines(line({ seq: 0 }) + line({ seq: 1 }))).toHaveLength(2);
    expect(() => eventLines(line({ seq: 0, more: 1 }))).toThrow(/no event[^]*Unrecognized key: "more"/);
    expect(() => eventLines(line({ seq: 0, run: undefined }))).toThrow(/no event/);
    expect(() => eventLines(line({ seq: 0 }) + line({ seq: 2 }))).toThrow("Event 1 has the number 2.");
    const before = line({ seq: 1, time: "2026-01-01T00:00:00.000Z" });
    expect(() => eventLines(line({ seq: 0 }) + before)).toThrow("before the one above it");
  });
});

describe("every line that a command prints with --json is an event: its last one", () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const chip = "emulator:pcm-64?seed=5&births=sound";
  const said = new Map<string, EventLine[]>();

  const withJson = (args: readonly string[]): string[] => [...args, "--json", "--workspace", file("w")];
  const until = async (name: string, pattern: RegExp, ...args: string[]): Promise<void> => {
    const started = startMho(withJson(args));
    await started.line(pattern);
    started.process.kill("SIGTERM");
    said.set(name, eventLines((await started.ended()).out));
  };

  beforeAll(async () => {
    folder = emptyFolder();
    const weights = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 32 }, (__, j) => (((i * 32 + j) * 37) % 101) / 50 - 1).join(),
    );
    writeFileSync(file("w.csv"), weights.join("\n"));
    const strategy = file("s.json");
    const aims = ["--model", "pcm-90nm", "--scale", "full", "--significance", "2"];
    const commands = [
      ["optimize", "optimize", file("w.csv"), ...aims, "--out", strategy],
      ["program", "program", strategy, "--chip", chip, "--transcript", file("t.ndjson")],
      ["watch", "watch", "r1", "--until", "2h", "--per-decade", "2"],
      ["fit", "fit", "r1", "--out", file("m.json")],
      ["calibrate", "calibrate", "r1"],
      ["advise", "advise", "r1", "--times", "1h,1d"],
      ["trim --dry-run", "trim", "r1", "--dry-run"],
      ["trim, not believed", "trim", "r1", "--model", file("m.json")],
      ["trim", "trim", "r1", "--model", file("m.json"), "--believe"],
      ["resume", "resume", "r1"],
      ["program --dry-run", "program", strategy, "--chip", chip, "--dry-run"],
      ["show", "show"],
      ["note", "note", "r1", "as it came"],
      ["note CHIP", "note", "pcm-64", "--wafer", "W7"],
      ["tag", "tag", "r1", "ald"],
      ["show RUN", "show", "r1"],
      ["show STRATEGY", "show", strategy],
      ["report", "report", "r1", "--out", file("r.html")],
      ["export", "export", "r1", "--to", "csv", "--out", file("r1.csv")],
      ["replay", "replay", file("t.ndjson")],
      ["unwatched", "trim", "r2"],
      ["compare", "compare", "r1", "r2", "--out", file("c.html")],
      ["archive", "archive", "r2"],
      ["pack", "pack", "r1", "--out", file("p.mhopack")],
      ["unpack", "unpack", file("p.mhopack")],
      ["delete", "delete", "r2"],
      ["show MODEL", "show", "pcm-90nm"],
      ["export MODEL", "export", "pcm-90nm", "--to", "aihwkit", "--out", file("a.json")],
      ["ports", "ports", "/dev/null"],
      ["standby", "standby", "--chip", "emulator:pcm-64?seed=6&state=none"],
      ["bad usage", "program", "--nonsense"],
      ["bad file", "show", file("none.json")],
    ];
    const ended = await inOneProcess(commands.map(([, ...args]) => withJson(args)));
    ended.forEach(({ out }, k) => said.set(commands[k]![0]!, eventLines(out)));
    await until("emulate", /listening/, "emulate", "pcm-64", "--tcp", "0");
    await until("serve", /serving/, "serve", "--port", "0");
  });

  it.each([
    ["optimize", { type: "result", command: "optimize" }],
    ["program", { type: "result", command: "program", dry_run: false, outcome: "done" }],
    ["program --dry-run", { type: "result", command: "program", dry_run: true }],
    ["resume", { type: "result", command: "resume", run: "r1", outcome: "done" }],
    ["watch", { type: "result", command: "watch", runs: ["r1"] }],
    ["fit", { type: "result", command: "fit", model_before: "pcm-90nm" }],
    ["calibrate", { type: "result", command: "calibrate", measured_by: "products" }],
    ["advise", { type: "result", command: "advise", run: "r1" }],
    ["trim --dry-run", { type: "result", command: "trim", pulsed: false, run: null }],
    ["trim, not believed", { type: "error", code: "bad-argument" }],
    ["trim", { type: "result", command: "trim", corrects: "r1" }],
    ["report", { type: "result", command: "report" }],
    ["export", { type: "result", command: "export", to: "csv" }],
    ["export MODEL", { type: "result", command: "export", to: "aihwkit", version: 1 }],
    ["show", { type: "result", command: "show", what: "runs" }],
    ["note", { type: "result", command: "note", run: "r1", text: "as it came" }],
    ["note CHIP", { type: "result", command: "note", run: null, chip: "pcm-64", wafer: "W7" }],
    ["tag", { type: "result", command: "tag", run: "r1", tags: ["ald"] }],
    ["compare", { type: "result", command: "compare", runs: [{ run: "r1" }, { run: "r2" }] }],
    ["archive", { type: "result", command: "archive", runs: ["r2"], archived: true }],
    ["pack", { type: "result", command: "pack", runs: ["r1"], worn_by: ["r2"] }],
    ["unpack", { type: "result", command: "unpack", runs: [{ packed: "r1", run: "r1", state: "known" }] }],
    ["delete", { type: "result", command: "delete", runs: ["r2"] }],
    ["show RUN", { type: "result", command: "show", what: "run", run: "r1" }],
    ["show STRATEGY", { type: "result", command: "show", what: "strategy" }],
    ["show MODEL", { type: "result", command: "show", what: "model" }],
    ["ports", { type: "result", command: "ports" }],
    ["standby", { type: "result", command: "standby", standby: true }],
    ["emulate", { type: "listening", control: null }],
    ["serve", { type: "result", command: "serve" }],
    ["replay", { type: "result", command: "replay", differences: 0, first_difference: null }],
    ["bad usage", { type: "error", code: "bad-argument" }],
    ["bad file", { type: "error", code: "bad-file" }],
    ["unwatched", { type: "error", code: "bad-argument" }],
  ] as const)("%s", (name, last) => {
    expect(said.get(name)!.at(-1)).toMatchObject(last);
  });
});
