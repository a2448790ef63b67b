import { z } from "zod";
import type { Message } from "../../drivers/heard.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { findPreset, presetNames } from "../../emulator/presets.ts";
import { badFile, readInputFile } from "../../files/readFile.ts";
import type { ChipDocument } from "../../src/chip/description.ts";
import { parseAddress } from "../address.ts";
import { builtInDialects, emulatedChip, type LabDialect } from "../dialects.ts";
import { describeChip } from "../openChip.ts";
import { emulatedDescription } from "../selfDescription.ts";
import { isFirstBoot } from "../emulate/firstBoot.ts";

const header = z.looseObject({
  format: z.literal("mho-transcript"),
  version: z.literal(1),
  dialect: z.string().default("packet"),
  address: z.string(),
});
const line = z.strictObject({
  microseconds: z.number().nonnegative(),
  to: z.enum(["chip", "host"]),
  // A pattern with a group runs out of stack on a long line.
  hex: z.string().refine((hex) => hex.length % 2 === 0 && !/[^\da-f]/.test(hex)),
});

type Line = z.output<typeof line>;

/** What today's code makes of a recorded conversation, and where it first differs. */
interface Finding {
  readonly microseconds: number;
  readonly what: string;
}

/**
 * Runs a recorded transcript against today's code: every request must still be understood, every reply belong to a
 * request, and, where an emulated chip answered, today's emulator give the same bytes.
 */
export async function replay(path: string, dialects?: readonly LabDialect[]): Promise<Replayed> {
  return examine(await readInputFile(path), path, dialects, await descriptionsBuiltIn());
}

/** What the boards of the presets say of themselves. */
async function descriptionsBuiltIn(): Promise<ReadonlyMap<string, ChipDocument>> {
  const found = new Map<string, ChipDocument>();
  for (const name of presetNames) {
    const { document } = await describeChip(parseAddress(`emulator:${name}`));
    if (document !== undefined) found.set(name, document);
  }
  return found;
}

export type Replayed = ReturnType<typeof examine>;

/** What today's code makes of the bytes of a transcript. Throws `bad-file`, also for a dialect that is not in the list. */
export function examine(
  bytes: Uint8Array,
  path: string,
  dialects: readonly LabDialect[] = builtInDialects,
  descriptions: ReadonlyMap<string, ChipDocument> = new Map(),
) {
  const { address, dialect, lines } = transcriptOf(bytes, path, dialects);
  const sent = messagesOf(dialect, lines, "chip");
  const received = messagesOf(dialect, lines, "host");
  const findings = [...misunderstood(sent.messages), ...strays(sent.messages, received.messages)];
  const emulated = emulatedDifference(dialect, lines, received.messages, descriptions);
  if (emulated !== undefined && emulated !== "same") findings.push(emulated);
  findings.sort((a, b) => a.microseconds - b.microseconds);
  return { address, sent, received, findings, emulated };
}

function transcriptOf(
  bytes: Uint8Array,
  path: string,
  dialects: readonly LabDialect[],
): { address: string; dialect: LabDialect; lines: Line[] } {
  const [first = "", ...rest] = new TextDecoder().decode(bytes).split("\n");
  const found = header.safeParse(json(first));
  if (!found.success) throw badFile(path, "it is not a transcript", "Record one with --transcript.");
  const dialect = dialects.find(({ name }) => name === found.data.dialect);
  if (dialect === undefined) {
    const known = dialects.map(({ name }) => name).join(", ");
    throw badFile(
      path,
      `it is in the dialect ${found.data.dialect}, and known are ${known}`,
      "Replay it with the program that recorded it.",
    );
  }
  const lines = rest
    .filter((text) => text !== "")
    .flatMap((text, i, all) => {
      const parsed = line.safeParse(json(text));
      if (parsed.success) return [parsed.data];
      // A crash may have cut the last one.
      if (i === all.length - 1) return [];
      throw badFile(path, `line ${i + 2} is damaged`, "Cut it off there, or record it again.");
    });
  return { address: found.data.address, dialect, lines };
}

function messagesOf(
  dialect: LabDialect,
  lines: readonly Line[],
  to: Line["to"],
): { messages: Message[]; damaged: number } {
  const heard = dialect.readTranscript(to);
  for (const { microseconds, hex } of lines.filter((one) => one.to === to)) {
    heard.push(Buffer.from(hex, "hex"), microseconds);
  }
  return heard;
}

function misunderstood(sent: readonly Message[]): Finding[] {
  return sent.flatMap(({ understood, name, shown, microseconds }) =>
    understood ? [] : [{ microseconds, what: `request ${name} is not understood: ${shown}` }],
  );
}

function strays(sent: readonly Message[], received: readonly Message[]): Finding[] {
  const asked = new Set(sent.map(({ key }) => key));
  return received
    .filter(({ key }) => !asked.has(key))
    .map(({ name, microseconds }) => ({ microseconds, what: `reply ${name} belongs to no request` }));
}

/** Undefined where no emulated chip answered. */
function emulatedDifference(
  dialect: LabDialect,
  lines: readonly Line[],
  received: readonly Message[],
  descriptions: ReadonlyMap<string, ChipDocument>,
): Finding | "same" | undefined {
  const firmware = emulatorOf(dialect, received, descriptions);
  if (firmware === undefined) return undefined;
  const today = dialect.readTranscript("host");
  for (const { microseconds, hex } of lines.filter(({ to }) => to === "chip")) {
    for (const bytes of firmware.receive(Buffer.from(hex, "hex"), microseconds))
      today.push(bytes, microseconds);
  }
  // A reply may have been lost, and one that was given twice is the same twice.
  const expected = new Map(today.messages.map((message) => [message.key, message]));
  for (const { key, name, shown, whole, microseconds } of received) {
    const found = expected.get(key);
    if (found === undefined) return { microseconds, what: `today's emulator gives no reply ${name}` };
    if (found.whole !== whole) {
      const says = `${found.name} ${found.shown}`;
      return { microseconds, what: `reply ${name} was ${shown}, and today's emulator says ${says}` };
    }
  }
  return "same";
}

function emulatorOf(
  dialect: LabDialect,
  received: readonly Message[],
  descriptions: ReadonlyMap<string, ChipDocument>,
): Firmware | undefined {
  const identity = received.find((message) => message.identity !== undefined)?.identity;
  const seed = /^EMU-(\d+)$/.exec(identity?.serialNumber ?? "")?.[1];
  // What an older chip had been through is not in the transcript.
  if (identity === undefined || seed === undefined || !isFirstBoot(identity.boot)) return undefined;
  const preset = findPreset(identity.name, { tiles: identity.tiles });
  if (preset === undefined || dialect.emulate === undefined) return undefined;
  const document = identity.describes === true ? descriptions.get(preset.name) : undefined;
  const own = document && emulatedDescription(document, preset);
  const firmware = emulatedChip(dialect, preset, Number(seed), own);
  firmware.boot = identity.boot;
  return firmware;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says which line is no JSON.
    return undefined;
  }
}
