import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { mho as command } from "../../cli/mho.ts";
import type { Finished } from "./commandLine.ts";
import { eventLines } from "./eventLines.ts";

/**
 * The built `mho`, inside this process: what `support/commandLine.ts` starts, without half a second of loading. For claims that are not
 * about a process, its signals or its end. One command runs at a time; what it changes of this process is put back.
 */
export function mho(...args: string[]): Promise<Finished> {
  const finished = before.then(() => run(args));
  before = finished.catch(() => {});
  return finished;
}

let before: Promise<unknown> = Promise.resolve();

async function run(args: readonly string[]): Promise<Finished> {
  const built = fileURLToPath(new URL("../../dist/cli/mho.js", import.meta.url));
  const { mho: work } = (await import(built)) as { mho: typeof command };
  const [out, err] = [new Kept(), new Kept()];
  const { MHO_CHIP: chip, NO_COLOR: colourless } = process.env;
  const streams = (["stdout", "stderr"] as const).map((name) =>
    Object.getOwnPropertyDescriptor(process, name)!,
  );
  const { exitCode } = process;
  delete process.env["MHO_CHIP"];
  process.env["NO_COLOR"] = "1";
  process.exitCode = undefined;
  Object.defineProperty(process, "stdout", { configurable: true, value: out });
  Object.defineProperty(process, "stderr", { configurable: true, value: err });
  let code: number;
  try {
    await work(args);
  } finally {
    code = Number(process.exitCode ?? 0);
    process.exitCode = exitCode;
    Object.defineProperty(process, "stdout", streams[0]!);
    Object.defineProperty(process, "stderr", streams[1]!);
    set("MHO_CHIP", chip);
    set("NO_COLOR", colourless);
  }
  if (args.includes("--json")) eventLines(out.text);
  return { code, out: out.text, err: err.text };
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Keeps what is written, in one piece. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
