import { connectInProcess } from "../../drivers/inProcess.ts";
import { SmuDriver } from "../../drivers/smu/smuDriver.ts";
import { KeithleyFirmware } from "../../emulator/keithleyFirmware.ts";
import { findPreset } from "../../emulator/presets.ts";
import { readChipDescription } from "../../files/chipDescription.ts";
import { textOf } from "../../protocols/scpi/bytes.ts";
import type { DriverOptions } from "../../drivers/dialect.ts";

/** Emulated instruments, by their presets. */
export type InstrumentPreset = "keithley-2400" | "keithley-2450" | "keithley-2450-8x8";

let sessions = 0;

/** An emulated instrument on a bench, drivers of it, and all that passed on its lines. */
export async function smuBench(
  name: InstrumentPreset,
  {
    language,
    births,
    over = {},
  }: { language?: "SCPI" | "TSP"; births?: "pristine"; over?: Partial<DriverOptions> } = {},
) {
  const preset = findPreset(name, births === undefined ? {} : { births })!;
  const firmware = new KeithleyFirmware(preset, 7, language);
  const description = await readChipDescription(`chips/${preset.name}.json`);
  const sent: string[] = [];
  const heard: string[] = [];
  /** Whether an answer is lost, by the line that asked for it. */
  let isLost: (asked: string) => boolean = () => false;
  let now = 1_790_000_000_000_000;
  const open = (): SmuDriver => {
    let pass: () => void = () => {};
    const receive = (bytes: Uint8Array): Uint8Array[] => {
      const asked = textOf(bytes).trim();
      sent.push(asked);
      const replies = firmware.receive(bytes, 0);
      heard.push(...replies.map((reply) => textOf(reply).trim()));
      if (!isLost(asked)) return replies;
      setImmediate(() => pass());
      return [];
    };
    const { beside } = firmware;
    return new SmuDriver(connectInProcess({ receive }), {
      address: "smu",
      description,
      session: ++sessions,
      serialNumber: "DIE-12",
      after: (_, then) => {
        pass = then;
        return () => {};
      },
      hostTime: () => (now += 1000),
      ...(beside && {
        switchLine: connectInProcess({
          receive(bytes) {
            sent.push(`switch: ${textOf(bytes).trim()}`);
            return beside.receive(bytes);
          },
        }),
        channels: beside.channels,
      }),
      ...over,
    });
  };
  return { firmware, description, sent, heard, open, lose: (of: typeof isLost) => void (isLost = of) };
}
