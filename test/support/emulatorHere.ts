import { onTestFinished } from "vitest";
import { type EmulateOptions, type Emulation, emulate } from "../../lab/emulate/emulate.ts";

/**
 * What `mho emulate` serves, by this process and until the test is over: for claims that are about the other end of the line. Over loopback
 * TCP where no other line is asked for.
 */
export async function emulatorHere(
  preset: string,
  options: Partial<EmulateOptions> & { readonly pty?: boolean } = {},
): Promise<Emulation> {
  const { pty = false, ...others } = options;
  const emulation = await emulate(preset, {
    seed: 7,
    pace: false,
    tcpPort: pty ? undefined : 0,
    onReplugged() {},
    ...others,
  });
  const ticking = setInterval(() => emulation.tick(), 250);
  onTestFinished(() => {
    clearInterval(ticking);
    emulation.close();
  });
  return emulation;
}
