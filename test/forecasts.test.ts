import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { forecastSentence } from "../lab/forecastTexts.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { benchOf, strategyIn, trimmed } from "./support/foretold.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

removeFoldersAfterEach();

describe("what is foretold of a run", () => {
  // test/slow/forecasts.test.ts has one that holds, over a year.
  it("is held against its model where it failed: the next trim with it asks for --believe and says what was measured", async () => {
    const workspace = emptyFolder();
    const bench = await benchOf("odd", workspace);
    const { trim } = await trimmed(bench, workspace, "2d");
    const [outcome] = (await bench.run(trim.run!)).forecasts;
    expect(outcome!.points.at(-1)).toMatchObject({ failed: true });
    const reason =
      /The model pcm-90nm has failed before: of run r2 the trim foretold \d\.\d\d % at [^,]+, and \d+\.\d\d % was measured where devices obey \(\d+\.\d times the mean square error, 2 at most\)/;
    await expect(bench.trim(trim.run!, { dryRun: true })).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(reason) as string,
    });
    // Another model has foretold nothing yet.
    const other = { ...pcm90nmDefinition, name: "other" };
    await expect(bench.trim(trim.run!, { dryRun: true, model: other })).resolves.toBeDefined();
    await bench.close();

    const shown = await mho("show", "r2", "--workspace", workspace);
    expect(shown.out).toMatch(/The trim \(pcm-90nm\) foretold .* The forecast failed/);
    // Pulses and yield of the corrected devices alone would hide what came before.
    const first = eventLines((await mho("show", "r1", "--workspace", workspace, "--json")).out).at(-1);
    const second = eventLines((await mho("show", "r2", "--workspace", workspace, "--json")).out).at(-1);
    const [before, after] = [first, second] as unknown as Record<string, number>[];
    expect(before).toMatchObject({ chain: null });
    const pulses = before!["pulses"]! + after!["pulses"]!;
    expect(after).toMatchObject({ chain: { runs: ["r1", "r2"], devices: before!["devices"], pulses } });
    const together = `Together with r1, which it corrects: ${pulses.toLocaleString("en")} pulses on`;
    expect(shown.out).toContain(together);
    const page = join(workspace, "r2.html");
    await mho("report", "r2", "--out", page, "--workspace", workspace);
    expect(withoutTerms(readFileSync(page, "utf8"))).toContain(together);
    expect(withoutTerms(readFileSync(page, "utf8"))).toMatch(
      /<h2>What was foretold<\/h2>.*The forecast failed/,
    );
    expect((await mho("trim", "r2", "--dry-run", "--workspace", workspace)).code).toBe(2);
    const json = await mho("trim", "r2", "--dry-run", "--believe", "--workspace", workspace, "--json");
    const events = eventLines(json.out);
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    expect(warnings.at(-1)).toMatch(reason);
    expect(events.at(-1)).toMatchObject({ command: "trim", run: null });
    expect((events.at(-1) as unknown as Record<string, unknown>)["earlier_forecasts"]).toMatchObject([
      { run: "r1", by: "strategy", failed: false },
      { run: "r2", by: "trim", failed: true },
    ]);
  });

  it("is nothing for single pulses that are not read back, and nothing while a run is not done", async () => {
    const workspace = emptyFolder();
    const bench = await benchOf("usual", workspace);
    const strategy = await strategyIn(workspace);
    const blind = await bench.program(strategy, { method: "open-loop" });
    expect((await bench.run(blind)).forecasts).toEqual([]);
    const read = await bench.program(strategy, { method: "verify" });
    await bench.close();
    const store = await openWorkspace(workspace);
    await store.endRun(read, "interrupted");
    await store.close();
    const again = await openBench({ workspace });
    const [outcome] = (await again.run(read)).forecasts;
    expect(outcome!.points).toEqual([]);
    expect(forecastSentence(outcome!)).toMatch(
      /^The strategy \(pcm-90nm\) foretells a weight error of \d\.\d\d % at 1 s to \d\.\d\d % at 360 days\. It was not/,
    );
    await again.close();
  });
});
