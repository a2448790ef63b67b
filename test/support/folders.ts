import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";

const made: string[] = [];

/** An empty folder of the test's own, gone when the test is over. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mho-test-"));
  made.push(folder);
  return folder;
}

/** To be called once in every file that uses `emptyFolder`. */
export function removeFoldersAfterEach(): void {
  afterEach(removeFolders);
}

/** The same for a file whose tests share what one of them made. */
export function removeFoldersAfterAll(): void {
  afterAll(removeFolders);
}

function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
