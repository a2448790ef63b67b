import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import type { ChipAnswer } from "../dialect.ts";
import { inTime } from "../inTime.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import { plain } from "../linkErrors.ts";
import type { Transport } from "../transport.ts";

/** Asks `*IDN?`: any instrument that speaks SCPI says who made it, what it is, its number and its firmware. */
export async function probeScpi(
  transport: Transport,
  deadlineMilliseconds: number,
  log: Log = noLog,
): Promise<ChipAnswer | undefined> {
  let heard = "";
  const said = new Promise<string | undefined>((resolve) => {
    transport.onBytes((bytes) => {
      heard = (heard + textOf(bytes)).slice(-1024);
      const line = identificationIn(heard);
      if (line !== undefined) resolve(line);
    });
  });
  // The line ends whatever the question before left behind.
  await transport
    .write(bytesOf("\n*IDN?\n"))
    .catch((error: unknown) =>
      log.warn({ port: transport.port, error: loggedError(error) }, "the port took no *IDN?"),
    );
  const line = await inTime(said, deadlineMilliseconds);
  if (line === undefined) return undefined;
  const [, name = "", serialNumber = "", firmware = ""] = line.split(",").map((part) => plain(part.trim()));
  return { name, firmware, serialNumber };
}

/** The first whole line of four parts or more. Its pattern has one way to match: commas alone must not keep it busy for ever. */
export function identificationIn(heard: string): string | undefined {
  return /(?:^|\n)([^\n,]*,[^\n,]*,[^\n,]*,[^\n]*)\n/.exec(heard)?.[1];
}
