import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const chip = "emulator:pcm-64?seed=5&births=sound";

function lab() {
  const folder = emptyFolder();
  const workspace = join(folder, "w");
  const targets = join(folder, "t.csv");
  writeFileSync(targets, Array.from({ length: 256 }, (_, k) => k % 25).join());
  const queue = (...args: string[]) => mho("queue", args[0]!, "--workspace", workspace, ...args.slice(1));
  return { folder, workspace, targets, queue };
}

describe("mho queue and mho work", () => {
  it("take the words of a command as they are, with --at and --after before or behind them", async () => {
    const { workspace, targets, queue } = lab();
    expect(await queue("add", "program", targets, "--method", "verify", "--chip", chip)).toMatchObject({
      code: 0,
      err: "",
      out: `j1 is queued; mho work does it.\n${chip}\n  j1  waiting       program ${targets} --method verify\n`,
    });
    expect(
      await queue("add", "--after", "j1", "measure", "yield", "--row", "0", "--chip", chip),
    ).toMatchObject({ err: "" });
    expect(await queue("add", "watch", "j1", "--until", "1m", "--after", "j2")).toMatchObject({ err: "" });
    const { out } = await queue("list", "--json");
    expect(eventLines(out).at(-1)).toMatchObject({
      did: "listed",
      jobs: [
        { job: "j1", command: "program", waits_for: null, chip },
        { job: "j2", text: "measure yield --row 0", after: ["j1"], waits_for: { for: "turn", job: "j1" } },
        { job: "j3", subjects: ["j1"], after: ["j2", "j1"] },
      ],
    });
    const moved = await queue("move", "j2", "--first");
    expect([moved.code, moved.err]).toEqual([2, expect.stringMatching(/j2 cannot be moved there/)]);
    const done = await mho("work", "--workspace", workspace, "--json");
    expect([done.code, done.err]).toEqual([0, ""]);
    const lines = eventLines(done.out);
    expect(lines.filter(({ type }) => type === "job_ended")).toMatchObject([
      { job: "j1", outcome: "done", runs: ["r1"] },
      { job: "j2", outcome: "done", runs: ["r2"] },
      { job: "j3", outcome: "done", runs: ["r1"] },
    ]);
    expect(lines.at(-1)).toMatchObject({ command: "work", done: ["j1", "j2", "j3"], failed: [], left: [] });
    expect((await queue("list")).out).toBe(
      "No job waits. mho queue add puts one there, and mho queue list --all shows those that are done.\n",
    );
    expect((await queue("list", "--all")).out).toMatch(/j1 {2}done {10}program/);
    expect((await mho("show", "r2", "--workspace", workspace)).out).toMatch(
      /^begun by job j2 of the queue$/m,
    );
  });

  it("refuse unknown flags and words as the command itself does", async () => {
    const { targets, queue } = lab();
    const refused = async (...words: string[]): Promise<string> => {
      const { code, err } = await queue("add", ...words);
      expect(code).toBe(2);
      return err;
    };
    expect(await refused("program", targets, "--frob")).toBe(
      "mho: Unknown option '--frob'. mho program --help says what it takes.\n",
    );
    expect(await refused("program")).toMatch(/Missing required argument 'targets'/);
    expect(await refused("program", targets, "--budget", "many")).toMatch(
      /--budget many: give a whole number/,
    );
    expect(await refused("program", targets, "--dry-run", "--chip", chip)).toMatch(
      /A job takes no --dry-run/,
    );
    expect(await refused("program", targets, "--transcript", "x", "--chip", chip)).toMatch(
      /A job takes no --transcript/,
    );
    expect(await refused("standby")).toMatch(
      /A queue does not do standby\. It does program, measure, watch, trim, resume, run/,
    );
    expect(await refused()).toMatch(/Missing required argument 'command'/);
    expect((await mho("queue", "lst")).err).toMatch(/Unknown command 'lst'/);
  });

  it("say what failed and how it goes on, and end with 1", async () => {
    const { workspace, targets, queue } = lab();
    await queue("add", "program", targets, "--method", "verify", "--chip", chip);
    await queue("add", "measure", "yield", "--row", "0", "--chip", chip);
    writeFileSync(targets, Array.from({ length: 256 }, () => 3).join());
    const { code, out } = await mho("work", "--workspace", workspace);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /j1 failed: .*was changed since job j1 was added.*mho queue retry j1 or mho queue remove j1/,
      ),
    ]);
    expect(out).toContain("work: 0 jobs done, 1 failed; j2 left behind failures");
    expect((await queue("list")).out).toMatch(/j2 {2}waiting .*\n.*waits, as j1 failed/);
    expect(await queue("remove", "j1")).toMatchObject({ code: 0, out: "Removed j1.\n" });
    expect((await mho("work", "--workspace", workspace)).code).toBe(0);
  });

  it("stop after a turn at SIGINT, and put the job back", async () => {
    const { workspace, targets, queue } = lab();
    await queue("add", "program", targets, "--method", "verify", "--chip", chip);
    await queue("retry", "j1").then(({ err }) => expect(err).toMatch(/has not failed: it is waiting/));
    const listener = (): void => void process.emit("SIGINT");
    const before = process.listenerCount("SIGINT");
    const worked = mho("work", "--workspace", workspace);
    // The command listens once it has begun, and stops before its first turn.
    while (process.listenerCount("SIGINT") === before) await new Promise(setImmediate);
    listener();
    const { code, err } = await worked;
    expect([code, err]).toEqual([
      130,
      expect.stringMatching(/Stopped; no job was finished\. Chips are in standby/),
    ]);
    expect((await mho("work", "--workspace", workspace)).code).toBe(0);
  });

  it("complete the words of queue", async () => {
    const { out } = await mho("completion", "words", "--", "queue", "re");
    expect(out.split("\n").map((line) => line.split("\t")[0])).toEqual(["remove", "retry", ""]);
  });
});
