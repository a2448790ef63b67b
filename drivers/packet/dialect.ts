import type { Dialect } from "../dialect.ts";
import { PacketDriver } from "./packetDriver.ts";
import { probePacket } from "./probe.ts";
import { PacketTrials } from "./trials.ts";
import { readPacketTranscript } from "./transcript.ts";

/** The binary dialect of mho's own boards: protocols/packet/README.md. */
export const packet: Dialect = {
  name: "packet",
  line: "bytes",
  open: (transport, options) => new PacketDriver(transport, options),
  probe: probePacket,
  trials: (transport, options) => new PacketTrials(transport, options),
  readTranscript: readPacketTranscript,
};
