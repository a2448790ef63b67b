import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The folder of a world's workspace, which every death leaves behind as it was: the next process finds a copy of its files. */
export class Files {
  readonly #folder: string;
  #generation = 0;
  #away: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return join(this.#folder, `g${this.#generation}`);
  }

  /** Nothing was closed, and nothing tidied up. @returns what removes the files of before. */
  succeed(from: "as it is" | "the copy" | "without its -wal"): () => void {
    const before = this.folder;
    this.#generation++;
    const source = from === "the copy" ? this.#copy : before;
    copy(source, this.folder, from === "without its -wal" ? [database] : [database, `${database}-wal`]);
    return () => rmSync(before, { recursive: true });
  }

  backUp(): void {
    rmSync(this.#copy, { recursive: true, force: true });
    copy(this.folder, this.#copy, [database, `${database}-wal`]);
  }

  get #copy(): string {
    return join(this.#folder, "copy");
  }

  get areAway(): boolean {
    return this.#away !== undefined;
  }

  moveAway(replaced: boolean): void {
    if (this.areAway) return;
    this.#away = join(this.#folder, "away");
    renameSync(this.folder, this.#away);
    if (!replaced) return;
    copy(this.#away, this.folder, [database]);
  }

  putBack(): void {
    if (this.#away === undefined) return;
    rmSync(this.folder, { recursive: true, force: true });
    renameSync(this.#away, this.folder);
    this.#away = undefined;
  }
}

function copy(from: string, to: string, names: readonly string[]): void {
  mkdirSync(to);
  for (const name of names) if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
}

const database = "workspace.db";
