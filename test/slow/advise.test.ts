import { describe, expect, it } from "vitest";
import { benchAt, strategyIn } from "../support/advised.ts";
import { mho } from "../support/commandHere.ts";
import { eventLines } from "../support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

describe("advice on a run", () => {
  it("has one table with what each choice costs and gains, and prefers a trim where each device drifts in its own way", async () => {
    const workspace = emptyFolder();
    const bench = await benchAt(workspace, "emulator:pcm-64?seed=3");
    const run = await bench.program(await strategyIn(workspace));
    await expect(bench.advise(run)).rejects.toThrow(
      "Run r1 was read 1 time, and advice needs to see how its devices drift: mho watch r1 --until 2h --per-decade 6 comes first.",
    );
    await bench.watch(run, { until: "2h", perDecade: 5 });
    const turns = await (await bench.store()).newestTurn(run);
    const { choices, best } = await bench.advise(run);
    expect(choices.map(({ action }) => action)).toEqual(["nothing", "recalibrate", "trim", "aim-anew"]);
    const [nothing, recalibrate, trim, anew] = choices;
    expect(best).toBe("trim");
    expect(recalibrate!.tnmse).toBeLessThan(0.5 * nothing!.tnmse);
    expect(trim!.tnmse).toBeLessThan(0.9 * recalibrate!.tnmse);
    expect([nothing!.pulses, recalibrate!.pulses]).toEqual([0, 0]);
    expect(anew!.pulses).toBeGreaterThan(trim!.pulses);
    expect(trim!.pulses).toBeGreaterThan(trim!.devices);
    expect([nothing!.seconds, recalibrate!.seconds > 0, trim!.seconds > 20]).toEqual([0, true, true]);
    // The trim that is proposed is the one that would be done.
    const dry = await bench.trim(run, { dryRun: true });
    expect(trim!.devices).toBe(dry.visit.devices);
    expect(await (await bench.store()).newestTurn(run)).toBe(turns);
    expect((await bench.runs()).length).toBe(1);
    await bench.close();

    const told = await mho("advise", run, "--workspace", workspace);
    expect(told.code).toBe(0);
    expect(told.out).toContain("r1: The strategy (pcm-90nm) foretold a weight error of");
    expect(told.out).toContain("as pcm-90nm has it, which was not fitted to this chip.");
    expect(told.out).toMatch(/Best: trim now, then recalibrate\.\n {2}mho trim r1\n/);
    const json = await mho("advise", run, "--times", "1h", "--workspace", workspace, "--json");
    expect(eventLines(json.out).at(-1)).toMatchObject({
      command: "advise",
      advised: "trim",
      next_command: "mho trim r1 --times 3600",
      times_seconds: [3600],
      tested_to_seconds: null,
    });
  });
});
