import { describe, expect, it } from "vitest";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm64 } from "../emulator/presets.ts";
import { firstBootOf, isFirstBoot } from "../lab/emulate/firstBoot.ts";

describe("the boot that an emulator begins with", () => {
  it("is another one for another start, and a first boot for each", () => {
    const starts = [1, 2, 3, 4_711, 0x7fff_fffe];
    const boots = starts.map(firstBootOf);
    expect(new Set(boots).size).toBe(starts.length);
    expect(boots.every((boot) => isFirstBoot(boot) && boot > 1 && boot < 0xffff_ffff)).toBe(true);
  });

  it("counts on with each restart, which is no first boot", () => {
    const firmware = new PacketFirmware(pcm64(1), 7);
    expect(firmware.history.boot).toBe(1);
    firmware.boot = firstBootOf(5);
    firmware.restart();
    expect(firmware.history.boot).toBe(firstBootOf(5) + 1);
    expect(isFirstBoot(firmware.history.boot)).toBe(false);
  });
});
