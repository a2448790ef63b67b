import { crc32c } from "../protocols/crc32c.ts";

/** What a board says of itself. */
export interface SelfDescription {
  /** JSON in printable ASCII, as `files/chipDescription.ts` reads it. */
  readonly text: string;
  /** Answers that the board keeps for requests that come again; undefined in dialects that have one request in flight. */
  readonly answersKept?: number | undefined;
}

/** One part of a description, and what the board says of the whole. */
export interface Part {
  readonly totalBytes: number;
  /** CRC-32C of the whole. */
  readonly check: number;
  readonly bytes: Uint8Array;
}

/** The host asks for so many bytes at once, and for no more in all. */
export const partBytes = 2048;
export const mostDescriptionBytes = 65_535;

/**
 * Gathers a description part by part.
 *
 * @param ask      for a part from an offset on.
 * @param refuse   told what no board can mean, as a part of a sentence.
 */
export async function gatherDescription(
  ask: (offset: number, most: number) => Promise<Part>,
  refuse: (wrong: string) => never,
): Promise<string> {
  const gathered: number[] = [];
  let whole: Omit<Part, "bytes"> | undefined;
  do {
    const { bytes, ...said } = await ask(gathered.length, partBytes);
    whole ??= said;
    const { totalBytes, check } = whole;
    if (totalBytes < 1 || totalBytes > mostDescriptionBytes) {
      refuse(`its description has ${totalBytes} bytes, and 1 to ${mostDescriptionBytes} are possible`);
    }
    if (said.totalBytes !== totalBytes || said.check !== check) {
      refuse("its description changed between two parts");
    }
    if (bytes.length < 1 || bytes.length > Math.min(partBytes, totalBytes - gathered.length)) {
      refuse(
        `a part of its description has ${bytes.length} bytes at ${gathered.length} of ${totalBytes}, and at most ${partBytes} were asked for`,
      );
    }
    for (const byte of bytes) gathered.push(byte);
  } while (gathered.length < whole.totalBytes);
  const bytes = Uint8Array.from(gathered);
  const found = crc32c(bytes);
  if (found !== whole.check) {
    refuse(`its description has the CRC-32C ${hex(found)}, and it says ${hex(whole.check)}`);
  }
  const strange = bytes.findIndex((byte) => byte < 0x20 || byte > 0x7e);
  if (strange >= 0) {
    refuse(
      `byte ${strange} of its description is ${hex(bytes[strange]!)}, and only printable ASCII may stand there`,
    );
  }
  return String.fromCharCode(...bytes);
}

const hex = (value: number): string => `0x${value.toString(16)}`;
