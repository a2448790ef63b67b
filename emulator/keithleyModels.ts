import type { Nanoseconds } from "../src/units.ts";

export type Settings = Record<string, number | string>;

/** What tells an emulated instrument from another: its words, and what they stand at when it is switched on. */
export interface Instrument {
  readonly model: "2400" | "2450";
  readonly language: "SCPI" | "TSP";
  /** Maker and model. */
  readonly idn: string;
  /** Names of settings. */
  readonly sourced: string;
  readonly limit: string;
  readonly isAveraging: string;
  readonly averages: string;
  /** How long a level of a sweep lasts beside its delay: a measurement of 0.01 power line cycles. */
  readonly cycleNanoseconds: Nanoseconds;
  /** Settings by their words in the manual, which are kept and told, and change nothing else. */
  readonly settings: Readonly<Settings>;
}

/** Undefined is the 2400. */
export function instrumentOf(model: "2400" | "2450" = "2400", language: "SCPI" | "TSP" = "SCPI"): Instrument {
  const quantities = ["CURRent", "VOLTage", "RESistance"];
  const each = (words: readonly string[], settings: Readonly<Settings>): Settings =>
    Object.fromEntries(
      words.flatMap((word) =>
        Object.entries(settings).map(([name, value]) => [name.replace("*", word), value]),
      ),
    );
  const common: Settings = {
    "[SOURce:]FUNCtion[:MODE]": "VOLT",
    "[SOURce:]VOLTage[:LEVel]": 0,
    "[SOURce:]CURRent[:LEVel]": 0,
    "[SOURce:]VOLTage:RANGe": 20,
    "[SOURce:]VOLTage:RANGe:AUTO": 1,
    "[SOURce:]CURRent:RANGe": 1e-4,
    "[SOURce:]CURRent:RANGe:AUTO": 1,
    "[SENSe:]FUNCtion[:ON]": "CURR",
    ...each(quantities, {
      "[SENSe:]*:RANGe[:UPPer]": 1e-4,
      "[SENSe:]*:RANGe:AUTO": 1,
      "[SENSe:]*:NPLCycles": 1,
    }),
    "ROUTe:TERMinals": "FRON",
  };
  if (model === "2400") {
    return {
      model,
      language: "SCPI",
      idn: "KEITHLEY INSTRUMENTS INC.,MODEL 2400",
      sourced: "[SOURce:]FUNCtion[:MODE]",
      limit: "[SENSe:]CURRent:PROTection[:LEVel]",
      isAveraging: "[SENSe:]AVERage[:STATe]",
      averages: "[SENSe:]AVERage:COUNt",
      cycleNanoseconds: 1_000_000,
      settings: {
        ...common,
        elements: "VOLT,CURR,RES,TIME,STAT",
        "[SENSe:]CURRent:PROTection[:LEVel]": 1.05e-4,
        "[SENSe:]VOLTage:PROTection[:LEVel]": 21,
        "[SENSe:]FUNCtion:CONCurrent": 1,
        "[SENSe:]RESistance:MODE": "MAN",
        "[SENSe:]AVERage[:STATe]": 0,
        "[SENSe:]AVERage:COUNt": 10,
        "[SENSe:]AVERage:TCONtrol": "REP",
        "[SOURce:]VOLTage:MODE": "FIX",
        "[SOURce:]DELay": 0,
        "[SOURce:]DELay:AUTO": 1,
        "[SOURce:]CLEar:AUTO": 0,
        "OUTPut:SMODe": "NORM",
        "SYSTem:AZERo[:STATe]": 1,
        "SYSTem:RSENse": 0,
        "TRIGger:COUNt": 1,
        "ARM:COUNt": 1,
      },
    };
  }
  return {
    model,
    language,
    idn: "KEITHLEY INSTRUMENTS,MODEL 2450",
    sourced: "[SOURce:]FUNCtion[:MODE]",
    limit: "[SOURce:]VOLTage:ILIMit[:LEVel]",
    isAveraging: "[SENSe:]CURRent:AVERage[:STATe]",
    averages: "[SENSe:]CURRent:AVERage:COUNt",
    cycleNanoseconds: 500_000,
    settings: {
      ...common,
      "[SOURce:]VOLTage:ILIMit[:LEVel]": 1.05e-4,
      "[SOURce:]CURRent:VLIMit[:LEVel]": 21,
      "[SOURce:]VOLTage:READ:BACK": 1,
      ...each(["CURRent", "VOLTage"], {
        "[SOURce:]*:DELay": 0,
        "[SOURce:]*:DELay:AUTO": 1,
        "[SENSe:]*:AVERage[:STATe]": 0,
        "[SENSe:]*:AVERage:COUNt": 10,
        "[SENSe:]*:AVERage:TCONtrol": "REP",
        "OUTPut:*:SMODe": "NORM",
      }),
      ...each(quantities, { "[SENSe:]*:RSENse": 0 }),
      "TRACe:POINts": 100_000,
    },
  };
}
