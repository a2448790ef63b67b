import { missingPackage } from "../src/errors.ts";

/** Loaded when a port is wanted: the rest of mho works where it is missing. Throws `port-failed` there. */
export async function serialPackage(): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (error) {
    throw missingPackage(
      "serialport",
      "opens serial ports",
      "Chips over a network (tcp:HOST:PORT) and emulated ones (emulator:pcm-64) need none.",
      error,
    );
  }
}
