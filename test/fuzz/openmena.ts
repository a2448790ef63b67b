import { OpenmenaDriver } from "../../drivers/openmena/openmenaDriver.ts";
import { readLineTranscript } from "../../drivers/textLines.ts";
import { OpenmenaFirmware } from "../../emulator/openmenaFirmware.ts";
import { findPreset } from "../../emulator/presets.ts";
import { parseChipDescription } from "../../files/chipDescription.ts";
import { scripted } from "./drivers.ts";
import { repositoryFile } from "./fixtures.ts";
import { latin1, surface } from "./surface.ts";
import { MhoError } from "../../src/errors.ts";

const description = parseChipDescription(repositoryFile("chips/openmena-8.json"), "openmena-8.json");
const orders = [
  "INFEREMULTIPLE: 0\n",
  `INFEREMULTIPLE: 1 ${Array<string>(8).fill("2048").join(" ")}\n`,
  "WEIGHTMODIF: 3 5 1 1 1.200 0.600 0.750 0.750 20\nWEIGHTMODIF: 3 5 -1 2 0.75 0.75 0.1 1.4 1\n",
  `SETVOLTAGES: ${Array<string>(9).fill("0.75").join(" ")}\n`,
];
const banner = "Ready to receive commands:\r\n - WEIGHTMODIFALL\r\n";
const refused = "Error: INFEREMULTIPLE requires N > 0\r\n";
const counts = `${Array<string>(8).fill("931.25").join("\t")}\r\n`;
const read = (vectors: number): string =>
  `Running inference for ${vectors} input vectors...\r\nINFEREMULTIPLE ADC Averages:\r\n${counts.repeat(vectors)}INFEREMULTIPLE complete.\r\n`;
const off = "Voltages updated:\r\n0.75\r\n";

/** Answers, each to one order: what stands between two of these bytes. */
const cut = "\0";
const day = [banner, refused, read(2), ...Array<string>(8).fill(refused), read(1), off].join(cut);

/** Asks a driver for what a day brings. @returns how many answers were believed. */
async function askAll(driver: OpenmenaDriver): Promise<number> {
  const block = { tile: 0, rowStart: 0, rowCount: 1 };
  const order = { codes: new Uint16Array(8).fill(300), widthNanoseconds: 1000, firstTicket: 1 };
  const questions: readonly (() => Promise<unknown>)[] = [
    () => driver.identify(),
    () => driver.read(block, 1),
    () => driver.pulse(block, order),
    () => driver.read(block, 1),
    () => driver.heartbeat(),
    () => driver.standby(),
  ];
  let believed = 0;
  for (const question of questions) {
    try {
      await question();
      believed++;
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
    }
  }
  return believed;
}

export const openmenaSurfaces = [
  surface("openmena-driver", 40, {
    corpus: [day, day.replaceAll(refused, `${banner}${refused}`), [banner, refused, read(3)].join(cut)].map(
      latin1,
    ),
    language: "text",
    feed: async (bytes) => {
      const parts = Buffer.from(bytes).toString("latin1").split(cut).slice(0, 64).map(latin1);
      const line = scripted(parts, (_, part) => part);
      return (await askAll(new OpenmenaDriver(line, { address: "x", description, session: 7 }))) > 1;
    },
  }),
  surface("openmena-transcript", 300, {
    corpus: [...orders, day].map(latin1),
    language: "text",
    feed(bytes) {
      const heard = readLineTranscript();
      heard.push(bytes, 0);
      return heard.messages.length > 0;
    },
  }),
  surface("openmena-firmware", 6, {
    corpus: [orders.join(""), ...orders].map(latin1),
    language: "text",
    feed: (bytes) => new OpenmenaFirmware(findPreset("openmena-8")!, 7).receive(bytes, 0).length > 1,
  }),
];
