import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { headerPattern } from "../protocols/scpi/header.ts";
import { MessageReader } from "../protocols/scpi/messageReader.ts";
import { type Parameter, parseMessage, type Unit } from "../protocols/scpi/parse.ts";
import { Electrodes } from "./electrodes.ts";
import { Firmware } from "./firmware.ts";
import { type Instrument, instrumentOf, type Settings } from "./keithleyModels.ts";
import { MatrixSwitch } from "./matrixSwitch.ts";
import type { Preset } from "./presets.ts";

/** A Keithley 2400 or 2450 in front of one device, or of an array behind a switch matrix. */
export class KeithleyFirmware extends Firmware {
  readonly #instrument: Instrument;
  readonly #matrix: MatrixSwitch | undefined;
  readonly #electrodes: Electrodes;
  readonly #settings: Settings;
  readonly #commands: readonly {
    readonly pattern: RegExp;
    readonly isQuery: boolean;
    readonly act: Command;
  }[];
  #reader = new MessageReader();
  #errors: string[] = [];
  #isOn = false;
  /** What stands at the terminals, so that a device feels each level once. */
  #felt = 0;
  #list: readonly number[] = [];
  #sweep: { readonly delaySeconds: number } | undefined;
  #buffer: Sample[] = [];

  /** @param language  what a 2450 was set to at its front panel. */
  constructor(preset: Preset, seed: number, language: "SCPI" | "TSP" = "SCPI") {
    super(preset, seed);
    const { rows, columns, devicesPerCell } = preset.geometry;
    this.#instrument = instrumentOf(preset.instrument?.model, language);
    this.#matrix =
      preset.instrument?.switch === true ? new MatrixSwitch(rows, columns * devicesPerCell) : undefined;
    this.#electrodes = new Electrodes(this.board, () => this.#matrix?.connected() ?? [{ row: 0, device: 0 }]);
    this.#settings = { ...this.#instrument.settings };
    this.#commands = Object.entries(this.#table()).map(([manual, act]) => ({
      pattern: headerPattern(manual.replace("?", "")),
      isQuery: manual.endsWith("?"),
      act,
    }));
  }

  override get beside(): MatrixSwitch | undefined {
    return this.#matrix;
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    const replies: Uint8Array[] = [];
    this.#reader.push(
      bytes,
      (message) => {
        this.board.charge(message.length + 1);
        const reply = this.#answer(textOf(message));
        if (reply !== "") replies.push(bytesOf(`${reply}\n`));
      },
      () => this.#report('-363,"Input buffer overrun"'),
    );
    return replies;
  }

  protected override forget(): void {
    this.#reader = new MessageReader();
    this.#errors = [];
    this.#reset();
  }

  #reset(): void {
    Object.assign(this.#settings, this.#instrument.settings);
    this.#list = [];
    this.#sweep = undefined;
    this.#buffer = [];
    this.#switch(false);
  }

  #answer(message: string): string {
    const replies: string[] = [];
    if (this.#instrument.language === "TSP" && !message.trim().startsWith("*"))
      return "-285\tTSP Syntax Error at line 1: unexpected symbol near `:'";
    try {
      // Instruments take the colon that programs put before a common command.
      for (const unit of parseMessage(message.replaceAll(":*", "*"))) {
        const reply = this.#do(unit);
        if (reply !== undefined) replies.push(reply);
      }
    } catch (error) {
      this.#report(error instanceof Refusal ? error.message : '-102,"Syntax error"');
    }
    return replies.join(";");
  }

  #do({ header, query, parameters }: Unit): string | undefined {
    const asked = header.replace(/^SOUR(CE)?1:/, "SOUR:");
    const command = this.#commands.find(({ pattern, isQuery }) => isQuery === query && pattern.test(asked));
    if (command === undefined) throw new Refusal('-113,"Undefined header"');
    return command.act(parameters) ?? undefined;
  }

  #report(error: string): void {
    if (this.#errors.length < mostErrors) this.#errors.push(error);
  }

  #table(): Readonly<Record<string, Command>> {
    const { model, idn } = this.#instrument;
    const set = this.#settings;
    const plain = Object.keys(this.#instrument.settings).flatMap((manual): [string, Command][] => [
      [manual, ([value]) => void (set[manual] = settingOf(value, set[manual]!))],
      [`${manual}?`, () => shown(set[manual]!)],
    ]);
    const level: Command = ([value]) => {
      set["[SOURce:]VOLTage[:LEVel]"] = settingOf(value, 0);
      this.#feel();
    };
    const common: Record<string, Command> = {
      ...Object.fromEntries(plain),
      "*IDN?": () =>
        `${idn},${this.serialNumber},${model === "2400" ? "C30   Mar 17 2006 09:29:29/A02  /K/J" : "1.7.12b"}`,
      "*RST": () => this.#reset(),
      "*CLS": () => void (this.#errors = []),
      "*OPC?": () => "1",
      "*OPC": () => {},
      "*WAI": () => {},
      "*OPT?": () => "0",
      "*STB?": () => "0",
      "*TRG": () => {},
      ABORt: () => void (this.#sweep = undefined),
      "STATus:PRESet": () => {},
      "SYSTem:ERRor[:NEXT]?": () => this.#errors.shift() ?? '0,"No error"',
      "SYSTem:BEEPer": () => {},
      "OUTPut[:STATe]": ([value]) => this.#switch(settingOf(value, 0) === 1),
      "OUTPut[:STATe]?": () => (this.#isOn ? "1" : "0"),
      "[SOURce:]VOLTage[:LEVel]": level,
      "[SOURce:]LIST:VOLTage": (values) =>
        void (this.#list = values.map((value) => Number(settingOf(value, 0)))),
    };
    return model === "2400" ? { ...common, ...this.#table2400() } : { ...common, ...this.#table2450() };
  }

  #table2400(): Readonly<Record<string, Command>> {
    const set = this.#settings;
    return {
      "FORMat:ELEMents": (words) => void (set["elements"] = words.map(wordOf).join(",")),
      "[SENSe:]FUNCtion:ALL": () => {},
      "READ?": () => this.#read2400(),
      "INITiate[:IMMediate]": () => void this.#read2400(),
      ...Object.fromEntries(
        ["VOLTage", "CURRent", "RESistance"].map((quantity) => [
          `MEASure:${quantity}?`,
          () => {
            // As the manual has it, the output is switched on where it is off.
            this.#switch(true);
            return this.#read2400();
          },
        ]),
      ),
      "[SENSe:]CURRent:PROTection:TRIPped?": () =>
        this.#measure(Number(this.#level), 1).limited ? "1" : "0",
    };
  }

  #table2450(): Readonly<Record<string, Command>> {
    const language = (): string => this.#instrument.language;
    return {
      "*LANG?": language,
      "READ?": () => {
        const sample = this.#measure(this.#isOn ? this.#level : 0, this.#averages);
        return shown(sample.amperes);
      },
      "[SOURce:]VOLTage:ILIMit:TRIPped?": () =>
        this.#isOn && this.#measure(this.#level, 1).limited ? "1" : "0",
      "[SOURce:]SWEep:VOLTage:LIST": ([, delay]) =>
        void (this.#sweep = { delaySeconds: Number(settingOf(delay, 0)) }),
      "INITiate[:IMMediate]": () => this.#sweep2450(),
      "TRACe:CLEar": () => void (this.#buffer = []),
      "TRACe:DATA?": ([first, last, , ...elements]) => {
        const wanted = elements.length === 0 ? ["READ"] : elements.map(wordOf);
        const samples = this.#buffer.slice(Number(settingOf(first, 0)) - 1, Number(settingOf(last, 0)));
        if (samples.length === 0) throw new Refusal('-222,"Parameter data out of range"');
        return samples
          .flatMap((sample) =>
            wanted.map((word) => shown(word.startsWith("SOUR") ? sample.volts : sample.amperes)),
          )
          .join(",");
      },
    };
  }

  get #level(): number {
    return Number(this.#settings["[SOURce:]VOLTage[:LEVel]"]);
  }

  get #averages(): number {
    const { isAveraging, averages } = this.#instrument;
    const count = this.#settings[isAveraging] === 1 ? Number(this.#settings[averages]) : 1;
    return Math.min(mostAverages, Math.max(1, Math.round(count)));
  }

  #switch(on: boolean): void {
    this.#isOn = on;
    this.board.armed = on;
    this.#feel();
  }

  /** A level that a device begins to feel. Small ones are reads. */
  #feel(): void {
    const { limit, sourced } = this.#instrument;
    const isVoltage = String(this.#settings[sourced]).startsWith("VOLT");
    const volts = this.#isOn && isVoltage ? this.#level : 0;
    if (volts === this.#felt) return;
    this.#felt = volts;
    if (Math.abs(volts) >= leastStressVolts)
      this.#electrodes.stress(volts, Number(this.#settings[limit]), heldNanoseconds);
  }

  #measure(volts: number, averages: number): Sample {
    const microsiemens = this.#electrodes.microsiemens(averages);
    const most = Number(this.#settings[this.#instrument.limit]);
    const amperes = 1e-6 * microsiemens * volts;
    const limited = Math.abs(amperes) > most;
    if (!limited) return { volts, amperes, limited };
    const held = Math.sign(volts) * most;
    return { volts: (1e6 * held) / microsiemens, amperes: held, limited };
  }

  /** One level of a sweep, held while its delay and its measurement last. */
  #hold(volts: number, delaySeconds: number): Sample {
    if (!(delaySeconds >= 0 && delaySeconds <= mostDelaySeconds))
      throw new Refusal('-222,"Parameter data out of range"');
    const width = Math.round(1e9 * delaySeconds + this.#instrument.cycleNanoseconds);
    if (Math.abs(volts) >= leastStressVolts)
      this.#electrodes.stress(volts, Number(this.#settings[this.#instrument.limit]), width);
    this.#electrodes.wait(width / 1000);
    return this.#measure(volts, 1);
  }

  #read2400(): string {
    if (!this.#isOn) throw new Refusal('803,"Not permitted with OUTPUT off"');
    const set = this.#settings;
    const inList = String(set["[SOURce:]VOLTage:MODE"]).startsWith("LIST");
    const count = Number(set["TRIGger:COUNt"]);
    if (inList && this.#list.length === 0) throw new Refusal('-221,"Settings conflict"');
    if (!(count >= 1 && count <= mostReadings)) throw new Refusal('-222,"Parameter data out of range"');
    const samples = Array.from({ length: count }, (_, n) =>
      inList
        ? this.#hold(this.#list[n % this.#list.length]!, Number(set["[SOURce:]DELay"]))
        : this.#measure(this.#level, this.#averages),
    );
    const elements = String(set["elements"]).split(",");
    const of = (sample: Sample, element: string): string => {
      if (element.startsWith("VOLT")) return shown(sample.volts);
      if (element.startsWith("CURR")) return shown(sample.amperes);
      if (element.startsWith("STAT")) return shown(sourcesVolts + (sample.limited ? inCompliance : 0));
      return element.startsWith("TIME") ? shown(this.board.clock / 1e6) : shown(noValue);
    };
    return samples.flatMap((sample) => elements.map((element) => of(sample, element))).join(",");
  }

  /** A list sweep of a 2450 switches its output on at its beginning, and off at its end. */
  #sweep2450(): void {
    if (this.#sweep === undefined) return;
    const { delaySeconds } = this.#sweep;
    this.#isOn = true;
    this.board.armed = true;
    this.#buffer = this.#list.map((volts) => this.#hold(volts, delaySeconds));
    this.#switch(false);
  }
}

type Command = (parameters: readonly (Parameter | undefined)[]) => string | void;

interface Sample {
  readonly volts: number;
  readonly amperes: number;
  readonly limited: boolean;
}

/** What the instrument answers in its error queue. */
class Refusal extends Error {}

const mostErrors = 10;
const mostReadings = 2500;
const mostAverages = 100;
const mostDelaySeconds = 10_000;
const leastStressVolts = 0.5;
/** How long a level counts as held that a program sets by hand. */
const heldNanoseconds = 20_000_000;
const noValue = 9.91e37;
const sourcesVolts = 1 << 14;
const inCompliance = 1 << 3;

function wordOf(parameter: Parameter | undefined): string {
  return parameter?.kind === "word" ? parameter.word : parameter?.kind === "text" ? parameter.text : "";
}

/** A value of the kind that a setting has: a number, which ON and OFF are too, or a word. */
function settingOf(parameter: Parameter | undefined, before: number | string): number | string {
  if (parameter === undefined) throw new Refusal('-109,"Missing parameter"');
  if (typeof before === "string") return wordOf(parameter).toUpperCase();
  if (parameter.kind === "number") return parameter.value;
  const word = wordOf(parameter);
  if (word === "ON" || word === "OFF" || word === "ONCE") return word === "OFF" ? 0 : 1;
  throw new Refusal('-224,"Illegal parameter value"');
}

function shown(value: number | string): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  const text = value
    .toExponential(6)
    .replace("e", "E")
    .replace(/E([+-])(\d)$/, "E$10$2");
  return value < 0 ? text : `+${text}`;
}
