import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goesOnWarning } from "../cli/serve.ts";
import { startWorker } from "../cli/startWorker.ts";
import { openBench } from "../lab/bench.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

describe("a worker that the live page starts", () => {
  it("does the jobs of the queue in a process of its own", async () => {
    const bench = await openBench({ workspace: emptyFolder(), config: "none", chip: "emulator:pcm-64" });
    await bench.queue.add("measure", "yield", { row: 0, rows: 1 });
    const worker = await startWorker(bench.workspace, "none");
    await expect.poll(async () => (await bench.queue.list()).length).toBe(0);
    expect(await bench.queue.list({ all: true })).toMatchObject([{ id: "j1", state: "done", runs: ["r1"] }]);
    const log = join(bench.workspace, "queue", "worker-of-page.log");
    await expect.poll(() => readFileSync(log, "utf8")).toMatch(/"command":"work","done":\["j1"\]/);
    await expect.poll(() => worker.process()).toBeUndefined();
    expect(goesOnWarning(worker)).toBeUndefined();
    await bench.close();
  });

  it("is named when mho serve ends before it does, with how to stop it", () => {
    expect(goesOnWarning({ process: () => 4711 })).toMatchObject({
      code: "worker_goes_on",
      message: expect.stringMatching(
        /goes on with the queue, as process 4711\. To stop it: kill 4711\./,
      ) as string,
    });
  });

  it("says why it did not begin, in its own words", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "mho.config.json"), "{");
    const config = join(folder, "mho.config.json");
    await expect(startWorker(folder, config)).rejects.toThrow(
      /^mho work did not begin\. .*mho\.config\.json/,
    );
  });
});
