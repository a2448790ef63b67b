import { mostDescriptionBytes } from "../drivers/selfDescription.ts";
import type { Preset } from "../emulator/presets.ts";
import { builtInTechnologyFiles, parseChipDescription } from "../files/chipDescription.ts";
import type { TechnologyFile } from "../files/technologies/technologyFile.ts";
import { type ChipDescription, type ChipDocument, highestCode } from "../src/chip/description.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { assert, MhoError } from "../src/errors.ts";
import { microsecondsPerSecond } from "../src/units.ts";

/**
 * The description that a board gave of itself.
 *
 * @throws MhoError `bad-file` naming the key that is wrong.
 */
export function descriptionByBoard(
  text: string,
  address: string,
  technologies: readonly TechnologyFile[] = builtInTechnologyFiles,
): ChipDescription {
  const from = `the description that the board at ${address} gives of itself`;
  const description = parseChipDescription(new TextEncoder().encode(text), from, technologies);
  const { model } = description;
  if (model === undefined || builtInDefinition(model) !== undefined) return description;
  throw new MhoError(
    "bad-file",
    `Cannot use ${from}: model is ${JSON.stringify(model)}, a file, and a board has none. Leave model out of it, and give --model FILE.`,
    { address, model },
  );
}

/** Throws `wrong-chip` where a description says otherwise than the board does, naming the keys and both values. */
export function refuseContradictions(
  said: string,
  {
    document,
    address,
    from,
    leaveOut = [],
  }: {
    readonly document: ChipDocument;
    readonly address: string;
    /** Whose description it is, as the subject of a sentence. */
    readonly from: string;
    /** Keys that are not compared, with all below them. */
    readonly leaveOut?: readonly string[];
  },
): void {
  const found = contradictions(JSON.parse(document.text), jsonOf(said, address), leaveOut);
  if (found.length === 0) return;
  const shown = found
    .slice(0, mostShown)
    .map(({ key, here, board }) => `${key} is ${here}, and ${board} on the board`);
  const more = found.length > mostShown ? `; and ${found.length - mostShown} more keys` : "";
  throw new MhoError(
    "wrong-chip",
    `${from} contradicts what the board at ${address} says of itself: ${shown.join("; ")}${more}. Nothing was fired. Correct it, or ` +
      "leave out ?chip=: the board describes itself.",
    { address, keys: found.map(({ key }) => key).join(", ") },
  );
}

const mostShown = 4;

/** A key that a description and a board both have, with other values. */
export interface Contradiction {
  readonly key: string;
  /** JSON, cut where it is long. */
  readonly here: string;
  readonly board: string;
}

/**
 * Keys that both have, with other values. What the board alone or the description alone says is no contradiction, and a description may
 * narrow limits. Another name is another chip: that is told by the one who opens it.
 */
export function contradictions(
  description: unknown,
  board: unknown,
  leaveOut: readonly string[] = [],
): Contradiction[] {
  const [here, there] = [leaves(description), leaves(board)];
  if (here.get("name") !== there.get("name")) return [];
  const skipped = [...notCompared, ...leaveOut];
  return [...here].flatMap(([key, value]) => {
    const said = there.get(key);
    if (said === undefined || said === value) return [];
    if (skipped.some((one) => key === one || key.startsWith(`${one}.`)) || narrows(key, value, said))
      return [];
    return [{ key, here: short(value), board: short(said) }];
  });
}

/** What is believed of devices, where the board is, and how many of its tiles are used: these are the user's to say. */
const notCompared = ["$schema", "model", "line", "geometry.tiles"];

function narrows(key: string, value: string, said: string): boolean {
  if (key.startsWith("limits.board_enforces.")) return false;
  if (/^limits\.(max_|pulses_per_device)/.test(key)) return Number(value) < Number(said);
  return key.startsWith("limits.min_") && Number(value) > Number(said);
}

/** Every value of a tree by its path, as JSON; lists are values. */
function leaves(tree: unknown, path = ""): Map<string, string> {
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) {
    return new Map([[path, JSON.stringify(tree)]]);
  }
  return new Map(
    Object.entries(tree).flatMap(([key, value]) => [...leaves(value, path === "" ? key : `${path}.${key}`)]),
  );
}

function short(json: string): string {
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}

function jsonOf(text: string, address: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MhoError(
      "chip-refused",
      `The description that the board at ${address} gives of itself is not JSON: ${(error as Error).message}. Mend its firmware, or let ` +
        "it declare no description.",
      { address },
      error,
    );
  }
}

/**
 * The emulated board that a description tells of, around the devices of a preset. Under the preset's own name its converters are the
 * preset's: a description that is wrong of them is tried out so.
 */
export function boardOf(preset: Preset, description: ChipDescription): Preset {
  const { name, geometry, converter, referencesMicrosiemens: references = [], multiply } = description;
  const board = keepingLimits({ ...preset, name, geometry }, description);
  if (name === preset.name) return board;
  const { microsiemensPerCode, codes } = converter;
  const { multiply: own, ...readout } = preset.readout;
  return {
    ...board,
    readout: { ...readout, microsiemensPerCode, codes, references, multiply: multiply && own },
  };
}

/** An emulated board that keeps the highest amplitude of its description, where that is less than its own. */
export function keepingLimits(preset: Preset, description: ChipDescription): Preset {
  const { firmware } = preset;
  const maxAmplitudeCode = Math.min(firmware.maxAmplitudeCode, highestCode(description));
  return { ...preset, firmware: { ...firmware, maxAmplitudeCode } };
}

/** What an emulated board says of itself: a description, with the tiles, the timing and the watchdog that the board has. */
export function emulatedDescription({ text }: ChipDocument, preset: Preset): Uint8Array {
  type Parts = Readonly<Record<"geometry" | "timing" | "limits", object>> & { readonly model?: string };
  const { geometry, timing, limits, model, ...rest } = JSON.parse(text) as Parts;
  const { readRowMicroseconds, pulseRowMicroseconds } = preset.readout;
  const { minWidthNanoseconds, maxWidthNanoseconds, maxTrailingNanoseconds } = preset.firmware;
  const own = {
    ...rest,
    // A board has no files.
    ...(model !== undefined && builtInDefinition(model) !== undefined && { model }),
    geometry: { ...geometry, tiles: preset.geometry.tiles },
    timing: preset.takesItsTime
      ? {
          ...timing,
          read_row_microseconds: readRowMicroseconds,
          pulse_row_microseconds: pulseRowMicroseconds,
        }
      : timing,
    limits: {
      ...limits,
      min_width_nanoseconds: minWidthNanoseconds,
      max_width_nanoseconds: maxWidthNanoseconds,
      max_trailing_nanoseconds: maxTrailingNanoseconds,
    },
    watchdog_seconds: preset.firmware.watchdogMicroseconds / microsecondsPerSecond,
  };
  const bytes = new TextEncoder().encode(inAscii(JSON.stringify(own)));
  assert(bytes.length <= mostDescriptionBytes, "an emulated board's description fits the dialects");
  return bytes;
}

/** JSON in printable ASCII: what is no such character is escaped. */
export function inAscii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
