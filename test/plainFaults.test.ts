import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { outwardAddress } from "../cli/serve.ts";
import { openTcp } from "../drivers/tcp.ts";
import { readModel } from "../files/model.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { parseAddress } from "../lab/address.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import type { ExportOptions } from "../lab/export.ts";
import { inOptionWords } from "../lab/optionWords.ts";
import { builtIn } from "../lab/registries.ts";
import { openRecorder } from "../lab/transcriptFile.ts";
import { MhoError } from "../src/errors.ts";
import { methodFor, namesOf } from "../src/program/methods.ts";
import { endedWith } from "../src/run/standby.ts";
import { openTestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** A folder with a folder `d`, a file `plain` and one row of targets. */
function given(): { folder: string; at: (name: string) => string } {
  const folder = emptyFolder();
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("d"));
  writeFileSync(at("plain"), "");
  writeFileSync(at("t.csv"), Array.from({ length: 256 }, (_, i) => 1 + (i % 24)).join(","));
  return { folder, at };
}

function benchIn(folder: string, chip = "emulator:pcm-64?state=none"): Promise<Bench> {
  return openBench({ workspace: join(folder, "lab"), chip });
}

describe("a fault of a lab's own is told in plain words", () => {
  it.each([
    ["a folder as targets", "d", /d: it is a folder/],
    ["a path through a file", "plain/x.npy", /a part of its path is a file and no folder/],
  ])("%s", async (_, name, said) => {
    const { folder, at } = given();
    const bench = await benchIn(folder);
    await expect(bench.program(at(name))).rejects.toThrow(said);
    await bench.close();
  });

  it.each([
    ["a folder", "d", /d: it is a folder/],
    ["a path through a file", "plain/x", /a part of its path is a file/],
    ["no such folder", "no/x", /its folder does not exist/],
  ])("a transcript that cannot be written: %s", (_, name, said) => {
    const { at } = given();
    const address = parseAddress("emulator:pcm-64");
    expect(() => openRecorder(at(name), address, "", () => {})).toThrow(said);
    expect(() => openRecorder(at(name), address, "", () => {})).not.toThrow(/E[A-Z]+:/);
  });

  it("a folder where a file is to be written", async () => {
    const { at } = given();
    await expect(writeWhole(at("d"), "", "")).rejects.toThrow(/d: it is a folder/);
  });

  it("a machine that there is not", async () => {
    await expect(openTcp("no-such-host.invalid:5025")).rejects.toThrow(
      /there is no machine of that name|the name could not be looked up/,
    );
  });

  it.each([
    ["no version", { name: "x" }, /version is missing; this mho reads version 1/],
    ["another version", { version: 2 }, /version is 2; this mho reads version 1/],
    ["a misspelt key", { verison: 1, family: "tabulated-drift" }, /there is no key "verison" here/],
  ])("a model file with %s", async (_, body, said) => {
    const { at } = given();
    writeFileSync(at("m.json"), JSON.stringify({ format: "mho-model", family: "power-law", ...body }));
    await expect(readModel(at("m.json"))).rejects.toThrow(said);
  });

  it("a TCP address without a port is refused before anything is opened", () => {
    expect(() => parseAddress("tcp:127.0.0.1")).toThrow(/names no port. Write it as tcp:127.0.0.1:5025/);
  });

  it("a method that needs weights is refused before the chip is opened", async () => {
    const { folder, at } = given();
    const bench = await benchIn(folder, "tcp:127.0.0.1:1?chip=pcm-64");
    await expect(bench.program(at("t.csv"), { method: "residual" })).rejects.toThrow(
      /must know which weights the devices hold/,
    );
    await bench.close();
  });

  it("a method that there is not is refused with the names of those that can be asked for", async () => {
    const chip = await openTestChip();
    expect(namesOf(builtIn.methods)).not.toContain("by-hand");
    expect(() => methodFor(builtIn.methods, "no-such", chip.driver.description)).toThrow(/staircase\.$/);
  });

  it("a format and a name of a model that cannot be", async () => {
    const { folder, at } = given();
    const bench = await benchIn(folder);
    const to = "xls" as ExportOptions["to"];
    await expect(bench.export("r1", { to })).rejects.toThrow(/no format xls.*csv, parquet, npz/);
    await expect(bench.fit(["r1"], { out: at("r2.csv") })).rejects.toThrow(/give a name that ends in \.json/);
    await bench.close();
  });

  it("a bench that is closed, whatever is asked of it", async () => {
    const bench = await benchIn(given().folder);
    await bench.close();
    for (const asked of [bench.runs(), bench.standby(), bench.result("r1"), bench.watch("r1")]) {
      await expect(asked).rejects.toThrow("This bench is closed. Open another with openBench.");
    }
    await bench.close();
  });

  it("a run of a script's own method says where it can go on", async () => {
    const { folder } = given();
    const own = { ...builtIn.methods.find(({ name }) => name === "open-loop")!, name: "mine" };
    const stop = new AbortController();
    const bench = await openBench({
      workspace: folder,
      chip: "emulator:pcm-64?state=none",
      extensions: { methods: [own] },
      signal: stop.signal,
      onEvent: ({ type }) => void (type === "started" && stop.abort()),
    });
    const targets = { title: "t", valuesMicrosiemens: new Float32Array(256).fill(5) };
    await expect(bench.program(targets, { method: "mine" })).rejects.toMatchObject({ code: "interrupted" });
    await bench.close();
    const another = await openBench({ workspace: folder });
    await expect(another.resume("r1")).rejects.toThrow(
      /Run r1 was made by a script with its own method, mine\..*openBench\(\{ extensions/,
    );
    await another.close();
  });
});

describe("a chip that is gone", () => {
  it("has its long address in the message once, in the command that makes it safe", () => {
    const address = "serial:/dev/ttyACM0?baud=3000000&chip=pcm-64&tiles=14";
    const lost = new MhoError("link-lost", `The link to the chip at ${address} is gone: it is closed.`);
    const { message } = endedWith(lost, address, { safe: false, reason: lost.message });
    expect(message.split(address).length - 1).toBe(1);
    expect(message).toContain(`Run mho standby --chip '${address}'`);
  });
});

describe("the address of a page for every machine", () => {
  const entry = (address: string, family: "IPv4" | "IPv6", internal: boolean) =>
    ({ address, family, internal, netmask: "", mac: "", cidr: null, scopeid: 0 }) as never;

  it("is the first by which others reach this one", () => {
    const lo = [entry("127.0.0.1", "IPv4", true)];
    const eth0 = [entry("fe80::1", "IPv6", false), entry("192.168.7.5", "IPv4", false)];
    expect(outwardAddress({ lo, eth0 })).toBe("192.168.7.5");
    expect(outwardAddress({ lo })).toBeUndefined();
  });
});

describe("an error of the library", () => {
  it.each([
    ["Name one with --workspace.", "Name one with the option workspace."],
    ["--out t.csv: a model is a JSON file.", "The option out t.csv: a model is a JSON file."],
    ["go on with --accept-unknown-wear.", "go on with the option acceptUnknownWear: true."],
    [
      "mho watch r1 --until 2h --per-decade 6 comes first.",
      "mho watch r1 --until 2h --per-decade 6 comes first.",
    ],
    [
      "Run mho standby --chip 'tcp:h:1?a=b', or give --chip.",
      "Run mho standby --chip 'tcp:h:1?a=b', or give the option chip.",
    ],
  ])("names options, and leaves commands as they are: %s", (told, expected) => {
    const { message, code } = inOptionWords(new MhoError("bad-argument", told)) as MhoError;
    expect([message, code]).toEqual([expected, "bad-argument"]);
  });

  it("tells of a workspace that is not there by the option that names it", async () => {
    const bench = await benchIn(given().folder);
    await expect(bench.runs()).rejects.toThrow(/Name one with the option workspace\.$/);
    await bench.close();
  });

  it("refuses an option that a call does not have", async () => {
    const misspelt = { pulsePerDevice: 3 } as object;
    await expect(openBench({ workspce: "lab" } as object)).rejects.toThrow(
      /openBench has no option workspce/,
    );
    const bench = await benchIn(given().folder);
    await expect(bench.program("t.csv", misspelt)).rejects.toThrow(
      /program has no option pulsePerDevice\. It has method, .*pulsesPerDevice/,
    );
    await bench.close();
  });
});
