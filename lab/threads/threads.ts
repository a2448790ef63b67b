import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { assert, MhoError } from "../../src/errors.ts";
import { packageRoot } from "../packageRoot.ts";
import { begin, type JobName, type Jobs } from "./jobs.ts";

/**
 * Does a job for each of the inputs, on as many threads as there are processor cores, or in this one where there is one core or
 * little to do. What comes of an input depends on it alone, so the digits are the same with any number of threads.
 *
 * @param onOutput  hears of outputs in the order of their inputs, as soon as all before are there.
 * @throws whatever the job throws; the threads have ended then.
 */
export async function doInThreads<J extends JobName>(
  job: J,
  setup: Jobs[J]["setup"],
  inputs: readonly Jobs[J]["input"][],
  { onOutput = () => {}, onShare = () => {}, isLong = false, signal, ...options }: ThreadOptions<J> = {},
): Promise<Jobs[J]["output"][]> {
  const outputs = inputs.map((): Jobs[J]["output"] | undefined => undefined);
  let told = 0;
  const done = (index: number, output: Jobs[J]["output"]): void => {
    outputs[index] = output;
    while (told < inputs.length && outputs[told] !== undefined) onOutput(outputs[told++]!);
  };
  const count = Math.min(options.threads ?? threadsFor(inputs.length, isLong), inputs.length);
  if (count < 1 || !existsSync(threadMain)) {
    const work = await begin(job, setup);
    for (const [index, input] of inputs.entries()) {
      refuseStopped(signal);
      done(index, await work(input, (share) => onShare(index, share)));
    }
  } else {
    const started = Array.from({ length: count }, () => new Thread(job, setup));
    let next = 0;
    try {
      await Promise.all(
        started.map(async (thread) => {
          while (next < inputs.length) {
            refuseStopped(signal);
            const index = next++;
            done(index, await thread.do(inputs[index]!, (share) => onShare(index, share)));
          }
        }),
      );
    } finally {
      await Promise.all(started.map((thread) => thread.end()));
    }
  }
  assert(told === inputs.length, "every input has its output");
  return outputs as Jobs[J]["output"][];
}

export interface ThreadOptions<J extends JobName> {
  readonly onOutput?: (output: Jobs[J]["output"]) => void;
  /** Hears how much of an input is done, 0 … 1, where the job can tell. */
  readonly onShare?: (index: number, share: number) => void;
  /** Whether the work may take seconds: it goes to other threads then, so that this one can tell how it goes. */
  readonly isLong?: boolean;
  /** How many (one a processor core where there are several inputs); 0 does the work in this one. */
  readonly threads?: number;
  /** Ends the work before the next input. */
  readonly signal?: AbortSignal | undefined;
}

/** A thread that does one job. */
export class Thread<J extends JobName> {
  readonly #worker: Worker;

  constructor(job: J, setup: Jobs[J]["setup"]) {
    this.#worker = new Worker(threadMain, { workerData: { job, setup } });
    // One that has nothing to do keeps no program alive.
    this.#worker.unref();
  }

  /** One input at a time. */
  do(input: Jobs[J]["input"], onShare: (share: number) => void = () => {}): Promise<Jobs[J]["output"]> {
    const worker = this.#worker;
    worker.ref();
    return new Promise<Jobs[J]["output"]>((resolve, reject) => {
      const answered = ({ share, output, error }: Answer<J>): void => {
        if (share !== undefined) {
          onShare(share);
          return;
        }
        stop();
        if (error === undefined) resolve(output!);
        else reject(error instanceof Error ? error : new MhoError(error.code, error.message, error.facts));
      };
      const failed = (error: Error): void => {
        stop();
        reject(error);
      };
      const ended = (): void => failed(new Error("a thread ended before its work was done"));
      const stop = (): void => {
        worker.off("message", answered).off("error", failed).off("exit", ended).unref();
      };
      worker.on("message", answered).on("error", failed).on("exit", ended);
      worker.postMessage(input);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

interface Answer<J extends JobName> {
  readonly share?: number;
  readonly output?: Jobs[J]["output"];
  readonly error?: Fault;
}

type Fault = Error | Pick<MhoError, "code" | "message" | "facts">;

/**
 * Begins work that ends in other threads, and gives what waits for it. From the sources there are none: the work begins only when it is
 * waited for then, so that it holds up nothing else.
 */
export function beside<T>(work: () => Promise<T>): () => Promise<T> {
  if (fromSources || !existsSync(threadMain)) return work;
  const begun = work();
  // Who waits for it hears of a failure.
  begun.catch(() => undefined);
  return () => begun;
}

/** There may be no built thread then, or an older one. */
const fromSources = import.meta.url.endsWith(".ts");

function threadsFor(inputs: number, isLong: boolean): number {
  if (fromSources || (inputs < worthThreads && !isLong)) return 0;
  const cores = availableParallelism();
  return cores === 1 && !isLong ? 0 : cores;
}

/** A thread takes a tenth of a second to load its code. */
const worthThreads = 4;

function refuseStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new MhoError("interrupted", "Stopped during a calculation.");
}

/** Threads run what is built: Node starts no worker from the sources that the tests import. */
const threadMain = new URL("dist/lab/threads/threadMain.js", packageRoot);
