import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs a command where packages that match are missing. */
function mhoWithout(missing: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const given = ["--require", here("support/withoutPackages.cjs"), here("../dist/cli/main.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, {
    encoding: "utf8",
    cwd: emptyFolder(),
    env: { ...process.env, MHO_TEST_MISSING: missing },
  });
  return { code: status, out: stdout, err: stderr };
}

describe("a native package that is missing", () => {
  it("fails the commands that need it, in one sentence with what to use instead", () => {
    const pty = mhoWithout("node-pty", "emulate", "pcm-64");
    expect([pty.code, pty.err.trim().split("\n").length]).toEqual([3, 1]);
    expect(pty.err).toMatch(/^mho: The package @lydell\/node-pty.* cannot be loaded: .*--tcp 0/);
    const ports = mhoWithout("bindings-cpp", "ports");
    expect([ports.code, ports.err.trim().split("\n").length]).toEqual([3, 1]);
    expect(ports.err).toMatch(/^mho: The package serialport.* cannot be loaded: .*tcp:HOST:PORT/);
    const opened = mhoWithout("bindings-cpp", "read", "serial:/dev/ttyACM0?chip=pcm-64");
    expect([opened.code, opened.err]).toEqual([3, expect.stringContaining("The package serialport")]);
  });

  it("leaves the others as they are", () => {
    const targets = join(emptyFolder(), "t.csv");
    writeFileSync(targets, `${Array(256).fill("5").join()}\n`);
    const program = ["program", targets, "--chip", "emulator:pcm-64?state=none", "--dry-run", "--unit", "uS"];
    expect(mhoWithout("node-pty|bindings-cpp", ...program)).toMatchObject({ code: 0, err: "" });
    expect(mhoWithout("node-pty|bindings-cpp", "show", "pcm-90nm")).toMatchObject({ code: 0, err: "" });
  });

  it("is named where nothing works without it", () => {
    const { code, err } = mhoWithout("photostructure|sqlite.*node$", "show");
    expect([code, err.trim().split("\n").length]).toEqual([4, 1]);
    expect(err).toMatch(/^mho: The package @photostructure\/sqlite/);
  });
});
