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

  /** Codes of a row, of so much of each conductance. */
  codes(conductances: Float64Array, share: number, codes: Uint16Array): void {
    for (let k = 0; k < codes.length; k++) codes[k] = this.code(share * conductances[k]!);
  }

  /** @param conductance  µS, all noise included. */
  code(conductance: number): number {
    const { microsiemensPerCode, codes, nonLinearity } = this.#readout;
    const straight = (conductance * this.gain) / microsiemensPerCode;
    const code = Math.round(this.#bent(straight, codes, nonLinearity) + this.offsetCodes);
    return code < 0 ? 0 : code >= codes ? codes - 1 : code;
  }

  #bent(straight: number, codes: number, nonLinearity: number): number {
    if (nonLinearity === 0) return straight;
    const share = straight / codes;
    return straight + 4 * nonLinearity * codes * share * (1 - share);
  }
}
