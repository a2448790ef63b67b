// A thread of its own: sets its job up, and answers each message with what comes of it.
import { parentPort, workerData } from "node:worker_threads";
import { MhoError } from "../../src/errors.ts";
import { begin, type JobName, type Jobs } from "./jobs.ts";

const { job, setup } = workerData as { job: JobName; setup: Jobs[JobName]["setup"] };
const port = parentPort!;
// What fails while the job is set up is told in answer to its first input.
const begun = begin(job, setup);
begun.catch(() => undefined);
port.on("message", (input: Jobs[JobName]["input"]) => {
  begun
    .then((work) => work(input as never, (share) => port.postMessage({ share })))
    .then(
      (output) => port.postMessage({ output }),
      (error: unknown) => port.postMessage({ error: plain(error) }),
    );
});

/** What crosses to another thread loses its class. */
function plain(error: unknown): unknown {
  if (!(error instanceof MhoError)) return error;
  const { code, message, facts } = error;
  return { code, message, facts };
}
