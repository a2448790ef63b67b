import type { Question } from "../../src/run/questions.ts";
import type { JobLine, RunLine, RunState } from "../liveState.ts";
import type { NetworkLine, NetworkState } from "../networkState.ts";

export interface Line {
  close(): void;
}

/** What a server says of itself. */
export interface Hello {
  readonly workspace: string;
  readonly now: string;
  readonly readOnly: boolean;
  /** Its address, where it has the runs of many benches; null for a folder. */
  readonly server: string | null;
}

export interface Listener {
  /** `now` is what the server's clock shows. */
  hello(value: Hello): void;
  /** Now and then: what the server's clock shows. */
  alive(now: string): void;
  networks(value: readonly NetworkLine[]): void;
  runs(value: readonly RunLine[]): void;
  /** What programs ask, and wait for. */
  questions(value: readonly Question[]): void;
  /** Jobs that are not over. */
  queue(value: readonly JobLine[]): void;
  run(value: RunState): void;
  network(value: NetworkState): void;
  /** There is something new of the benches. */
  fleet(version: number): void;
  trouble(text: string | null): void;
  /** The server wants the token first. */
  refused(): Promise<void>;
  status(status: "connecting" | "live" | "lost"): void;
}

const kinds = [
  "hello",
  "networks",
  "runs",
  "questions",
  "queue",
  "run",
  "network",
  "fleet",
  "trouble",
  "alive",
] as const;
const silenceMilliseconds = 12_000;
const waitMilliseconds = 1500;

/** Listens to the server and, when it is gone or falls silent, tries again for as long as the page is open. */
export function connect(address: string, listener: Listener): Line {
  let source: EventSource | undefined;
  let heardAt = performance.now();
  let again: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const open = (): void => {
    source?.close();
    heardAt = performance.now();
    source = new EventSource(address);
    source.onopen = () => listener.status("live");
    for (const kind of kinds) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        heardAt = performance.now();
        listener[kind](JSON.parse(data) as never);
      });
    }
    source.onerror = () => {
      source?.close();
      listener.status("lost");
      void retry();
    };
  };
  /** An EventSource does not say why it failed; a plain request does. */
  const retry = async (): Promise<void> => {
    clearTimeout(again);
    const status = await fetch("api/runs").then(
      (answer) => answer.status,
      () => 0,
    );
    if (closed) return;
    if (status === 401) return listener.refused();
    again = setTimeout(open, waitMilliseconds);
  };
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt < silenceMilliseconds) return;
    listener.status("lost");
    open();
  }, 2000);

  listener.status("connecting");
  open();
  return {
    close() {
      closed = true;
      clearTimeout(again);
      clearInterval(watchdog);
      source?.close();
    },
  };
}
