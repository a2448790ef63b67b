import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeWhole } from "../files/writeWhole.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const write = (path: string): Promise<void> => writeWhole(path, "new", "Name another file.");

describe("a file that is written whole", () => {
  it("replaces the file that a link leads to, and leaves the link", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "elsewhere"));
    const file = join(folder, "elsewhere", "real.csv");
    writeFileSync(file, "old");
    symlinkSync(join("elsewhere", "real.csv"), join(folder, "link.csv"));
    await write(join(folder, "link.csv"));
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(lstatSync(join(folder, "link.csv")).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["elsewhere", "link.csv"]);
    expect(readdirSync(join(folder, "elsewhere"))).toEqual(["real.csv"]);
  });

  it("is made where a link leads to that has no file yet", async () => {
    const folder = emptyFolder();
    symlinkSync("later.csv", join(folder, "newest.csv"));
    symlinkSync("newest.csv", join(folder, "link.csv"));
    await write(join(folder, "link.csv"));
    expect(readFileSync(join(folder, "later.csv"), "utf8")).toBe("new");
    for (const link of ["newest.csv", "link.csv"]) {
      expect(lstatSync(join(folder, link)).isSymbolicLink()).toBe(true);
    }
  });

  it("is none where a link leads back to itself", async () => {
    const path = join(emptyFolder(), "round.csv");
    symlinkSync("round.csv", path);
    await expect(write(path)).rejects.toThrow(
      `Cannot write ${path}: it is a link that leads back to itself. Name another file.`,
    );
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it.runIf(process.platform === "linux")("is none in place of a pipe or a device", async () => {
    const folder = emptyFolder();
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    symlinkSync("/dev/null", join(folder, "nothing"));
    for (const path of [pipe, join(folder, "nothing")]) {
      await expect(write(path)).rejects.toThrow(
        `Cannot write ${path}: it is not an ordinary file. Name another file.`,
      );
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["nothing", "pipe"]);
  });

  it("makes no folder, and names the one that is not there", async () => {
    const folder = emptyFolder();
    const path = join(folder, "resluts", "run.csv");
    await expect(write(path)).rejects.toMatchObject({
      code: "output-failed",
      message: `Cannot write ${path}: there is no folder ${join(folder, "resluts")}. Name another file.`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is none where a folder stands", async () => {
    const folder = emptyFolder();
    await expect(write(folder)).rejects.toThrow(`Cannot write ${folder}: it is a folder. Name another file.`);
  });
});
