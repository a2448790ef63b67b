import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Transport } from "../../drivers/transport.ts";

/** A line under test and its far end, which echoes every byte. */
export interface EchoedLine {
  readonly transport: Transport;
  /** Ends the line from the far side, where that can be done. */
  hangUp?(): void;
  dispose(): void;
}

/** What every transport owes. */
export function transportContract(name: string, open: () => Promise<EchoedLine>): void {
  describe(`${name} as a transport`, () => {
    let line: EchoedLine;
    beforeEach(async () => {
      line = await open();
    });
    afterEach(async () => {
      await line.transport.close();
      line.dispose();
    });

    it("carries every byte value both ways, in order", async () => {
      const sent = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) & 0xff);
      const received = collect(line.transport, sent.length);
      await line.transport.write(sent);
      expect(await received).toEqual([...sent]);
    });

    it("keeps the order of writes that were not waited for", async () => {
      const received = collect(line.transport, 50);
      await Promise.all(Array.from({ length: 50 }, (_, i) => line.transport.write(Uint8Array.of(i))));
      expect(await received).toEqual([...Array(50).keys()]);
    });

    it("says once that it was closed, refuses to write after that, and may be closed again", async () => {
      let closed = 0;
      const told = new Promise<void>((resolve) =>
        line.transport.onClosed(() => {
          closed++;
          resolve();
        }),
      );
      await line.transport.close();
      await line.transport.close();
      await told;
      await expect(line.transport.write(Uint8Array.of(1))).rejects.toMatchObject({ code: "link-lost" });
      expect(closed).toBe(1);
    });

    it("says that it was closed when the far end goes away", async ({ skip }) => {
      if (line.hangUp === undefined) return skip();
      const told = new Promise<string>((resolve) => line.transport.onClosed(resolve));
      line.hangUp();
      expect(await told).not.toBe("");
    });
  });
}

function collect(transport: Transport, count: number): Promise<number[]> {
  const received: number[] = [];
  return new Promise((resolve) =>
    transport.onBytes((bytes) => {
      received.push(...bytes);
      if (received.length >= count) resolve(received);
    }),
  );
}
