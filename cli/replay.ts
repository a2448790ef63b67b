import { z } from "zod";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { badFile, readInputFile } from "../files/readFile.ts";
import { type Frame, FrameDecoder } from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import type { Output } from "./output.ts";

const header = z.looseObject({
  format: z.literal("mho-transcript"),
  version: z.literal(1),
  address: z.string(),
});
const line = z.strictObject({
  microseconds: z.number().nonnegative(),
  to: z.enum(["chip", "host"]),
  hex: z.string().regex(/^([\da-f]{2})*$/),
});

type Line = z.output<typeof line>;

interface Passed {
  readonly frame: Frame;
  readonly microseconds: number;
}

/** What today's code makes of a recorded conversation, and where it first differs. */
interface Finding {
  readonly microseconds: number;
  readonly what: string;
}

/**
 * Runs a recorded transcript against today's code: every request must still be understood, every reply belong to a
 * request, and, where an emulated chip answered, today's emulator give the same bytes. Ends with 1 at a difference.
 */
export async function replay(path: string, output: Output): Promise<void> {
  const { address, lines } = await readTranscript(path);
  const sent = framesOf(lines, "chip");
  const received = framesOf(lines, "host");
  const findings = [...misunderstood(sent.frames), ...strays(sent.frames, received.frames)];
  const emulated = emulatedDifference(lines, received.frames);
  if (emulated !== undefined && emulated !== "same") findings.push(emulated);
  findings.sort((a, b) => a.microseconds - b.microseconds);
  output.say(`${address}: ${sent.frames.length} requests, ${received.frames.length} replies`);
  if (sent.damaged + received.damaged > 0) {
    output.say(`Damaged on the line: ${sent.damaged} to the chip, ${received.damaged} to the host`);
  }
  const [first] = findings;
  if (first === undefined) {
    const again = emulated === "same" ? ", and today's emulator answers the same bytes" : "";
    output.say(`Today's code understands all of it${again}.`);
  } else {
    output.say(`First difference after ${(first.microseconds / 1e6).toFixed(6)} s: ${first.what}`);
    process.exitCode = 1;
  }
  output.event({
    type: "result",
    requests: sent.frames.length,
    replies: received.frames.length,
    damaged_frames: sent.damaged + received.damaged,
    emulator: emulated === undefined ? "not emulated" : emulated === "same" ? "same" : "different",
    differences: findings.length,
    first_difference: first ?? null,
  });
}

async function readTranscript(path: string): Promise<{ address: string; lines: Line[] }> {
  const [first = "", ...rest] = new TextDecoder().decode(await readInputFile(path)).split("\n");
  const found = header.safeParse(json(first));
  if (!found.success) throw badFile(path, "it is no transcript", "Record one with --transcript.");
  const lines = rest
    .filter((text) => text !== "")
    .flatMap((text, i, all) => {
      const parsed = line.safeParse(json(text));
      if (parsed.success) return [parsed.data];
      // A crash may have cut the last one.
      if (i === all.length - 1) return [];
      throw badFile(path, `line ${i + 2} is damaged`, "Cut it off there, or record it again.");
    });
  return { address: found.data.address, lines };
}

function framesOf(lines: readonly Line[], to: Line["to"]): { frames: Passed[]; damaged: number } {
  const decoder = new FrameDecoder();
  const frames: Passed[] = [];
  let damaged = 0;
  for (const { microseconds, hex } of lines.filter((one) => one.to === to)) {
    decoder.push(
      Buffer.from(hex, "hex"),
      (frame) => frames.push({ frame: { ...frame, body: frame.body.slice() }, microseconds }),
      () => void damaged++,
    );
  }
  return { frames, damaged };
}

const requestDecoders: Readonly<Record<number, (body: Uint8Array) => unknown>> = {
  [messages.kinds.hello]: messages.decodeHello,
  [messages.kinds.read]: messages.decodeReadRow,
  [messages.kinds.pulse]: messages.decodePulseRow,
  [messages.kinds.ticket]: messages.decodeNumber,
  [messages.kinds.advance]: messages.decodeNumber,
  [messages.kinds.multiply]: messages.decodeMultiply,
  [messages.kinds.verify]: messages.decodeVerifyRow,
};

function misunderstood(sent: readonly Passed[]): Finding[] {
  return sent.flatMap(({ frame, microseconds }) => {
    const decode = requestDecoders[frame.kind];
    if (decode === undefined || decode(frame.body) !== undefined) return [];
    return [{ microseconds, what: `request ${named(frame)} is not understood: ${cut(frame.body)}` }];
  });
}

function strays(sent: readonly Passed[], received: readonly Passed[]): Finding[] {
  const asked = new Set(sent.map(({ frame }) => `${frame.session} ${frame.tag}`));
  return received
    .filter(({ frame }) => !asked.has(`${frame.session} ${frame.tag}`))
    .map(({ frame, microseconds }) => ({
      microseconds,
      what: `reply ${named(frame)} belongs to no request`,
    }));
}

/** Undefined where no emulated chip answered. */
function emulatedDifference(
  lines: readonly Line[],
  received: readonly Passed[],
): Finding | "same" | undefined {
  const firmware = emulatorOf(received);
  if (firmware === undefined) return undefined;
  const expected: Passed[] = [];
  const decoder = new FrameDecoder();
  for (const { microseconds, hex } of lines.filter(({ to }) => to === "chip")) {
    for (const bytes of firmware.receive(Buffer.from(hex, "hex"), microseconds)) {
      decoder.push(
        bytes,
        (frame) => expected.push({ frame: { ...frame, body: frame.body.slice() }, microseconds }),
        () => {},
      );
    }
  }
  for (const [i, { frame, microseconds }] of received.entries()) {
    const today = expected[i]?.frame;
    if (today === undefined) return { microseconds, what: `today's emulator gives no reply ${named(frame)}` };
    if (
      Buffer.compare(today.body, frame.body) !== 0 ||
      today.kind !== frame.kind ||
      today.tag !== frame.tag
    ) {
      return {
        microseconds,
        what: `reply ${named(frame)} was ${cut(frame.body)}, and today's emulator says ${named(today)} ${cut(today.body)}`,
      };
    }
  }
  return "same";
}

function emulatorOf(received: readonly Passed[]): PacketFirmware | undefined {
  const hello = received.find(({ frame }) => frame.kind === (messages.kinds.hello | messages.replyBit));
  const identity = hello && messages.decodeIdentity(hello.frame.body);
  const seed = /^EMU-(\d+)$/.exec(identity?.serialNumber ?? "")?.[1];
  if (identity === undefined || seed === undefined) return undefined;
  const preset = findPreset(identity.name, { tiles: identity.geometry.tiles });
  return preset && new PacketFirmware(preset, Number(seed));
}

function named({ kind, tag }: Frame): string {
  const name = Object.entries(messages.kinds).find(([, value]) => value === (kind & 0x7f))?.[0];
  return `${name ?? `kind ${kind}`}, tag ${tag}`;
}

/** The first bytes of a body, in hexadecimal. */
function cut(body: Uint8Array): string {
  const hex = Buffer.from(body.subarray(0, 24)).toString("hex");
  return body.length > 24 ? `${hex}… (${body.length} bytes)` : hex;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
