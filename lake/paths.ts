import { createHash } from "node:crypto";

/** Where a run lies in a lake: two folders, one in the other, named as DuckDB, Spark and pyarrow read partitions. */
export function runFolder(
  chip: { readonly name: string; readonly serialNumber: string },
  partition: string,
): string {
  return `chip=${escaped(chip.name)}_${escaped(chip.serialNumber)}/run=${partition}`;
}

/**
 * The name of a run among those of all benches: r1 of one is another than r1 of the next.
 *
 * @param origin  SHA-256 of what the run began with, in hexadecimal.
 */
export function partitionOf(run: string, origin: string): string {
  return `${run}-${originPart(origin)}`;
}

/** The end of the folder's name by which a run is known again, whatever it is called in a workspace. */
export function originPart(origin: string): string {
  return origin.slice(0, 12);
}

/** The chip and the run of such a folder, as those who read partitions have them in columns. */
export function partsOfFolder(folder: string): { readonly chip: string; readonly run: string } {
  const [chip, run] = folder.split(/[/\\]/).slice(-2) as [string, string];
  return { chip: unescaped(chip.slice("chip=".length)), run: unescaped(run.slice("run=".length)) };
}

function unescaped(name: string): string {
  const bytes = name.match(/%[0-9A-F]{2}|[^]/g) ?? [];
  return new TextDecoder().decode(
    Uint8Array.from(bytes, (byte) =>
      byte.length === 1 ? byte.charCodeAt(0) : Number.parseInt(byte.slice(1), 16),
    ),
  );
}

/** Where a network over several chips lies. */
export function networkFolder(network: string, origin: string): string {
  return `network=${partitionOf(network, origin)}`;
}

/**
 * A text of a board's as part of a folder's name. Letters, digits, `-` and dots within stay; every other byte is %XX, and so is `_`, which
 * stands between name and number. No name leads out of its folder, is hidden, or is one that Windows keeps for itself.
 */
export function escaped(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const name = [...bytes].map((byte, i) => partOf(byte, i === 0 || i === bytes.length - 1)).join("");
  if (name.length <= longest) return name;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `${name.slice(0, longest - 20).replace(/%.?$/, "")}...${digest}`;
}

const longest = 100;

function partOf(byte: number, atEdge: boolean): string {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9-]/.test(character) || (character === "." && !atEdge)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
