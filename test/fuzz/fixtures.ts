import { readFileSync } from "node:fs";

/** A file of the repository, whether this runs from the sources or from `dist`. */
export function repositoryFile(path: string): Uint8Array {
  const up = import.meta.url.includes("/dist/test/") ? "../../../" : "../../";
  return new Uint8Array(readFileSync(new URL(up + path, import.meta.url)));
}

export function weightsFixture(name: string): Uint8Array {
  return repositoryFile(`test/fixtures/weights/${name}`);
}
