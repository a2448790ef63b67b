import { normalOf, type Random } from "../src/random.ts";
import type { Readout } from "./presets.ts";

/** The converter of one tile, with an offset, a gain and a bend of its own. */
export class Converter {
  readonly #readout: Readout;
  /** Codes, and the relative error of the gain; a fault may move them. */
  offsetCodes: number;
  gain: number;

  constructor(readout: Readout, random: Random) {
    random.at(0, 0);
    this.#readout = readout;
    this.offsetCodes = readout.offsetSpreadCodes * normalOf(random.word0);
    this.gain = 1 + readout.gainSpread * normalOf(random.word1);
  }

  /** @param conductance  µS, all noise included. */
  code(conductance: number): number {
    const { microsiemensPerCode, codes, nonLinearity } = this.#readout;
    const straight = (conductance * this.gain) / microsiemensPerCode;
    const share = straight / codes;
    const bent = straight + 4 * nonLinearity * codes * share * (1 - share);
    const code = Math.round(bent + this.offsetCodes);
    return code < 0 ? 0 : code >= codes ? codes - 1 : code;
  }
}
