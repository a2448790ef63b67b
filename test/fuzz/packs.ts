import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { openBench } from "../../lab/bench.ts";
import { type OpenSurface, surface } from "./surface.ts";
import { smallWorkspace } from "./workspaces.ts";

export const packSurfaces = [surface("pack", 5, openPacks)];

/** Each input is what a pack holds, with a checksum that is right, unpacked into a workspace of its own. */
async function openPacks(): Promise<OpenSurface> {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  const [file, given] = [join(folder, "given.mhopack"), join(folder, "given")];
  await smallWorkspace(join(folder, "whole"));
  const bench = await openBench({ workspace: join(folder, "whole") });
  await bench.pack("r1", { out: file });
  await bench.close();
  const whole = gunzipSync(readFileSync(file));
  const body = whole.subarray(0, whole.lastIndexOf('{"sha256"'));
  return {
    corpus: [new Uint8Array(body)],
    language: "binary",
    async feed(damaged) {
      const sha256 = createHash("sha256").update(damaged).digest("hex");
      writeFileSync(file, gzipSync(Buffer.concat([damaged, Buffer.from(`${JSON.stringify({ sha256 })}\n`)])));
      rmSync(given, { recursive: true, force: true });
      const other = await openBench({ workspace: given });
      try {
        return (await other.unpack(file)).runs.length > 0;
      } finally {
        await other.close();
      }
    },
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}
