import { randomInt } from "node:crypto";
import { decodeIdentity, encodeHello, kinds } from "../../protocols/packet/messages.ts";
import type { ChipAnswer } from "../dialect.ts";
import { inTime } from "../inTime.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import { plain } from "../linkErrors.ts";
import type { Transport } from "../transport.ts";
import { noReply, RequestQueue } from "./requests.ts";

/** Says hello, and reads who answers. */
export async function probePacket(
  transport: Transport,
  deadlineMilliseconds: number,
  log: Log = noLog,
): Promise<ChipAnswer | undefined> {
  const requests = new RequestQueue(transport, transport.port, randomInt(1, 0xffffffff), {
    marginMilliseconds: deadlineMilliseconds / 4,
    windowBytes: 4096,
    attempts: 4,
    log,
  });
  const hello = { kind: kinds.hello, body: encodeHello(), what: "hello", replyBytes: 256 };
  const reply = await inTime(
    requests.ask(hello).catch((error: unknown) => {
      log.warn({ port: transport.port, error: loggedError(error) }, "the port did not answer a hello");
      return noReply;
    }),
    deadlineMilliseconds,
  );
  const identity = reply === undefined || typeof reply === "symbol" ? undefined : decodeIdentity(reply);
  if (identity === undefined) return undefined;
  const { name, firmware, serialNumber } = identity;
  return { name: plain(name), firmware: plain(firmware), serialNumber: plain(serialNumber) };
}
