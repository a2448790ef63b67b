import type { Uf2Block } from "../../emulator/rp2040/uf2.ts";
import { firmwareImage } from "../../lab/firmware/firmwareImage.ts";

/** The reference firmware under test: the image that is kept, or a new one, which `firmware/rebuild` names. */
export function firmwareUnderTest(): Promise<Uf2Block[]> {
  return firmwareImage(process.env["MHO_FIRMWARE"]);
}
