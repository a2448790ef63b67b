import { MhoError } from "./errors.ts";

/** From all that passes to what went wrong. */
export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Where the program says what it does, for whoever looks for a fault later. It never throws and never waits: work on a chip goes
 * on whether a record was kept or not. A logger of pino is one.
 *
 * Records of `trace` and `debug` are made in hot loops: ask `isLevelEnabled` before anything is allocated for them.
 */
export interface Log {
  isLevelEnabled(level: LogLevel): boolean;
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log, whose records carry these fields too. */
  child(bindings: LogFields): Log;
}

/** What a record may say beside its message. Names are those of files: snake_case, with units. */
export type LogFields = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

interface Fields {
  /** Wall time, ISO 8601. */
  time: string;
  run: string;
  chip: string;
  serial_number: string;
  port: string;
  dialect: string;
  session: number;
  boot: number;
  pid: number;

  tile: number;
  row: number;
  turn: number;
  /** Of a pulse; of several rows the first one's. */
  ticket: number;
  /** Of a request and its reply. */
  tag: number;
  /** The first is 1. */
  attempt: number;
  round_trip_milliseconds: number;
  /** How many were sent, or came. */
  bytes: number;
  hex: string;
  chip_time_microseconds: number;
  /** What became of a pulse. */
  fate: "not fired" | "fired" | "unknown" | "uncertain";
  error: LoggedError;
  /** What is wrong with an answer. */
  reason: string;

  address: string;
  firmware: string;
  /** A question to the chip, as messages name it: `read of tile 3, row 7`. */
  request: string;
  rows: number;
  devices: number;
  accepted: number;
  pulses: number;
  sweeps: number;
  /** The age that a sweep was to be taken at, and how much later than that it was. */
  time_seconds: number;
  late_seconds: number;
  method: string;
  outcome: string;
  standby: boolean;
  damaged_frames: number;
  stray_frames: number;
  patience_milliseconds: number;
  after_milliseconds: number;
  file: string;
}

export interface LoggedError {
  readonly code: string;
  readonly message: string;
}

/** An error as records carry it. */
export function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { code: "unknown", message: String(error) };
  const { code } = error as { code?: unknown };
  const named = error instanceof MhoError || typeof code === "string";
  return { code: named ? String(code) : error.name, message: error.message };
}

/** What takes the records of a log and of all its children. */
export interface LogSink {
  isLevelEnabled(level: LogLevel): boolean;
  write(level: LogLevel, fields: LogFields, message: string): void;
}

export function logInto(sink: LogSink, bindings: LogFields = {}): Log {
  const at =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void => {
      if (sink.isLevelEnabled(level)) sink.write(level, { ...bindings, ...fields }, message);
    };
  return {
    isLevelEnabled: (level) => sink.isLevelEnabled(level),
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (more) => logInto(sink, { ...bindings, ...more }),
  };
}

/** Where nothing is kept. */
export const noLog: Log = {
  isLevelEnabled: () => false,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => noLog,
};
