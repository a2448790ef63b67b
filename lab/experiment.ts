import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { badFile } from "../files/readFile.ts";
import { MhoError } from "../src/errors.ts";
import type { Registries } from "./registries.ts";

/** What is handed to an experiment beside its bench. */
export interface ExperimentSetting {
  /** Words of the command line after `--`. */
  readonly args: readonly string[];
  /** Aborted when the experiment is asked to stop: long loops look at it. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly say: (text: string) => void;
}

export type ExperimentOptions = Partial<Pick<ExperimentSetting, "args" | "say">>;

/** An experiment of a lab's own: a file that exports `run(bench)`, and methods, dialects and technologies that it brings along. */
export interface Experiment {
  readonly file: string;
  /** SHA-256 of the file; what it imports is not counted. */
  readonly sha256: string;
  readonly extensions: Partial<Registries> | undefined;
  /**
   * @param bench  an open `Bench`. It loads experiments, so its type stands here by name alone.
   * @returns      what is to be told of it: a value that JSON can hold, or nothing.
   */
  readonly run: (bench: unknown, setting: ExperimentSetting) => Promise<unknown>;
}

/**
 * Loads an experiment. Its code runs with all that the user may do, so it is taken from the command line or a script alone.
 *
 * @throws `bad-file` for a file that is not there, cannot be run, or exports no function `run`.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  const file = resolve(path);
  if (!existsSync(file)) throw badFile(path, "there is no such file", "Check the path.");
  if (/\.[cm]?ts$/.test(file) && !readsTypeScript())
    throw badFile(
      path,
      `Node ${process.versions.node} does not read TypeScript`,
      "Use Node 22.18 or newer, or compile it to JavaScript.",
    );
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw badFile(path, `it cannot be loaded: ${placed(error, file)}`, "Mend it and try again.");
  }
  const { run, extensions } = exported;
  if (typeof run !== "function")
    throw badFile(path, "it exports no function run", "Give it one: export async function run(bench) { … }.");
  return {
    file,
    sha256: createHash("sha256").update(readFileSync(file)).digest("hex"),
    extensions: extensions as Partial<Registries> | undefined,
    async run(bench, setting) {
      const idle = whenNothingIsLeft();
      try {
        return await Promise.race([
          Promise.resolve((run as Experiment["run"])(bench, setting)),
          idle.promise.then(() => {
            throw badFile(
              path,
              "run(bench) waits for a promise that nothing settles any more",
              "Look for an await whose promise is never resolved. The runs that it began are in the workspace.",
            );
          }),
        ]);
      } catch (error) {
        // What the bench says is already what happened and what to do.
        if (error instanceof MhoError) throw error;
        throw badFile(
          path,
          `run(bench) failed: ${placed(error, file)}`,
          "Chips that it used are in standby, and its runs are in the workspace.",
        );
      } finally {
        idle.forget();
      }
    },
  };
}

/**
 * What JSON can hold of what an experiment returned; typed arrays become lists.
 *
 * @throws `bad-file` for what it cannot hold, such as a value that holds itself.
 */
export function valueAsJson(path: string, value: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_, part: unknown) =>
      ArrayBuffer.isView(part) && !(part instanceof DataView)
        ? Array.from(part as unknown as ArrayLike<number>)
        : part,
    ) as string | undefined;
  } catch (error) {
    const [why] = (error as Error).message.split("\n");
    throw badFile(
      path,
      `JSON cannot hold what run(bench) returned (${why})`,
      "Return numbers, texts, lists and plain objects. The runs that it began are in the workspace.",
    );
  }
  return text === undefined ? null : (JSON.parse(text) as unknown);
}

/**
 * Resolves when nothing is left that could wake this process. Node ends it then, whatever is still awaited, and says nothing: a worker
 * would leave its queue.
 */
function whenNothingIsLeft() {
  let wake = (): void => {};
  const promise = new Promise<void>((resolve) => (wake = resolve));
  process.once("beforeExit", wake);
  return { promise, forget: () => process.off("beforeExit", wake) };
}

/** The error's message and, where the file's own code is on its stack, the line. */
function placed(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack = "" } = error;
  const at = stack.split("\n").find((line) => line.includes(basename(file)));
  const place = at === undefined ? undefined : /:(\d+)(?::\d+)?\)?$/.exec(at.trim())?.[1];
  return `${name}: ${message}${place === undefined ? "" : `, line ${place}`}`;
}

function readsTypeScript(): boolean {
  return Boolean((process.features as { readonly typescript?: unknown }).typescript);
}
