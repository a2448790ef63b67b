import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A file system of a world's own, small enough to be filled, where this machine lets one be mounted. */
export class SmallDisk {
  readonly folder: string;
  readonly #mount: string;

  private constructor(mount: string) {
    this.#mount = mount;
    this.folder = join(mount, "world");
    mkdirSync(this.folder);
  }

  /** Undefined where it may not be mounted: Linux asks for root. */
  static mountedAt(folder: string): SmallDisk | undefined {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", folder], { stdio: "ignore" });
    } catch {
      return undefined;
    }
    mounted.add(folder);
    return new SmallDisk(folder);
  }

  /** Leaves so many bytes free, and no more. */
  fill(freeBytes: number): void {
    const { bavail, bsize } = statfsSync(this.#mount);
    const file = openSync(this.#ballast, "a");
    const part = new Uint8Array(1 << 20);
    for (let left = bavail * bsize - freeBytes; left > 0;) {
      left -= writeSync(file, part, 0, Math.min(left, part.length));
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    unmount(this.#mount);
  }

  get #ballast(): string {
    return join(this.#mount, "ballast");
  }
}

const sizeBytes = 48 << 20;

/** Those that a process which ends early must not leave behind. */
const mounted = new Set<string>();
process.on("exit", () => mounted.forEach(unmount));

function unmount(folder: string): void {
  if (mounted.delete(folder)) execFileSync("umount", ["-l", folder], { stdio: "ignore" });
}
