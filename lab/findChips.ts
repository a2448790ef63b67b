import { builtInDialects, type LabDialect } from "./dialects.ts";
import { type Log, noLog } from "../src/log.ts";
import type { PortInfo } from "../drivers/dialect.ts";
import { type Answer, askPort, isLikely, listPorts, perhapsBoard } from "../drivers/ports.ts";

/** A serial port, and what answered there. */
export interface FoundPort {
  readonly port: PortInfo;
  readonly answer: Answer;
}

/** Asks the serial ports that could hold a chip, or those that are named, who they are. */
export async function findChips(
  named: readonly string[],
  baud: number,
  dialects: readonly LabDialect[] = builtInDialects,
  log: Log = noLog,
): Promise<FoundPort[]> {
  const listed = await listPorts(log);
  const unlisted = named
    .filter((path) => listed.every((port) => port.path !== path))
    .map((path): PortInfo => ({
      path,
      vendor: undefined,
      vendorId: undefined,
      productId: undefined,
      serialNumber: undefined,
    }));
  // All at once: one mute port must not keep the others waiting.
  return Promise.all(
    [...listed, ...unlisted].map(async (port): Promise<FoundPort> => {
      const asked = named.length > 0 ? named.includes(port.path) : isLikely(port);
      const perhaps = perhapsBoard(port, dialects);
      if (perhaps !== undefined) {
        const reason = `perhaps ${perhaps}, and what asks another board may be an order to it`;
        return { port, answer: { kind: "not asked", reason, perhaps } };
      }
      if (!asked) return { port, answer: { kind: "not asked", reason: "no board is likely there" } };
      return { port, answer: await askPort(port.path, baud, dialects, undefined, log) };
    }),
  );
}
