import { fileURLToPath } from "node:url";
import { type BytePeer, connectInProcess } from "../../drivers/inProcess.ts";
import { PacketDriver } from "../../drivers/packet/packetDriver.ts";
import { noFaults } from "../../emulator/faults.ts";
import { PacketFirmware } from "../../emulator/packetFirmware.ts";
import { pcm64 } from "../../emulator/presets.ts";
import { readChipDescription } from "../../files/chipDescription.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { Clock } from "../../src/clock.ts";

/** A clock that nobody waits for. */
export function stillClock(): Clock {
  let now = 0;
  return {
    nowMicroseconds: () => now,
    sleep(duration) {
      now += duration;
      return Promise.resolve();
    },
  };
}

export async function describePcm64(tiles = 1): Promise<ChipDescription> {
  const description = await readChipDescription(
    fileURLToPath(new URL("../../chips/pcm-64.json", import.meta.url)),
  );
  return { ...description, geometry: { ...description.geometry, tiles } };
}

/** One frame in twenty is damaged, one cut, one doubled, one late, one reply lost. */
export const fivePercent = {
  ...noFaults.line,
  damaged: 0.05,
  dropped: 0.05,
  duplicated: 0.05,
  late: 0.05,
  lostReplies: 0.05,
};

export interface TestChip {
  readonly driver: PacketDriver;
  readonly firmware: PacketFirmware;
  readonly description: ChipDescription;
}

/** An emulated chip in this process, by way of a line that a test may spoil. */
export async function openTestChip(
  options: {
    tiles?: number;
    seed?: number;
    deadlineMilliseconds?: number;
    line?: (peer: BytePeer) => BytePeer;
  } = {},
): Promise<TestChip> {
  const description = await describePcm64(options.tiles);
  const firmware = new PacketFirmware(pcm64(options.tiles ?? 1), options.seed ?? 7);
  const peer = { receive: (bytes: Uint8Array) => firmware.receive(bytes, 0) };
  const driver = new PacketDriver(connectInProcess(options.line?.(peer) ?? peer), {
    address: "emulator:pcm-64",
    description,
    session: 1234,
    deadlineMilliseconds: options.deadlineMilliseconds ?? 20,
  });
  return { driver, firmware, description };
}

/** Loses, repeats and damages frames both ways, on a seed. */
export function spoiledLine(random: () => number, rate: number): (peer: BytePeer) => BytePeer {
  const spoil = (bytes: Uint8Array): Uint8Array[] => {
    const chance = random();
    if (chance < rate) return [];
    if (chance < 2 * rate) return [bytes, bytes];
    if (chance < 3 * rate) {
      const damaged = Uint8Array.from(bytes);
      damaged[Math.floor(random() * (bytes.length - 1))]! ^= 1 + Math.floor(random() * 255);
      return [damaged];
    }
    return [bytes];
  };
  return (peer) => ({
    receive: (bytes) =>
      spoil(bytes).flatMap((sent) =>
        peer.receive(sent).flatMap((answer) => spoil(answer instanceof Uint8Array ? answer : answer.bytes)),
      ),
  });
}
