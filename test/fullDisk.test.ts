import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openOutput } from "../cli/output.ts";
import { listenForStop } from "../cli/stop.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const full = "/dev/full";

describe.skipIf(!existsSync(full))("a disk that is full", () => {
  it("cuts a transcript off, and nothing else: the run goes on to its end, the chip is in standby, and the end says so", async () => {
    const folder = emptyFolder();
    const targets = join(folder, "t.csv");
    writeFileSync(targets, `${Array.from({ length: 256 }, (_, i) => 3 + (i % 15)).join()}\n`);
    const at = ["--workspace", folder, "--transcript", full];
    for (const dialect of ["packet", "scpi"]) {
      const chip = `emulator:pcm-64?dialect=${dialect}`;
      const { code, out, err } = await mho("program", targets, "--unit", "uS", "--chip", chip, ...at);
      expect([code, err]).toEqual([
        4,
        expect.stringMatching(/^mho: The transcript \/dev\/full is cut off: .*full/),
      ]);
      expect(out).toMatch(/done after .*; the chip is in standby/);
      const standby = await mho("standby", "--chip", chip, ...at);
      expect([standby.code, standby.out]).toEqual([4, expect.stringContaining("is in standby")]);
    }
  });

  it("is said where help was to go there", () => {
    const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
    for (const flag of ["--help", "--version"]) {
      const out = openSync(full, "w");
      const { status, stderr } = spawnSync(process.execPath, [main, flag], {
        stdio: ["ignore", out, "pipe"],
        encoding: "utf8",
      });
      closeSync(out);
      expect([status, stderr]).toEqual([
        4,
        expect.stringMatching(/^mho: Cannot write the output: the disk is full/),
      ]);
    }
  });
});

describe("a signal that would end a command", () => {
  /** They end nothing, cannot be caught, are Node's own, or say that the program itself is wrong. */
  const others =
    /^SIG(KILL|STOP|CONT|CHLD|URG|WINCH|TSTP|TTIN|TTOU|INFO|USR1|PIPE|XFSZ|SEGV|BUS|FPE|ILL|IOT|POLL|UNUSED)$/;

  it.each(Object.keys(constants.signals).filter((name) => !others.test(name)))(
    "asks it to stop: %s",
    (name) => {
      const stop = listenForStop(openOutput({ quiet: true }));
      try {
        process.emit(name as NodeJS.Signals);
        expect(stop.signal.aborted).toBe(true);
      } finally {
        stop.release();
      }
    },
  );

  it("is none where Node measures its own time by SIGPROF: a command can be profiled", () => {
    const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
    const folder = emptyFolder();
    const flags = ["--cpu-prof", "--cpu-prof-interval", "100", "--cpu-prof-dir", join(folder, "profile")];
    const { status, stderr } = spawnSync(
      process.execPath,
      [...flags, main, "read", "--chip", "emulator:pcm-64", "--workspace", folder, "--quiet"],
      { encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(readdirSync(join(folder, "profile")).length).toBeGreaterThan(0);
  });
});
