import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench, type StampedEvent } from "../lab/index.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const chip = "emulator:pcm-64?seed=5&births=sound";

/** Does one short job with hooks. */
async function work(hooks: { onEnd?: string; webhook?: string }): Promise<StampedEvent[]> {
  const events: StampedEvent[] = [];
  const bench = await openBench({
    workspace: join(emptyFolder(), "w"),
    chip,
    config: "none",
    onEvent: (event) => void events.push(event),
  });
  try {
    await bench.queue.add("measure", "yield", { row: 0 });
    expect(await bench.work(hooks)).toMatchObject({ done: ["j1"] });
    return events.filter(({ type }) => type === "hook_failed");
  } finally {
    await bench.close();
  }
}

function script(text: string): string {
  const file = join(emptyFolder(), "hook.sh");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function served<T>(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
  act: (address: string) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}/told?key=secret`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe.skipIf(process.platform === "win32")("--on-end", () => {
  it("is started after a job, with its result on stdin and no argument", async () => {
    const out = join(emptyFolder(), "told.json");
    expect(await work({ onEnd: script(`[ $# = 0 ] && cat > ${out}`) })).toEqual([]);
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({
      format: "mho-job-ended",
      version: 1,
      job: "j1",
      outcome: "done",
      command: "measure",
      runs: ["r1"],
      chip,
      error: null,
    });
  });

  it("that fails is told of, and keeps no job from being done", async () => {
    expect(await work({ onEnd: script("exit 3") })).toMatchObject([
      { message: expect.stringMatching(/ended with 3/) as string },
    ]);
    expect(await work({ onEnd: script("exec 0<&-; exit 0") })).toEqual([]);
  });

  it.each(["", "no-such-program-anywhere", "/etc", "rm -rf x"])(
    "%j is refused before any job begins",
    async (onEnd) => {
      await expect(work({ onEnd })).rejects.toThrow(/there is no such program/);
    },
  );
});

describe("--webhook", () => {
  it("is posted the result, and its path is told to no one", async () => {
    const bodies: string[] = [];
    const failed = await served(
      (request, body, response) => {
        bodies.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(404).end();
      },
      (webhook) => work({ webhook }),
    );
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(/^POST \/told\?key=secret \{"format":"mho-job-ended".*"job":"j1"/);
    expect(failed).toMatchObject([{ message: "it answered 404" }]);
    expect(JSON.stringify(failed)).not.toContain("secret");
  });

  it("follows no redirect, and is tried three times where the server has a fault", async () => {
    let asked = 0;
    const redirected = await served(
      (_request, _, response) => {
        asked++;
        response.writeHead(302, { location: "/elsewhere" }).end();
      },
      (webhook) => work({ webhook }),
    );
    expect([asked, redirected]).toMatchObject([1, [{ message: "it redirects, which is not followed" }]]);
    let tries = 0;
    const mended = await served(
      (_request, _, response) => void response.writeHead(++tries < 3 ? 503 : 200).end(),
      (webhook) => work({ webhook }),
    );
    expect([tries, mended]).toEqual([3, []]);
  });

  it.each([
    "http://example.org/x",
    "ftp://127.0.0.1/x",
    "https://me:pass@example.org/",
    "file:///etc/passwd",
    "http://127.0.0.1.example.org/",
    "somewhere",
  ])("%s is refused", async (webhook) => {
    await expect(work({ webhook })).rejects.toThrow(/begins with https/);
  });
});
