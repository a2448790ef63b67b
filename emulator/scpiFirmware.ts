import { crc32c } from "../protocols/crc32c.ts";
import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { ScpiError } from "../protocols/scpi/errors.ts";
import { headerPattern } from "../protocols/scpi/header.ts";
import { MessageReader } from "../protocols/scpi/messageReader.ts";
import {
  booleanOf,
  type Channel,
  channelsOf,
  choiceOf,
  integerOf,
  numberOf,
  rowsOf,
  shortForm,
} from "../protocols/scpi/parameters.ts";
import { type Parameter, parseMessage, type Unit } from "../protocols/scpi/parse.ts";
import { InstrumentStatus, standardEvents } from "../protocols/scpi/status.ts";
import { decodeTaggedRequest, encodeTaggedReply } from "../protocols/scpi/taggedLine.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import type { Microseconds } from "../src/units.ts";
import { type BoardRefusal, firmwareVersion, supplyMillivolts } from "./board.ts";
import { Firmware } from "./firmware.ts";
import type { RowVerify } from "./onBoardVerify.ts";
import type { Preset } from "./presets.ts";
import type { RowPulse } from "./tile.ts";

/** Settings that `*RST` brings back. */
const resetSettings = {
  averages: 1,
  /** The usual voltage where undefined. */
  readVolts: undefined as number | undefined,
  format: "ASC" as "ASC" | "REAL,32" | "INT,16",
  swapped: false,
  kind: "RESet" as "RESet" | "SET",
  widthNanoseconds: 100,
  trailingNanoseconds: 0,
  gateCode: 0,
};

/** A loop of the board's own that goes on while other commands are taken. */
interface Overlapped {
  readonly rows: readonly RowVerify[];
  readonly startedAt: Microseconds;
}

/** A board that speaks SCPI: protocols/scpi/README.md. */
export class ScpiFirmware extends Firmware {
  #reader = new MessageReader();
  #status = new InstrumentStatus();
  #settings = { ...resetSettings };
  #overlapped: Overlapped | undefined;
  /** `*OPC` was given, and its bit comes when nothing is pending. */
  #completionWanted = false;
  #measuredAt: Microseconds = 0;
  #session = 0;
  #lastTag = 0;
  #lastReply = "";
  /** Of the message that is being carried out: what it has answered, and how long it was. */
  #replies: readonly string[] = [];
  #lineBytes = 0;
  readonly #commands: readonly {
    readonly pattern: RegExp;
    readonly isQuery: boolean;
    /** Whether it is a question that has no parameters. */
    readonly takesNothing: boolean;
    readonly action: (parameters: readonly Parameter[]) => string | void;
  }[];

  constructor(preset: Preset, seed: number) {
    super(preset, seed);
    this.#commands = Object.entries(this.#table()).map(([manual, action]) => ({
      pattern: headerPattern(manual.replace("?", "")),
      isQuery: manual.endsWith("?"),
      takesNothing: manual.endsWith("?") && !questionsWithParameters.test(manual),
      action,
    }));
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    const replies: Uint8Array[] = [];
    this.#reader.push(
      bytes,
      (message) => {
        const reply = this.#answer(textOf(message));
        if (reply !== "") replies.push(bytesOf(`${reply}\n`));
      },
      () => this.#status.report(new ScpiError(-363)),
    );
    return replies;
  }

  protected override forget(): void {
    this.#reader = new MessageReader();
    this.#status = new InstrumentStatus();
    this.#settings = { ...resetSettings };
    this.#overlapped = undefined;
    this.#completionWanted = false;
    this.#session = 0;
    this.#lastTag = 0;
    this.#lastReply = "";
  }

  #answer(message: string): string {
    const line = decodeTaggedRequest(message);
    const untagged = line === undefined && (this.#session === 0 || isAlwaysObeyed(message));
    if (untagged) return this.#carryOut(message, message.length).join(";");
    // In a session of tagged lines one without a tag is one whose tag is spoilt.
    if (line === "damaged" || line === undefined) {
      this.#status.report(new ScpiError(101));
      return "";
    }
    // A line that comes again is answered again, and not carried out again. The first of a session opens it.
    const { session, tag, rest } = line;
    if (session !== this.#session && tag !== 1) {
      const rest = `-221,"${new ScpiError(-221, "no such session").message}"`;
      return encodeTaggedReply({ session, tag, rest });
    }
    if (session === this.#session && tag < this.#lastTag) return "";
    if (/MEAS:(CODE|REF)/.test(rest) && this.isDumbTo("reads")) return "";
    if (/PULS:KIND/.test(rest) && this.isDumbTo("pulses", "not-fired")) return "";
    const others = !/\*IDN\?|OUTP OFF/.test(rest);
    const told = others && this.isDumbTo("tags") ? tag + 1 : tag;
    if (session !== this.#session || tag > this.#lastTag) {
      this.#session = session;
      this.#lastTag = tag;
      const reply = this.#carryOut(rest, message.length).join(";");
      this.#lastReply = encodeTaggedReply({ session, tag: told, rest: reply });
    }
    return this.#lastReply;
  }

  /** Units are carried out one after the other; a mistake in one does not stop those before it. */
  #carryOut(message: string, lineBytes: number): string[] {
    const replies: string[] = [];
    this.#replies = replies;
    this.#lineBytes = lineBytes;
    try {
      for (const unit of parseMessage(message)) {
        try {
          const reply = this.#do(unit);
          if (reply !== undefined) replies.push(reply);
        } catch (error) {
          this.#report(error);
        }
      }
    } catch (error) {
      this.#report(error);
    }
    this.#settle();
    return replies;
  }

  #report(error: unknown): void {
    if (!(error instanceof ScpiError)) throw error;
    this.#status.report(error);
  }

  #do({ header, query, parameters }: Unit): string | undefined {
    // A program that only asks whether the board's own loop is over must see it end: each question takes its time.
    if (query && this.#overlapped !== undefined && this.board.virtualTime)
      this.board.advance(askedMicroseconds);
    for (const { pattern, isQuery, takesNothing, action } of this.#commands) {
      if (isQuery !== query || !pattern.test(header)) continue;
      if (takesNothing) expectParameters(parameters, 0);
      return action(parameters) ?? undefined;
    }
    throw new ScpiError(-113, header.slice(0, 40));
  }

  #table(): Readonly<Record<string, (parameters: readonly Parameter[]) => string | void>> {
    const { firmware, geometry, readout, name } = this.board.preset;
    const status = (): InstrumentStatus => this.#status;
    const settings = (): typeof resetSettings => this.#settings;
    const none = (parameters: readonly Parameter[]): void => void expectParameters(parameters, 0);
    const one = (parameters: readonly Parameter[]): Parameter => expectParameters(parameters, 1)[0]!;
    const registers = (which: "operation" | "questionable", manual: string) => ({
      [`STATus:${manual}[:EVENt]?`]: () => String(status()[which].takeEvent()),
      [`STATus:${manual}:CONDition?`]: () => {
        this.#settle();
        return String(status()[which].condition);
      },
      [`STATus:${manual}:ENABle?`]: () => String(status()[which].enable),
      [`STATus:${manual}:ENABle`]: (p: readonly Parameter[]) =>
        void (status()[which].enable = integerOf(one(p), 0, 65_535) & 32_767),
    });
    const widths = {
      min: firmware.minWidthNanoseconds,
      max: firmware.maxWidthNanoseconds,
      def: resetSettings.widthNanoseconds,
    };
    /** A setting in nanoseconds, given as a time; MIN and MAX may be asked for. */
    const time = (
      field: "widthNanoseconds" | "trailingNanoseconds",
      range: { min: number; max: number; def: number },
    ) => {
      const inSeconds = { min: range.min / 1e9, max: range.max / 1e9, def: range.def / 1e9 };
      return {
        set: (p: readonly Parameter[]): void => {
          const value = Math.round(1e9 * numberOf(one(p), "time", inSeconds));
          if (!(value >= range.min && value <= range.max)) throw new ScpiError(-222);
          settings()[field] = value;
        },
        ask: (p: readonly Parameter[]): string =>
          exponent(p.length === 0 ? settings()[field] / 1e9 : numberOf(boundOf(one(p)), "time", inSeconds)),
      };
    };
    const readVolts = (p: Parameter): number => {
      const { usual, most } = readout.readVolts!;
      const volts = numberOf(p, "voltage", { min: 0.001, max: most, def: usual });
      if (!(volts >= 0.001 && volts <= most)) throw new ScpiError(-222);
      return volts;
    };
    const averages = (p: Parameter): number => integerOf(p, 1, firmware.maxAverages, resetSettings.averages);
    const width = time("widthNanoseconds", widths);
    const trailing = time("trailingNanoseconds", {
      min: 0,
      max: firmware.maxTrailingNanoseconds,
      def: 0,
    });
    return {
      "*CLS": (p) => {
        none(p);
        this.#completionWanted = false;
        status().clear();
      },
      "*ESE": (p) => void (status().standardEnable = integerOf(one(p), 0, 255)),
      "*ESE?": () => String(status().standardEnable),
      "*ESR?": () => (this.#settle(), String(status().takeStandardEvent())),
      "*IDN?": () => `mho,${name},${this.board.serialNumber},${firmwareVersion}`,
      "*OPC": (p) => (none(p), void (this.#completionWanted = true)),
      "*OPT?": () => this.#options().join(",") || "0",
      "*OPC?": () => (this.#complete(), "1"),
      "*RST": (p) => {
        none(p);
        this.#abort();
        this.#settings = { ...resetSettings };
        this.#completionWanted = false;
        this.#session = 0;
        this.board.armed = false;
      },
      "*SRE": (p) => void (status().serviceEnable = integerOf(one(p), 0, 255)),
      "*SRE?": () => String(status().serviceEnable & ~64),
      "*STB?": () => (this.#settle(), String(status().byte(this.#replies.length > 0))),
      "*TST?": () => String(this.chip.selfTest()),
      "*WAI": (p) => (none(p), this.#complete()),
      "SYSTem:ERRor[:NEXT]?": () => status().takeError(),
      "SYSTem:ERRor:COUNt?": () => String(status().errorCount),
      "SYSTem:VERSion?": () => "1999.0",
      "SYSTem:BOOT?": () => String(this.board.boot),
      "SYSTem:GEOMetry?": () =>
        [geometry.tiles, geometry.rows, geometry.columns, geometry.devicesPerCell].join(","),
      "SYSTem:CAPability?": () => `"${this.#options().join(",")}"`,
      "SYSTem:DESCription:SIZE?": () => {
        const text = this.#description();
        return `${text.length},#H${crc32c(text).toString(16).toUpperCase().padStart(8, "0")}`;
      },
      "SYSTem:DESCription?": (p) => {
        const [offset, count] = expectParameters(p, 2);
        const start = integerOf(offset!, 0, 0xffffffff);
        const most = Math.min(integerOf(count!, 0, 0xffff), partBytes);
        const part = textOf(this.#description().subarray(start, start + most));
        return `#${String(part.length).length}${part.length}${part}`;
      },
      "SYSTem:TIME?": () => String(this.board.clock),
      "SYSTem:TIME:ADVance": (p) =>
        void this.#accepted(this.board.advance(Math.round(1e6 * numberOf(one(p), "time")))),
      ...registers("operation", "OPERation"),
      ...registers("questionable", "QUEStionable"),
      "STATus:PRESet": (p) => (none(p), status().preset()),
      "OUTPut[:STATe]": (p) => {
        const on = booleanOf(one(p));
        if (!on) this.#abort();
        this.board.armed = on;
      },
      "OUTPut[:STATe]?": () => (this.board.armed ? "1" : "0"),
      "FORMat[:DATA]": (p) => this.#format(p),
      "FORMat[:DATA]?": () => settings().format,
      "FORMat:BORDer": (p) =>
        void (settings().swapped = choiceOf(one(p), ["NORMal", "SWAPped"]) === "SWAPped"),
      "FORMat:BORDer?": () => (settings().swapped ? "SWAP" : "NORM"),
      "[SENSe:]AVERage:COUNt": (p) => void (settings().averages = averages(one(p))),
      "[SENSe:]AVERage:COUNt?": (p) =>
        String(p.length === 0 ? settings().averages : averages(boundOf(one(p)))),
      "MEASure[:CONDuctance]?": (p) =>
        this.#values(
          this.#measured(one(p), (code) =>
            code === noCode ? notANumber : code * readout.microsiemensPerCode * this.#perVolt(),
          ),
          "REAL,32",
        ),
      "MEASure:CODE?": (p) =>
        this.#values(
          this.#measured(one(p), (code) => code),
          "INT,16",
        ),
      ...(readout.readVolts && {
        "[SENSe:]VOLTage": (p: readonly Parameter[]) => void (settings().readVolts = readVolts(one(p))),
        "[SENSe:]VOLTage?": () => exponent(settings().readVolts ?? readout.readVolts!.usual),
      }),
      ...(this.board.isSensed && {
        "MEASure:TEMPerature?": () => exponent(this.board.milliCelsius / 1000),
        "MEASure:SUPPly?": () => exponent(supplyMillivolts / 1000),
      }),
      "MEASure:REFerence?": (p) => this.#references(one(p)),
      "FETCh:TIME?": () => String(this.#measuredAt),
      "[SOURce:]PULSe:WIDTh": width.set,
      "[SOURce:]PULSe:WIDTh?": width.ask,
      "[SOURce:]PULSe:TRAiling": trailing.set,
      "[SOURce:]PULSe:TRAiling?": trailing.ask,
      "[SOURce:]PULSe:KIND": (p) => void (settings().kind = choiceOf(one(p), ["RESet", "SET"])),
      "[SOURce:]PULSe:KIND?": () => shortForm(settings().kind),
      "[SOURce:]PULSe:GATE": (p) => void (settings().gateCode = integerOf(one(p), 0, 65_535)),
      "[SOURce:]PULSe:GATE?": () => String(settings().gateCode),
      "[SOURce:]PULSe[:IMMediate]": (p) => this.#pulse(p),
      ...(firmware.mostBurstCycles > 0 && {
        "[SOURce:]PULSe:BURSt": (p: readonly Parameter[]) => this.#burst(p),
      }),
      "PROGram:VERify": (p) => this.#verify(p),
      ABORt: (p) => (none(p), this.#abort()),
    };
  }

  /** What the board can do beyond what every board must. */
  #options(): readonly string[] {
    const { firmware, readout } = this.board.preset;
    return [
      ...(this.board.isSensed ? ["ENVIRONMENT"] : []),
      ...(readout.references.length > 0 ? ["REFERENCES"] : []),
      ...(readout.readVolts ? ["READVOLTAGE"] : []),
      ...(firmware.mostBurstCycles > 0 ? ["BURST"] : []),
      ...(this.selfDescription ? ["DESCRIBE"] : []),
      ...(firmware.verifyLoop ? ["VERIFY"] : []),
      ...(this.board.virtualTime ? ["VIRTUALTIME"] : []),
    ];
  }

  #description(): Uint8Array {
    if (this.selfDescription === undefined) throw new ScpiError(-241, "this board does not describe itself");
    return this.selfDescription;
  }

  #format(parameters: readonly Parameter[]): void {
    const format = choiceOf(parameters[0] ?? missing(), ["ASCii", "REAL", "INTeger"]);
    const bits = { ASCii: 0, REAL: 32, INTeger: 16 }[format];
    if (parameters.length > 2) throw new ScpiError(-108);
    if (parameters[1] !== undefined && integerOf(parameters[1], 0, 64) !== bits) throw new ScpiError(-224);
    this.#settings.format = ({ ASCii: "ASC", REAL: "REAL,32", INTeger: "INT,16" } as const)[format];
  }

  /** Values of every device of the channels, in order. Whole rows are read, once each. */
  #measured(list: Parameter, valueOf: (code: number) => number): number[] {
    this.#complete();
    const values: number[] = [];
    for (const [row, channels] of rowsOf(channelsOf(list))) {
      const { codes, chipTimeMicroseconds } = this.#accepted(
        this.board.read(
          row.tile,
          row.row,
          this.#settings.averages,
          this.#takeLineBytes(),
          this.#settings.readVolts,
        ),
      );
      this.#measuredAt = chipTimeMicroseconds;
      for (const { line } of channels) {
        if (line === undefined) for (const code of codes) values.push(valueOf(code));
        else values.push(valueOf(this.#at(codes, line)));
      }
    }
    return values;
  }

  /** What a code is worth by the voltage that devices are read with. */
  #perVolt(): number {
    const { readVolts } = this.board.preset.readout;
    const { readVolts: set } = this.#settings;
    return readVolts === undefined || set === undefined ? 1 : readVolts.usual / set;
  }

  /** Codes of a tile's known resistors. */
  #references(tile: Parameter): string {
    this.#complete();
    const { codes, chipTimeMicroseconds } = this.#accepted(
      this.board.references(integerOf(tile, 0, 65_535), this.#settings.averages, this.#takeLineBytes()),
    );
    this.#measuredAt = chipTimeMicroseconds;
    return this.#values([...codes], "INT,16");
  }

  #at(codes: Uint16Array, line: number): number {
    if (line >= codes.length) throw new ScpiError(-222, `there is no line ${line}`);
    return codes[line]!;
  }

  /** Values as the format says: numbers in ASCII, or a definite-length block. */
  #values(values: readonly number[], binary: "REAL,32" | "INT,16"): string {
    const { format, swapped } = this.#settings;
    let text: string;
    if (format === "ASC") {
      text = values.map((value) => (binary === "INT,16" ? String(value) : exponent(value))).join(",");
    } else if (format === "INT,16" && binary === "REAL,32") {
      // Rounded to whole µS it would say another conductance than was measured.
      throw new ScpiError(-221, "conductances are not integers; use FORM REAL,32 or MEAS:CODE?");
    } else {
      const bytes = new Uint8Array(values.length * (format === "REAL,32" ? 4 : 2));
      const view = new DataView(bytes.buffer);
      values.forEach((value, i) => {
        if (format === "REAL,32") view.setFloat32(4 * i, value, swapped);
        else view.setInt16(2 * i, Math.min(32_767, Math.round(value)), swapped);
      });
      const length = String(bytes.length);
      text = `#${length.length}${length}${textOf(bytes)}`;
    }
    this.board.charge(text.length);
    return text;
  }

  /** `cycles,kind,code,width,gate,(@0!3),codes…`: this pulse as it is set, and then the other one, so often. */
  #burst(parameters: readonly Parameter[]): void {
    const [cycles, kind, code, width, gate, ...rest] = parameters;
    if (gate === undefined || rest.length < 2) throw new ScpiError(-109);
    const { mostBurstCycles, microamperesPerCode } = this.board.preset.firmware;
    const then = {
      kind: choiceOf(kind!, ["RESet", "SET"]) === "SET" ? ("set" as const) : ("reset" as const),
      code: this.#code(code!, microamperesPerCode),
      widthNanoseconds: Math.round(1e9 * numberOf(width!, "time")),
      gateCode: integerOf(gate, 0, 65_535),
    };
    const times = integerOf(cycles!, 1, mostBurstCycles);
    this.#fire(rest, (tile, row, pulse, bytes) => this.board.burst(tile, row, pulse, then, times, bytes));
  }

  #pulse(parameters: readonly Parameter[]): void {
    this.#fire(parameters, (tile, row, pulse, bytes) => this.board.pulse(tile, row, pulse, bytes));
  }

  /** `(@0!3),codes…`: one for all, one a device of the rows, or one a line that is named. */
  #fire(
    parameters: readonly Parameter[],
    carryOut: (
      tile: number,
      row: number,
      pulse: Omit<RowPulse, "droop">,
      lineBytes: number,
    ) => Microseconds | BoardRefusal,
  ): void {
    this.#complete();
    const { kind, widthNanoseconds, trailingNanoseconds, gateCode } = this.#settings;
    const [list, ...given] = parameters;
    if (list === undefined || given.length === 0) throw new ScpiError(-109);
    const perCode = this.board.preset.firmware.microamperesPerCode;
    const rows = this.#spread(
      channelsOf(list),
      this.#numbers(given, (p) => this.#code(p, perCode)),
      0,
    );
    for (const { tile, row, values } of rows) {
      const codes = Uint16Array.from(values);
      const pulse = {
        kind: kind === "SET" ? ("set" as const) : ("reset" as const),
        codes,
        widthNanoseconds,
        trailingNanoseconds,
        gateCode,
      };
      this.#measuredAt = this.#accepted(carryOut(tile, row, pulse, this.#takeLineBytes()));
    }
  }

  /** An amplitude code, or a current with its unit. */
  #code(parameter: Parameter, microamperesPerCode: number): number {
    const current = parameter.kind === "number" && parameter.suffix !== "";
    if (!current) return integerOf(parameter, 0, 65_534);
    const code = Math.round(numberOf(parameter, "current") / microamperesPerCode);
    if (!(code >= 0 && code < 65_535)) throw new ScpiError(-222);
    return code;
  }

  /** `(@…),conductance…,margin,iterations`: goes on by itself until it is done, or `ABORt`. */
  #verify(parameters: readonly Parameter[]): void {
    this.#complete();
    if (parameters.length < 4) throw new ScpiError(-109);
    const { microsiemensPerCode } = this.board.preset.readout;
    const channels = channelsOf(parameters[0]!);
    const targets = this.#numbers(parameters.slice(1, -2), (p) => {
      const code = Math.round(numberOf(p, "conductance") / microsiemensPerCode);
      if (!(code >= 0 && code < noCode)) throw new ScpiError(-222);
      return code;
    });
    const margin = Math.round(numberOf(parameters.at(-2)!, "conductance") / microsiemensPerCode);
    const iterations = integerOf(parameters.at(-1)!, 1, 64);
    if (!(margin >= 0 && margin < noCode)) throw new ScpiError(-222);
    const { widthNanoseconds } = this.#settings;
    if (!this.board.armed) throw new ScpiError(-221, "output is off");
    const rows = this.#spread(channels, targets, noCode).map(({ tile, row, values }) => ({
      tile,
      row,
      marginCodes: margin,
      iterations,
      widthNanoseconds,
      targets: Uint16Array.from(values),
    }));
    this.#overlapped = { rows, startedAt: this.board.clock };
    this.#status.operation.condition |= programming;
  }

  /** Numbers given one by one, or as a block of big-endian 16-bit words (`FORMat:BORDer`). */
  #numbers(given: readonly Parameter[], read: (parameter: Parameter) => number): number[] {
    const [first] = given;
    if (first?.kind !== "block") return given.map(read);
    if (given.length > 1 || first.data.length % 2 === 1) throw new ScpiError(-161);
    const bytes = bytesOf(first.data);
    const view = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length / 2 }, (_, i) =>
      read({ kind: "number", value: view.getUint16(2 * i, this.#settings.swapped), suffix: "" }),
    );
  }

  /** Lays values on rows of devices: one for all channels, or one for each device that they name. */
  #spread(
    channels: readonly Channel[],
    values: readonly number[],
    untouched: number,
  ): { tile: number; row: number; values: number[] }[] {
    const perRow = devicesPerRow(this.board.preset.geometry);
    const named = channels.reduce((sum, { line }) => sum + (line === undefined ? perRow : 1), 0);
    if (values.length !== 1 && values.length !== named) {
      throw new ScpiError(-108, `${values.length} values for a list of ${named}`);
    }
    let next = 0;
    const take = (): number => values[values.length === 1 ? 0 : next++]!;
    return rowsOf(channels).map(([{ tile, row }, inRow]) => {
      const laid = Array.from({ length: perRow }, () => untouched);
      for (const { line } of inRow) {
        if (line === undefined) for (let k = 0; k < perRow; k++) laid[k] = take();
        else if (line < perRow) laid[line] = take();
        else throw new ScpiError(-222, `there is no line ${line}`);
      }
      return { tile, row, values: laid };
    });
  }

  /** Waits for the loop of the board's own: chip time goes on until it is done. */
  #complete(): void {
    const work = this.#overlapped;
    this.#overlapped = undefined;
    this.#settle();
    for (const row of work?.rows ?? []) {
      const { chipTimeMicroseconds } = this.#accepted(this.board.verify(row, this.#takeLineBytes()));
      this.#measuredAt = chipTimeMicroseconds;
    }
  }

  /** Ends the loop where it is: what it had time for has happened. */
  #abort(): void {
    const work = this.#overlapped;
    this.#overlapped = undefined;
    this.#settle();
    let left = work === undefined ? 0 : this.#iterationsSince(work.startedAt);
    for (const row of work?.rows ?? []) {
      const iterations = Math.min(row.iterations, left);
      left -= iterations;
      if (iterations > 0) this.#accepted(this.board.verify({ ...row, iterations }, 0));
    }
  }

  #iterationsSince(startedAt: Microseconds): number {
    const { readRowMicroseconds, pulseRowMicroseconds } = this.board.preset.readout;
    return Math.floor((this.board.clock - startedAt) / (readRowMicroseconds + pulseRowMicroseconds + 1000));
  }

  /** What has had time to end has ended; `*OPC` is told. */
  #settle(): void {
    const work = this.#overlapped;
    const wanted = work?.rows.reduce((sum, { iterations }) => sum + iterations, 0) ?? 0;
    if (work !== undefined && this.#iterationsSince(work.startedAt) >= wanted) return this.#complete();
    this.#status.operation.condition = work === undefined ? 0 : programming;
    this.#status.questionable.condition = (this.chip.selfTest() & 2) !== 0 ? calibration : 0;
    if (work === undefined && this.#completionWanted) {
      this.#completionWanted = false;
      this.#status.standardEvent |= standardEvents.operationComplete;
    }
  }

  /** Line time is charged once a message. */
  #takeLineBytes(): number {
    const bytes = this.#lineBytes;
    this.#lineBytes = 0;
    return bytes;
  }

  #accepted<T>(result: T | BoardRefusal): T {
    if (typeof result !== "object" || result === null || !("refused" in result)) return result as T;
    const { refused, text } = result;
    throw new ScpiError({ standby: -221, limit: -222, unsupported: -241 }[refused] as -221, text);
  }
}

/** Of its description, in one answer. */
const partBytes = 1024;

/** Chip time that a question takes while the board's own loop goes on. */
const askedMicroseconds = 1000;
const questionsWithParameters =
  /MEASure:(CODE|REF)|MEASure\[|DESCription\?|PULSe:(WIDTh|TRAiling)|AVERage:COUNt/;

/** Bits of the operation and the questionable status register. */
const programming = 256;
const calibration = 256;

const noCode = 0xffff;
/** SCPI's way to say that there is no number. */
const notANumber = 9.91e37;

/** Questions who is there, and whatever makes the chip safe. */
function isAlwaysObeyed(message: string): boolean {
  return /^\s*:?(\*IDN\?|\*RST|ABOR|OUTP OFF|OUTP 0)\s*$/i.test(message);
}

/** A question may name a bound, such as `MAX`, and no value. */
function boundOf(parameter: Parameter): Parameter {
  if (parameter.kind !== "word") throw new ScpiError(-104);
  return parameter;
}

function exponent(value: number): string {
  return value.toExponential(6).toUpperCase();
}

function expectParameters(parameters: readonly Parameter[], count: number): readonly Parameter[] {
  if (parameters.length < count) throw new ScpiError(-109);
  if (parameters.length > count) throw new ScpiError(-108);
  return parameters;
}

function missing(): never {
  throw new ScpiError(-109);
}
