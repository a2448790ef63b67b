import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerAtTerminal } from "../cli/answerAtTerminal.ts";
import { openOutput } from "../cli/output.ts";
import { Bench, openBench } from "../lab/bench.ts";
import { Workplace } from "../lab/workplace.ts";
import { checkWorkspace } from "../storage/checkWorkspace.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const chip = "emulator:pcm-64?state=none";

describe("a question of an experiment", () => {
  let folder: string;
  let stop: AbortController;
  let asker: Bench;
  let other: Bench;
  let events: { readonly type: string }[];

  beforeEach(async () => {
    folder = emptyFolder();
    stop = new AbortController();
    events = [];
    const onEvent = (event: { readonly type: string }): void => void events.push(event);
    asker = await openBench({ workspace: folder, chip, config: "none", signal: stop.signal, onEvent });
    other = await openBench({ workspace: folder, config: "none" });
    await (await openWorkspace(folder)).close();
  });
  afterEach(async () => {
    await asker.close();
    await other.close();
  });

  /** The question that another program sees, as soon as it is asked. */
  const seen = async (): Promise<string> => {
    await expect.poll(async () => (await other.questions()).length).toBeGreaterThan(0);
    return (await other.questions())[0]!.id;
  };

  it("waits for an answer of another program, and keeps who gave it, in the run's journal too", async () => {
    const run = await asker.pulse({
      row: 0,
      devices: [0],
      amplitude: { value: 250, unit: "uA" },
      kind: "reset",
      widthNanoseconds: 100,
    });
    const answer = asker.ask("Needle down?", { run });
    const id = await seen();
    expect(await other.questions()).toMatchObject([
      { id: "q1", text: "Needle down?", answers: ["yes", "no"], run, state: "open" },
    ]);
    await other.answer(id, "Y", { operator: "Ada" });
    expect(await answer).toBe("yes");
    expect((await asker.run(run)).notes.at(-1)).toMatchObject({
      what: "asked",
      text: expect.stringMatching(/^q1, Needle down\? – answered yes by Ada after .*\.$/) as string,
    });
    expect(events.filter(({ type }) => type === "asked" || type === "answered")).toMatchObject([
      { type: "asked", question: "q1", text: "Needle down?", answers: ["yes", "no"], deadline_at: null, run },
      { type: "answered", question: "q1", answer: "yes", by: "Ada", how: "answered" },
    ]);
    expect(await other.questions()).toEqual([]);
  });

  it("takes the first answer only, and none that was not offered", async () => {
    const answer = asker.ask("Which contact?", { answers: ["left", "right"] });
    const id = await seen();
    await expect(other.answer(id, "middle")).rejects.toThrow(
      'middle is no answer to q1, "Which contact?". Answer left or right.',
    );
    await other.answer(id, "right");
    await expect(other.answer(id, "left")).rejects.toThrow("Question q1 was answered: right.");
    await expect(other.answer("q2", "left")).rejects.toThrow("There is no question q2. No question is open.");
    expect(await answer).toBe("right");
  });

  it("takes any line where it is asked for one", async () => {
    const answer = asker.ask("Which die?", { answers: "line" });
    const id = await seen();
    await expect(other.answer(id, " \n")).rejects.toThrow("Give one line");
    await other.answer(id, "5,6 ");
    expect(await answer).toBe("5,6");
  });

  it("has the chip in standby while it waits, where that is asked for, also before its first use", async () => {
    const answer = asker.ask("Needle down?", { standby: true });
    await seen();
    expect(events.map(({ type }) => type)).toEqual(["chip", "asked"]);
    await other.answer("q1", "no");
    expect(await answer).toBe("no");
  });

  it("goes on by what was agreed when its deadline passes, or ends the work", async () => {
    expect(await asker.ask("Go on?", { deadline: 0.001, otherwise: "no" })).toBe("no");
    await expect(asker.ask("Go on?", { deadline: 0.001 })).rejects.toMatchObject({
      code: "interrupted",
      message:
        'q2, "Go on?": No answer came by the deadline. Every chip is in standby. Start the work again.',
    });
    await expect(other.answer("q2", "yes")).rejects.toThrow(
      "Question q2 is closed: No answer came by the deadline.",
    );
  });

  it("is no longer asked when its program is stopped, or when it is taken back", async () => {
    const first = asker.ask("Needle down?");
    const taken = expect(first).rejects.toThrow("It was taken back by Ada.");
    await other.withdraw(await seen(), { operator: "Ada" });
    await taken;
    const second = asker.ask("Needle down?");
    const stopped = expect(second).rejects.toMatchObject({ code: "interrupted" });
    await seen();
    stop.abort();
    await stopped;
    expect(await other.questions()).toEqual([]);
  });

  it("is closed when its process has ended without a word, and not when it waits on another machine", async () => {
    const store = await openWorkspace(folder);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const asked = { kind: "asked", at: "2026-01-01T00:00:00Z", text: "Needle down?", answers: [] } as const;
    await store.appendQuestion({ ...asked, from: { host: hostname(), process: pid } });
    await store.appendQuestion({ ...asked, from: { host: "another-machine", process: pid } });
    expect((await other.questions()).map(({ id }) => id)).toEqual(["q2"]);
    expect((await store.questions())[0]).toMatchObject({
      state: "closed",
      why: "The program that asked has ended.",
    });
    await store.close();
  });

  it.each([
    [["no\nline", {}], /one line of 1 to 200 characters/],
    [["Well?", { answers: [] }], /Give the answers that are possible/],
    [["Well?", { answers: ["yes", "Yes"] }], /Two answers of the question are the same/],
    [["Well?", { answers: Array.from({ length: 9 }, (_, k) => `a${k}`) }], /up to 8 answers/],
    [["Well?", { deadline: "soon" }], /The deadline soon is no time\. Give one such as 10min/],
    [["Well?", { otherwise: "no" }], /goes with a deadline/],
    [["Well?", { deadline: 1, otherwise: "maybe" }], /one of the answers/],
    [["Well?", { run: "r7" }], /no run r7/],
    [["Well?", { until: 1 }], /ask has no option until/],
  ] as const)("is refused where it cannot be asked: %j", async ([text, options], message) => {
    await expect(asker.ask(text, options as object)).rejects.toThrow(message);
    expect(await other.questions()).toEqual([]);
  });

  it("stands in the workspace with a checksum, so that an answer which was changed shows", async () => {
    const answer = asker.ask("Needle down?");
    await other.answer(await seen(), "no");
    await answer;
    const sound = await openWorkspace(folder);
    expect((await checkWorkspace(sound)).sound).toBe(true);
    await sound.close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec(`UPDATE questions SET change = replace(change, '"no"}', '"yes"}') WHERE id = 2`);
    database.close();
    const changed = await openWorkspace(folder);
    expect((await checkWorkspace(changed)).damage).toEqual([
      expect.stringMatching(/row 2 of the questions: its checksum is another/),
    ]);
    await changed.close();
  });
});

describe("the terminal of mho run", () => {
  it("answers by what is typed, and goes on asking after what is no answer", async () => {
    const folder = emptyFolder();
    await (await openWorkspace(folder)).close();
    const output = openOutput({ quiet: true });
    const bench = new Bench(new Workplace({ workspace: folder }, output.events));
    const typed = Object.assign(new PassThrough(), { isTTY: true });
    const terminal = answerAtTerminal(bench, output, typed as unknown as typeof process.stdin);
    const answer = bench.ask("Needle down?");
    await expect.poll(async () => (await bench.questions()).length).toBe(1);
    typed.write("maybe\n\nyes\n");
    expect(await answer).toBe("yes");
    terminal.close();
    await bench.close();
  });
});

describe("mho answer", () => {
  it("lists what is asked, answers it, and says what is wrong", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const from = { host: "another-machine", process: 1 };
    const at = new Date().toISOString();
    await store.appendQuestion({ kind: "asked", at, text: "Needle down?", answers: ["yes", "no"], from });
    await store.appendQuestion({ kind: "asked", at, text: "Which die?", answers: [], from });
    await store.close();
    const where = ["--workspace", folder];
    expect((await mho("answer", ...where)).out).toMatch(
      /^q1: Needle down\? \(asked .* ago\) mho answer q1 yes\|no\nq2: Which die\? .* mho answer q2 TEXT\n$/,
    );
    expect(await mho("answer", "q1", ...where)).toMatchObject({
      code: 2,
      err: "mho: Give an answer, as in mho answer q1 yes, or take the question back: mho answer q1 --withdraw.\n",
    });
    expect((await mho("answer", "q1", "no", "--operator", "Ada", ...where)).out).toBe(
      "q1: Needle down? no\n",
    );
    expect((await mho("answer", "q2", "--withdraw", ...where)).out).toBe("q2: Which die? taken back\n");
    const { out } = await mho("answer", "--json", ...where);
    expect(JSON.parse(out)).toMatchObject({ type: "result", command: "answer", questions: [] });
  });

  it("lets an experiment go on that waits, which says how it can be answered", async () => {
    const folder = emptyFolder();
    const file = join(folder, "ask.mjs");
    writeFileSync(
      file,
      'export const run = (bench) => bench.ask("Go on?", { deadline: 0.001, otherwise: "no" });',
    );
    const { code, out } = await mho("run", file, "--workspace", folder, "--chip", chip);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^q1: Go on\? Answer on the live page, until .*, or in another terminal: mho answer q1 yes\|no\nq1: no, as no answer came by the deadline\n$/,
    );
  });
});
