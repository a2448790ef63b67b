import { MhoError } from "../../src/errors.ts";

/** A place where bytes of strangers come in. */
export interface Surface {
  readonly name: string;
  /** How many inputs it gets beside the others, of 10,000: cheap ones get most, so that each takes some seconds of 10,000,000. */
  readonly weight: number;
  open(): Promise<OpenSurface>;
}

export interface OpenSurface {
  /** What is fed as it should be, and mutated from there. */
  readonly corpus: readonly Uint8Array[];
  /** Which tricks are worth trying beside those that any bytes can play. */
  readonly language: "binary" | "text" | "json";
  /** Puts checksums right again, so that damage gets behind them. */
  repair?(bytes: Uint8Array): Uint8Array;
  /**
   * Takes an input as the world would bring it. It keeps nothing from one input to the next.
   *
   * @returns whether it was accepted; a refusal may be an MhoError, too. Anything else that is thrown is a crash.
   */
  feed(bytes: Uint8Array): boolean | Promise<boolean>;
  close?(): Promise<void>;
}

/** Feeds one input. @returns whether it was accepted; throws what crashed. */
export async function fed(surface: OpenSurface, bytes: Uint8Array): Promise<boolean> {
  try {
    const accepted = surface.feed(bytes);
    // Waiting costs more than most decoders.
    const answer = typeof accepted === "boolean" ? accepted : await accepted;
    if ("polluted" in {}) throw new Error("It gave every object a new property.");
    return answer;
  } catch (error) {
    if (error instanceof MhoError && error.message !== "") return false;
    throw error;
  }
}

/** A surface that needs no setting up. */
export function surface(
  name: string,
  weight: number,
  open: OpenSurface | (() => OpenSurface | Promise<OpenSurface>),
): Surface {
  return { name, weight, open: async () => (typeof open === "function" ? open() : open) };
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
