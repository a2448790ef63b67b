import { examine } from "../../lab/replay/replay.ts";
import { connectInProcess } from "../../drivers/inProcess.ts";
import { recorded } from "../../drivers/transcript.ts";
import { pcm64 } from "../../emulator/presets.ts";
import { parseChipDescription } from "../../files/chipDescription.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../../lab/dialects.ts";
import { repositoryFile } from "./fixtures.ts";
import { reframed } from "./packet.ts";
import { rechecked } from "./scpi.ts";
import { type OpenSurface, surface, utf8 } from "./surface.ts";

export const transcriptSurfaces = [
  surface("transcript", 8, async (): Promise<OpenSurface> => ({
    corpus: [await transcript("packet"), await transcript("scpi")],
    language: "json",
    repair: withRightLines,
    feed: (bytes) => examine(bytes, "given.jsonl").findings.length === 0,
  })),
];

/** A short conversation with an emulated chip, as `--transcript` records it. */
async function transcript(name: string): Promise<Uint8Array> {
  const dialect = dialectNamed(builtInDialects, name);
  const description = parseChipDescription(repositoryFile("chips/pcm-64.json"), "pcm-64.json");
  const firmware = emulatedChip(dialect, pcm64(1), 7);
  const records: object[] = [
    { format: "mho-transcript", version: 1, dialect: name, address: "emulator:pcm-64" },
  ];
  let microseconds = 0;
  const line = recorded(
    connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) }),
    () => microseconds++,
    (record) => records.push(record),
  );
  const driver = dialect.open(line, { address: "x", session: 77, description });
  await driver.identify();
  const row = { tile: 0, rowStart: 3, rowCount: 1 };
  await driver.pulse(row, {
    codes: new Uint16Array(256).fill(300),
    widthNanoseconds: 100,
    firstTicket: 1,
  });
  await driver.read(row, 1);
  await driver.advance(1e6);
  await driver.standby();
  return utf8(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** Gives what passed right checksums. */
function withRightLines(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  const mend = text.includes('"scpi"') ? rechecked : reframed;
  const mended = text.replace(/"hex":"((?:[\da-f]{2})*)"/g, (_, hex: string) => {
    const line = mend(new Uint8Array(Buffer.from(hex, "hex")));
    return `"hex":"${Buffer.from(line).toString("hex")}"`;
  });
  return Uint8Array.from(Buffer.from(mended, "latin1"));
}
