import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { type ListedRun, parseFilter, passes } from "../src/results/runFilter.ts";
import { noLabels } from "../src/run/labels.ts";
import { checkWorkspace } from "../storage/checkWorkspace.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { identity, plan } from "./contracts/runStore.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { chip, writeRecords } from "./support/manyRecords.ts";

removeFoldersAfterEach();

const listed: ListedRun = {
  id: "r3",
  title: "trim of r1: digits",
  chipName: "pcm-64",
  chipSerialNumber: "S1",
  chipAddress: "emulator:pcm-64",
  method: "verify",
  modelName: "pcm-90nm",
  corrects: "r1",
  startedAt: "2026-01-02T03:04:05Z",
  outcome: "done",
  labels: { ...noLabels, tags: ["ald", "w7"], operator: "Ada" },
  wafer: "W7",
  die: "3,4",
  figures: { devices: 100, pulses: 300, yieldPercent: 98.5, errorPercent: null, errorAgeSeconds: null },
  ageSeconds: 2 * 86_400,
  notes: ["Needle was worn."],
  networks: ["n2"],
  damaged: false,
};

describe("a filter of runs", () => {
  it.each([
    "",
    "tag=ald",
    "tag=ald tag=w7",
    "tag!=blue",
    "network=n2 network!=n1",
    "run=r3 chip=pcm-64 serial=S1 method=verify model=pcm-90nm outcome=done",
    "operator=Ada wafer=W7 die=3,4 corrects=r1 archived=no",
    'title="trim of r1: digits"',
    "title~DIGITS note~worn",
    "yield<99 yield>=98.5 pulses=300 devices!=7",
    "age<7d age>1d",
    "error!=3",
  ])("lets pass what each of its terms holds for: %s", (filter) => {
    expect(passes(parseFilter(filter), listed)).toBe(true);
  });

  it.each(["tag=blue", "tag!=ald", "tag=ald yield<98", "age>7d", "error<100", "error>=0", "note~gone"])(
    "keeps back what one of its terms does not hold for: %s",
    (filter) => {
      expect(passes(parseFilter(filter), listed)).toBe(false);
    },
  );

  it.each([
    [
      "tags=ald",
      /--where tags=ald: there is no key tags\. Keys are run, network, title, tag, .* age; for example/,
    ],
    ["constructor=1", /there is no key constructor/],
    ["tag=ald yield", /--where yield: it is not KEY/],
    ["yield<much", /yield is compared with a number/],
    ["yield~9", /yield is compared by = != < <= > >=, not by ~/],
    ["tag<b", /a text is compared by = != ~, not by </],
    ["age<5M", /an age is a time/],
    ["age<7", /an age has a unit: write 7d for days/],
    ['title="open', /it is not KEY/],
  ])("names the term that it cannot read: %s", (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(message);
  });
});

describe("labels in a workspace", () => {
  it("are as they were written, each change checked, also when another program opens it", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const labels = { tags: ["ald", "w7"], operator: "Ada", note: "new needle" };
    const run = await store.beginRun({ ...plan, labels }, identity, "2026-01-02T03:04:05Z");
    await store.appendLabel(run, { at: "t", remove: ["w7"], add: ["blue"] });
    await store.appendChipNote(chip, { notedAt: "t", wafer: "W7", text: "edge" });
    const other = await openWorkspace(folder);
    expect(await other.labels(run)).toEqual({ ...noLabels, tags: ["ald", "blue"], operator: "Ada" });
    expect(await other.notes(run)).toEqual([
      { notedAt: "2026-01-02T03:04:05Z", what: "note", text: "new needle", by: "Ada" },
    ]);
    expect(await other.chipNotes(chip)).toEqual([{ notedAt: "t", wafer: "W7", text: "edge" }]);
    expect((await other.plan(run)).labels).toBeUndefined();
    await other.close();
    await store.close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("UPDATE labels SET label = replace(label, 'w7', 'w8') WHERE id = 1");
    database.exec("UPDATE chip_notes SET note = replace(note, 'W7', 'W8')");
    database.close();
    const damaged = await openWorkspace(folder);
    const check = await checkWorkspace(damaged);
    expect([...check.damage, ...check.runs[0]!.damage].join("\n")).toMatch(
      /notes of chips: its checksum[^]*labels of run r1: its checksum/,
    );
    await damaged.close();
  });

  it("come with yield and error that are made anew when a turn was added, or when they were changed", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeRecords(store, 2);
    await store.close();
    const figures = async () => {
      const bench = await openBench({ workspace: folder });
      const { runs } = await bench.list();
      await bench.close();
      return runs.map((run) => run.figures);
    };
    const first = await figures();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    const kept = database.prepare("SELECT count(*) AS rows FROM figures").get();
    expect(kept).toEqual({ rows: 2 });
    database.exec("UPDATE figures SET figures = replace(figures, '\"pulses\":', '\"pulses\":9')");
    database.close();
    expect(await figures()).toEqual(first);
  });
});

describe("commands that label", () => {
  let folder: string;
  const at = (...args: string[]) => mho(...args, "--workspace", folder);
  const last = async (...args: string[]) => eventLines((await at(...args, "--json")).out).at(-1)!;
  beforeEach(async () => {
    folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeRecords(store, 2);
    await store.close();
  });

  it("tag and note runs and chips, and mho show finds them by it", async () => {
    expect((await at("tag", "r2", "ald", "w7")).out).toBe("r2: ald, w7\n");
    expect((await at("tag", "r2", "w7", "--remove")).out).toBe("r2: ald\n");
    expect((await at("note", "r1", "worn needle", "--operator", "Ada")).out).toBe("Noted of r1.\n");
    expect((await at("note", "pcm-64", "--wafer", "W7", "--die", "3,4")).out).toBe("Noted of pcm-64 S1.\n");
    const found = async (where: string) => {
      const result = (await last("show", "--where", where)) as unknown as { runs: { run: string }[] };
      return result.runs.map(({ run }) => run);
    };
    expect([await found("tag=ald"), await found("note~worn wafer=W7"), await found("wafer=W7")]).toEqual([
      ["r2"],
      ["r1"],
      ["r1", "r2"],
    ]);
    expect((await at("show", "--where", "tag=ald")).out).toMatch(
      /^r2 .*pcm-64 S1 .*verify .*#ald .*run 1\n$/,
    );
    expect((await at("show", "r1")).out).toMatch(/wafer W7; die 3,4[^]*note \(Ada\): worn needle/);
  });

  it("list the other runs beside a damaged one, which says that it is", async () => {
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("UPDATE turns SET inside = 4 WHERE run = 2");
    database.close();
    const { out, code } = await at("show");
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^r1 .*done .*\nr2 .*, damaged.*\nOf damaged runs.*mho check/),
    ]);
  });

  it.each([
    [["tag", "r1", "a b"], /--tag a b: a tag has letters, digits/],
    [["tag", "r1", "gone", "--remove"], /Run r1 has no tag gone\. It has none\./],
    [["tag", "r9", "ald"], /There is no run r9/],
    [["note", "r1"], /Write what is to be noted of r1/],
    [["note", "r1", "x", "--wafer", "W"], /--wafer and --die are of a chip/],
    [["note", "pcm-9", "x"], /no run or chip pcm-9 in this workspace\. Chips with runs are pcm-64\/S1/],
    [["note", "r1", "x", "--operator", "A\nB"], /--operator: give one line/],
    [["show", "--where", "foo=1"], /there is no key foo/],
    [["show", "r1", "--where", "tag=ald"], /--where and --archived are for the list of runs/],
  ])("say what is wrong with %s", async (args, message) => {
    const { code, err } = await at(...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
