import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { snakeKeys } from "../../files/keys.ts";
import { MhoError } from "../../src/errors.ts";
import { harmless } from "../../src/harmless.ts";
import type { BenchEvent } from "../events.ts";
import type { JobEnd } from "./doJob.ts";
import type { Hooks } from "./queueOptions.ts";

const hookMilliseconds = 10_000;
const webhookMilliseconds = 5000;
const webhookTries = 3;

/** Throws `bad-argument` for a hook that could not be called at night. */
export function checkHooks({ onEnd, webhook }: Hooks): void {
  if (onEnd !== undefined && !isProgram(onEnd)) {
    throw new MhoError(
      "bad-argument",
      `--on-end ${harmless(onEnd, 200)}: there is no such program that may be executed (on Unix, chmod +x lets a script be). Name one, without arguments; a script of your own can hold them.`,
    );
  }
  if (webhook === undefined) return;
  const url = urlOf(webhook);
  if (url !== undefined && url.username === "" && url.password === "" && isAllowed(url)) return;
  throw new MhoError(
    "bad-argument",
    `--webhook ${harmless(webhook, 200)}: give an address that begins with https://, or with http:// and this machine (localhost, 127.0.0.1), and holds no password.`,
  );
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isAllowed({ protocol, hostname }: URL): boolean {
  return (
    protocol === "https:" ||
    (protocol === "http:" &&
      (/^127\.\d+\.\d+\.\d+$/.test(hostname) || ["localhost", "[::1]"].includes(hostname)))
  );
}

function isProgram(name: string): boolean {
  if (name === "") return false;
  if (/[/\\]/.test(name)) return mayRun(name);
  const endings = process.platform === "win32" ? (process.env["PATHEXT"] ?? ".EXE").split(";") : [""];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.some((folder) => endings.some((ending) => mayRun(join(folder, name + ending))));
}

function mayRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Tells both of how a job ended. Never rejects: what fails is told as an event. */
export async function tellHooks(
  { onEnd, webhook }: Hooks,
  workspace: string,
  end: JobEnd,
  emit: (event: BenchEvent) => void,
): Promise<void> {
  const body = JSON.stringify(resultOf(workspace, end));
  const told = async (hook: string, call: () => Promise<void>): Promise<void> => {
    try {
      await call();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      emit({ type: "hook_failed", hook, message: harmless(message, 300) });
    }
  };
  await Promise.all([
    onEnd === undefined ? undefined : told(onEnd, () => start(onEnd, body)),
    // Its path may hold a secret.
    webhook === undefined ? undefined : told(new URL(webhook).origin, () => post(webhook, body)),
  ]);
}

function resultOf(workspace: string, { job, outcome, runs, seconds, error }: JobEnd) {
  const { id, command, subjects, text, chip, begunAt } = job;
  const told = {
    job: id,
    outcome,
    command,
    subjects,
    text,
    chip,
    begunAt,
    seconds,
    runs,
    error: error ?? null,
  };
  return { format: "mho-job-ended", version: 1, workspace, ...(snakeKeys(told) as object) };
}

function start(program: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: hookMilliseconds, killSignal: "SIGKILL", maxBuffer: 1_000_000 } as const;
    const child = execFile(program, [], limits, (error) => {
      if (error === null) return resolve();
      const { killed = false, code, signal } = error;
      const how = killed
        ? `it took more than ${hookMilliseconds / 1000} s, and was ended`
        : `it ended with ${signal ?? code}`;
      reject(new Error(`${program}: ${how}`));
    });
    // One that does not read its input has ended, or does not care.
    child.stdin?.on("error", () => {});
    child.stdin?.end(body);
  });
}

async function post(address: string, body: string): Promise<void> {
  let last = "";
  for (let n = 0; n < webhookTries; n++) {
    if (n > 0) await setTimeout(250 * 2 ** n);
    try {
      const answer = await fetch(address, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
        redirect: "manual",
        signal: AbortSignal.timeout(webhookMilliseconds),
      });
      // What it says is of no interest, and may be endless.
      await answer.body?.cancel();
      if (answer.ok) return;
      last =
        answer.status >= 300 && answer.status < 400
          ? "it redirects, which is not followed"
          : `it answered ${answer.status}`;
      if (answer.status < 500 && answer.status !== 429) break;
    } catch (error) {
      const { name, cause, message } = error as Error;
      last =
        name === "TimeoutError"
          ? `no answer in ${webhookMilliseconds / 1000} s`
          : String((cause as Error | undefined)?.message ?? message);
    }
  }
  throw new Error(last);
}
