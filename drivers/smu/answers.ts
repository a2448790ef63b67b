import type { ChipCapabilities } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import { plain } from "../linkErrors.ts";
import { isIdentification } from "../scpi/probe.ts";
import type { AskedLine } from "./askedLine.ts";
import { type SmuModel, smuModels } from "./models.ts";

export const smuCapabilities: ChipCapabilities = {
  virtualTime: false,
  multiply: false,
  onBoardVerify: false,
  environment: false,
  references: false,
  burst: false,
  tickets: false,
  clock: false,
  codes: false,
  serialNumber: false,
  readVoltage: true,
};

/** Asks an instrument who it is. Throws `wrong-chip` for one that is not known, or is set to another language. */
export async function identified(
  line: AskedLine,
  address: string,
): Promise<{ readonly model: SmuModel; readonly firmware: string }> {
  // What is left of an earlier conversation may come first.
  const idn = await line.ask("*IDN?", { wanted: identification });
  if (!isIdentification(idn)) throw unknown(address, idn);
  const firmware = idn
    .split(",")
    .map((part) => plain(part.trim()))
    .join(" ");
  const model = smuModels.find(({ pattern }) => pattern.test(idn.toUpperCase()));
  if (model === undefined) throw unknown(address, idn);
  if (model.asksLanguage) {
    const language = (await line.ask("*LANG?")).trim();
    if (language !== "SCPI") throw wrongLanguage(address, language);
  }
  return { model, firmware };
}

const identification = /,.*,.*,|-285\b/;

function unknown(address: string, idn: string): MhoError {
  const titles = smuModels.map(({ title }) => title).join(" and ");
  return new MhoError(
    "wrong-chip",
    `The instrument at ${address} calls itself ${plain(idn)}. The smu dialect is for the series of ${titles}.`,
    { address },
  );
}

/** An instrument in another language says so by error −285, or as the answer to `*LANG?`. */
export function understood(answer: string, asked: string, address: string): string {
  if (/(^|[^\d])-285\b/.test(answer)) throw wrongLanguage(address, "TSP", asked);
  return answer;
}

function wrongLanguage(address: string, language: string, asked?: string): MhoError {
  const how = asked === undefined ? "" : ` (it answered ${plain(asked.split("\n")[0]!)} with error -285)`;
  return new MhoError(
    "wrong-chip",
    `The instrument at ${address} is set to the language ${plain(language)}, and mho speaks SCPI with it${how}. ` +
      "Set it to SCPI: send *LANG SCPI, or choose MENU, System Settings, Command Set at its front panel; then switch it off and on again.",
    { address, language: plain(language) },
  );
}

/** Throws `chip-refused` for what the error queue says of a message. */
export function refuseError(answer: string, asked: string, address: string): void {
  const match = /^\s*([+-]?\d+)\s*,/.exec(answer);
  if (match !== null && Number(match[1]) === 0) return;
  throw new MhoError(
    "chip-refused",
    `The instrument at ${address} refused ${plain(asked.split("\n")[0]!)}: ${plain(answer)}. ` +
      "Check the chip description against the instrument, and that no other program uses it.",
    { address, ...(match !== null && { code: Number(match[1]) }) },
  );
}
