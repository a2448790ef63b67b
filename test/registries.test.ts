import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { gather } from "../calibration/gather.ts";
import {
  builtInTechnologyFiles,
  parseChipDescription,
  readChipDescription,
} from "../files/chipDescription.ts";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import { reramWan2022Definition } from "../src/model/builtIn.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import { builtInProcedures } from "../src/measure/procedures.ts";
import { builtInMethods, methodFor, namesOf } from "../src/program/methods.ts";
import { verifyPcm } from "../src/program/verifyPcm.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import { estimateRun } from "../src/run/estimate.ts";
import type { RunEvent } from "../src/run/events.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunStore } from "../src/run/store.ts";
import { summarise } from "../src/results/summary.ts";
import { recall } from "../src/run/recall.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect } from "./contracts/runStore.ts";
import { mho } from "./support/commandHere.ts";
import { describePcm64, stillClock } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { bisection } from "./toys/bisection.ts";
import { StepChip } from "./toys/stepChip.ts";
import { toyChip, toyStepFile } from "./toys/stepTechnology.ts";

removeFoldersAfterEach();

const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const description = parseChipDescription(bytesOf(toyChip), "toy-8.json", [
  ...builtInTechnologyFiles,
  toyStepFile,
]);
const methods = [...builtInMethods, bisection];

/** Two whole tiles, every fifth device left alone. */
function planOf(method: string): RunPlan {
  return {
    title: "toys",
    chipName: "toy-8",
    chipSerialNumber: "TOY-1",
    chipAddress: "toy:0",
    method,
    model: reramWan2022Definition,
    sweepTimesSeconds: [1, 60],
    sweepAverages: 1,
    pulsesPerDevice: 60,
    tiles: [0, 1].map((tile) => ({
      block: { tile, rowStart: 0, rowCount: 8 },
      targetsMicrosiemens: Float32Array.from({ length: 64 }, (_, i) =>
        i % 5 === 0 ? Number.NaN : 1 + ((i * 7) % 36),
      ),
    })),
  };
}

function contextOf(chip: StepChip, store: RunStore, stopAfterTurns = Infinity, known = methods) {
  const stop = { requested: false };
  let turns = 0;
  return {
    driver: chip,
    store,
    clock: stillClock(),
    stop,
    methods: known,
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent({ type }: RunEvent) {
      if (type === "turn" && ++turns === stopAfterTurns) stop.requested = true;
    },
  };
}

describe("a technology and a method from outside", () => {
  it("are programmed, stopped, resumed, swept and gathered like those that mho knows", async () => {
    const chip = new StepChip(description);
    const store = await openWorkspace(emptyFolder());
    const plan = planOf("toy-bisection");
    await expect(executeRun(contextOf(chip, store, 5), plan)).rejects.toMatchObject({ code: "interrupted" });
    const halfway = (await recall(store, "r1")).flatMap(({ pulses }) => [...pulses]);
    const run = await resumeRun(contextOf(chip, store), "r1");
    const { verdicts, devices, pulses } = await summarise(store, run);
    expect([devices, verdicts.accepted, verdicts["left alone"]]).toEqual([102, 102, 26]);
    const memories = await recall(store, run);
    expect(memories.map((memory) => memory.pulses)).toEqual(chip.pulsesFelt);
    expect(pulses).toBeGreaterThan(halfway.reduce((sum, n) => sum + n, 0));
    const sweeps = await collect(store.sweeps(run));
    expect(new Set(sweeps.map(({ tile, timeSeconds }) => `${tile} at ${timeSeconds}`))).toEqual(
      new Set(["0 at 1", "0 at 60", "1 at 1", "1 at 60"]),
    );
    for (const { tile, conductanceMicrosiemens: g } of sweeps) {
      plan.tiles[tile]!.targetsMicrosiemens.forEach((target, i) => {
        if (!Number.isNaN(target)) expect(Math.abs(g[i]! - target)).toBeLessThanOrEqual(0.2 + 1e-6);
      });
    }
    const { parts } = await gather(store, [run], description, { methods });
    expect(parts.map(({ data }) => [data.picked, data.targetsMicrosiemens])).toEqual(
      plan.tiles.map(({ targetsMicrosiemens }) => [true, targetsMicrosiemens]),
    );
    await store.close();
  });

  it("are estimated by what the method's record says that it costs", () => {
    const estimate = estimateRun(description, planOf("").tiles, bisection, 60);
    expect(estimate).toMatchObject({ devices: 102, tiles: 2, pulses: 918, mostPulsesPerDevice: 40 });
    expect(estimate.seconds).toBeGreaterThan(0);
  });

  it("share names with others, and not what those cost", async () => {
    const [pcm, rram] = [await describePcm64(), await readChipDescription("chips/rram-128.json")];
    const [ofPcm, ofRram] = [pcm, rram].map((chip) =>
      estimateRun(chip, planOf("").tiles, methodFor(methods, "verify", chip), 60),
    );
    expect([ofPcm!.pulsesPerDevice, ofPcm!.mostPulsesPerDevice]).toEqual([expect.closeTo(6.3, 9), 30]);
    expect([ofRram!.pulsesPerDevice, ofRram!.mostPulsesPerDevice]).toEqual([expect.closeTo(11, 9), 60]);
  });

  it("are held to the technology's own limits, in its own unit", async () => {
    const chip = new StepChip(description);
    const order = { codes: new Uint16Array(8).fill(201), widthNanoseconds: 100, firstTicket: 1 };
    expect(() => chip.pulse({ tile: 0, rowStart: 0, rowCount: 1 }, order)).toThrow(
      /an amplitude of 2010 mV is above 2000 mV/,
    );
    expect(chip.pulsesFelt[0]!.every((felt) => felt === 0)).toBe(true);
  });

  it("may have a method of a name that others have for theirs", async () => {
    const ours = { ...bisection, name: "verify" };
    const both = [...builtInMethods, ours];
    expect(methodFor(both, "verify", description)).toBe(ours);
    expect(methodFor(both, "verify", await describePcm64())).toBe(verifyPcm);
  });
});

describe("a name", () => {
  const refused = async (method: string, known?: readonly ProgrammingMethod[]): Promise<unknown> => {
    const store = await openWorkspace(emptyFolder());
    const chip = new StepChip(description);
    const context = contextOf(chip, store, Infinity, known as typeof methods);
    const error = await executeRun(context, planOf(method)).catch((thrown: unknown) => thrown);
    expect([await store.runs(), chip.pulsesFelt[0]!.some((felt) => felt > 0)]).toEqual([[], false]);
    await store.close();
    return error;
  };

  it("of no method is refused before a run begins, with the names that are known", async () => {
    expect(await refused("toy-bisect")).toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining(
        `There is no method toy-bisect. Known are ${namesOf(methods).join(", ")}.`,
      ) as string,
    });
  });

  it("of no method is refused where a run that was programmed by it is gathered", async () => {
    const store = await openWorkspace(emptyFolder());
    const run = await executeRun(contextOf(new StepChip(description), store), planOf("toy-bisection"));
    await expect(gather(store, [run], description)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/no method toy-bisection\. Known are open-loop, verify/) as string,
    });
    await store.close();
  });

  it("of no technology is refused, with the names that are known", () => {
    expect(() => parseChipDescription(bytesOf(toyChip), "toy-8.json")).toThrow(
      'Cannot use toy-8.json: technology: "toy-step" is not known. Known are pcm, rram, ecram.',
    );
  });

  it.each(["verify", "open-loop", "staircase"])(
    "of a method for other technologies is refused: %s does not work on a new one",
    async (method) => {
      expect(await refused(method)).toMatchObject({
        message: expect.stringContaining(
          `The method ${method} is not for the stepwise devices of toy-8. Use toy-bisection.`,
        ) as string,
      });
      expect(await refused(method, builtInMethods)).toMatchObject({
        message: expect.stringContaining("No known method is.") as string,
      });
    },
  );

  it("of a method that cannot work on the chip is refused in the method's own words", async () => {
    const never = { ...bisection, requires: () => "It cannot be done on toy-8. Use another method." };
    expect(await refused("toy-bisection", [never])).toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("It cannot be done on toy-8.") as string,
    });
  });

  it("that only another technology's description may hold is refused", () => {
    const json = { ...toyChip, rram_pulses: {} };
    expect(() => parseChipDescription(bytesOf(json), "toy-8.json", [toyStepFile])).toThrow(/rram_pulses/);
  });

  it("that two methods for one technology share is refused", () => {
    expect(() => methodFor([bisection, bisection], "toy-bisection", description)).toThrow(
      /Two methods for stepwise devices are called toy-bisection\. Rename one/,
    );
  });
});

describe("the registries", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const folders = ["src", "drivers", "calibration", "lab", "cli", "files", "storage", "report", "web"];
  const names = [...builtInTechnologies.map(({ name }) => name), ...namesOf(builtInMethods)];
  /** The same words, meant otherwise: a kind of order in the journal, and what a fit leaves unexplained. */
  const otherwise: Readonly<Record<string, string>> = {
    "src/run/journal.ts": "on-board",
    "src/run/tileWork.ts": "on-board",
    "calibration/fitRecord.ts": "residual",
  };

  /** Words for people, made of docs/glossary.md. */
  const glossary = "report/glossary.ts";

  it("alone name technologies and methods: nothing else compares or lists names", () => {
    const quoted = new RegExp(`["'](${names.join("|")})["']`);
    const faults = folders
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
          join(folder, file),
        ),
      )
      .filter((file) => file.endsWith(".ts") && !/^(src\/chip|files)\/technologies\//.test(file))
      .filter((file) => file !== glossary)
      .flatMap((file) =>
        readFileSync(join(root, file), "utf8")
          .split("\n")
          // The record of a method or a procedure says its own name, and whom it serves; that of a model, of whose devices it is.
          .filter(
            (line) => !(/^src\/(program|measure)\//.test(file) && /^ {2}(name|technologies): /.test(line)),
          )
          .filter((line) => !(file === "src/model/builtIn.ts" && /^ {2,4}technology: /.test(line)))
          .map((line) => quoted.exec(line)?.[1])
          .filter((name) => name !== undefined && name !== otherwise[file])
          .map((name) => `${file}: ${name}`),
      );
    expect(faults).toEqual([]);
  });

  it("alone name procedures of measuring", () => {
    // These words mean other things too.
    const names = builtInProcedures
      .map(({ name }) => name)
      .filter((name) => !["form", "noise", "yield"].includes(name));
    const quoted = new RegExp(`["'](${names.join("|")})["']`);
    const faults = ["src/run", "src/results", "lab", "cli", "storage", "report", "web", "files"].flatMap(
      (folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
          .map((file) => `${folder}/${file}`)
          .filter((file) => file !== glossary)
          .filter((file) => file.endsWith(".ts") && quoted.test(readFileSync(join(root, file), "utf8"))),
    );
    expect(faults).toEqual([]);
  });

  it("are the only ones in the emulator too that name technologies: physics carry their name, and no code compares it", () => {
    const quoted = new RegExp(`["'](${builtInTechnologies.map(({ name }) => name).join("|")})["']`);
    const faults = readdirSync(join(root, "emulator"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        readFileSync(join(root, "emulator", file), "utf8")
          .split("\n")
          .filter((line) => quoted.test(line) && !/^ +(readonly )?technology: "[a-z]+"[;,]$/.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(faults).toEqual([]);
  });

  it("are told of in the documentation, word for word", () => {
    const page = readFileSync(join(root, "docs/programming.md"), "utf8");
    const told = page
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter((cells) => cells.length === 5 && /^`[a-z][a-z-]*`$/.test(cells[1]!) && cells[2] !== "")
      .map(([, name, devices, does]) => [name, devices, does]);
    const titleOf = (name: string): string =>
      builtInTechnologies.find((technology) => technology.name === name)!.title;
    expect(told).toEqual(
      builtInMethods.map(({ name, technologies, does }) => [
        `\`${name}\``,
        technologies.map(titleOf).join(", "),
        does,
      ]),
    );
  });

  it("are told of by the help of mho program, word for word", async () => {
    const { out } = await mho("program", "--help");
    const told = out.slice(out.indexOf("Methods:")).replace(/\s+/g, " ");
    for (const { name, does } of builtInMethods) expect(told).toContain(` ${name} ${does} (`);
  });

  it("give every technology a usual method that serves it", () => {
    for (const { technology } of builtInTechnologyFiles) {
      const { strategy, conductances, byHand = conductances } = technology.usualMethods;
      const chip = { name: "a chip", pulses: { technology } };
      for (const name of [strategy, conductances, byHand])
        expect(methodFor(builtInMethods, name, chip).name).toBe(name);
    }
    expect(builtInTechnologyFiles.map(({ technology }) => technology)).toEqual(builtInTechnologies);
  });
});
