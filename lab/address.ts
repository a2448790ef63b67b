import type { Births } from "../emulator/birthKinds.ts";
import { birthsOfPreset, dialectOfPreset } from "../emulator/presets.ts";
import type { Bake } from "../emulator/temperature.ts";
import { MhoError } from "../src/errors.ts";
import { microsecondsPerSecond, parseDuration } from "../src/units.ts";
import { builtInDialects, dialectNamed, type LabDialect } from "./dialects.ts";

/** Where a chip is: `serial:/dev/ttyACM0?baud=3000000`, `tcp:127.0.0.1:5025` or `emulator:pcm-64?seed=7&tiles=14`. */
export interface ChipAddress {
  readonly text: string;
  readonly scheme: "serial" | "tcp" | "emulator";
  /** A port, HOST:PORT, or a preset. */
  readonly target: string;
  readonly baud: number | undefined;
  readonly dialect: LabDialect;
  /** A preset's name or a description file. */
  readonly chip: string | undefined;
  readonly tiles: number | undefined;
  readonly seed: number | undefined;
  /** Of an emulated chip: how its devices are born, and what they live in. */
  readonly births: Births | undefined;
  readonly temperatureCelsius: number | undefined;
  readonly swingCelsius: number | undefined;
  readonly bakes: readonly Bake[] | undefined;
  readonly sensor: "usual" | "none" | undefined;
  readonly readDisturb: number | undefined;
  readonly halfSelectDisturb: number | undefined;
  readonly cyclingPulses: number | undefined;
  readonly wireOhmsPerCell: number | undefined;
  readonly converter: "ideal" | "worn" | undefined;
  /** How a person named the chip, where its board says no serial number. */
  readonly serialNumber: string | undefined;
  /** Of a board that goes from device to device: what each takes it, in a read and in a pulse. */
  readonly deviceMilliseconds: number | undefined;
  /** Of a source-measure unit: the line of its switch matrix, the file of the channels, and how it measures. */
  readonly switchLine: { readonly scheme: "serial" | "tcp"; readonly target: string } | undefined;
  readonly channels: string | undefined;
  readonly mostMicroamperes: number | undefined;
  readonly powerLineCycles: number | undefined;
  /** Of an emulated chip in this process: the file that keeps its devices between commands, or `none`. */
  readonly state: string | undefined;
  /** Of an emulated chip: whether its board describes itself. */
  readonly describes: "usual" | "none" | undefined;
}

const parameters = {
  serial: ["baud", "dialect", "chip", "tiles", "serial", "device_milliseconds"],
  tcp: ["dialect", "chip", "tiles", "serial", "device_milliseconds"],
  emulator: [
    "dialect",
    "seed",
    "tiles",
    "chip",
    "births",
    "temperature",
    "swing",
    "bake",
    "sensor",
    "read_disturb",
    "half_select",
    "cycling",
    "wires",
    "converter",
    "device_milliseconds",
    "state",
    "describe",
  ],
} as const;

/**
 * Throws `bad-argument` that says which part is wrong.
 *
 * @param dialects  those that the address may name; the first is meant when it names none.
 */
export function parseAddress(text: string, dialects: readonly LabDialect[] = builtInDialects): ChipAddress {
  if (text.startsWith("imported:")) {
    throw new MhoError(
      "bad-argument",
      `The chip at ${text} was imported: it exists as measurements only, and there is nothing to reach. Name a chip on a line.`,
      { address: text },
    );
  }
  if (text.startsWith("packed:")) {
    const there = text.slice("packed:".length);
    throw new MhoError(
      "bad-argument",
      `The run came out of a pack, and its chip was at ${there} on the bench where it was packed. Name its address here with --chip.`,
      { address: text },
    );
  }
  const match = /^(serial|tcp|emulator):([^?]+)(?:\?(.*))?$/.exec(text);
  if (!match) {
    throw bad(
      text,
      "it is neither serial:PORT, tcp:HOST:PORT nor emulator:PRESET, such as serial:/dev/ttyACM0 or emulator:pcm-64",
    );
  }
  const scheme = match[1] as ChipAddress["scheme"];
  if (scheme === "tcp" && !/:\d{1,5}$/.test(match[2]!)) {
    throw bad(text, `it names no port. Write it as tcp:${match[2]}:5025`);
  }
  const given = new URLSearchParams(match[3] ?? "");
  const dialect = dialectOf(text, scheme === "emulator" ? match[2]! : undefined, given, dialects);
  const known: readonly string[] = [...parameters[scheme], ...(dialect.parameters ?? [])];
  for (const name of given.keys()) {
    if (!known.includes(name)) {
      throw bad(text, `${scheme} addresses have no ${name}; they have ${known.join(", ")}`);
    }
    // Only the first would be looked at, and the others still name the file of an emulated chip.
    if (given.getAll(name).length > 1) throw bad(text, `${name} is given twice`);
  }
  return {
    text,
    scheme,
    target: match[2]!,
    baud: wholeNumber(text, given, "baud", 1),
    dialect,
    serialNumber: serialNumberOf(text, given, dialect),
    chip: given.get("chip") ?? undefined,
    tiles: wholeNumber(text, given, "tiles", 1, 65_535),
    seed: wholeNumber(text, given, "seed", 0),
    births: oneOf(text, given, "births", birthsOfPreset(match[2]!)),
    temperatureCelsius: within(text, given, "temperature", -60, 200),
    swingCelsius: within(text, given, "swing", 0, 50),
    bakes: bakesOf(text, given),
    sensor: oneOf(text, given, "sensor", ["usual", "none"]),
    readDisturb: within(text, given, "read_disturb", 0, 0.1),
    halfSelectDisturb: within(text, given, "half_select", 0, 0.1),
    cyclingPulses: wholeNumber(text, given, "cycling", 1),
    wireOhmsPerCell: within(text, given, "wires", 0, 1000),
    converter: oneOf(text, given, "converter", ["ideal", "worn"]),
    deviceMilliseconds: within(text, given, "device_milliseconds", 0.001, 10_000),
    switchLine: switchLineOf(text, given),
    channels: given.get("channels") ?? undefined,
    mostMicroamperes: within(text, given, "compliance_microamperes", 0.001, 1e6),
    powerLineCycles: within(text, given, "power_line_cycles", 0.01, 10),
    state: given.get("state") ?? undefined,
    describes: oneOf(text, given, "describe", ["usual", "none"]),
  };
}

/** The same address, of a chip with so many tiles. */
export function withTiles(address: ChipAddress, tiles: number): string {
  return withParameters(address, { tiles });
}

/** The same address, with other values of parameters. */
export function withParameters(
  { text }: ChipAddress,
  values: Readonly<Record<string, string | number>>,
): string {
  const [place, query = ""] = text.split("?");
  const names = Object.keys(values);
  const kept = query.split("&").filter((part) => part !== "" && !names.includes(part.split("=")[0]!));
  return `${place}?${[...kept, ...names.map((name) => `${name}=${values[name]}`)].join("&")}`;
}

/** @param preset  of an emulated chip, which may have a dialect of its own. */
function dialectOf(
  text: string,
  preset: string | undefined,
  given: URLSearchParams,
  dialects: readonly LabDialect[],
): LabDialect {
  const names = dialects.map(({ name }) => name);
  // A preset says what it speaks, or a dialect calls it its own.
  const itsOwn =
    preset && (dialectOfPreset(preset) ?? dialects.find((one) => one.usualChip === preset)?.name);
  const usual = itsOwn ?? names[0]!;
  return dialectNamed(dialects, oneOf(text, given, "dialect", names) ?? usual);
}

function switchLineOf(text: string, given: URLSearchParams): ChipAddress["switchLine"] {
  const value = given.get("switch");
  if (value === null) return undefined;
  const match = /^(?:(tcp):(.+:\d{1,5})|(serial):(.+))$/.exec(value);
  if (match === null)
    throw bad(text, "switch must be tcp:HOST:PORT or serial:PORT, such as tcp:192.168.0.5:5025");
  return match[1] === "tcp" ? { scheme: "tcp", target: match[2]! } : { scheme: "serial", target: match[4]! };
}

function serialNumberOf(text: string, given: URLSearchParams, dialect: LabDialect): string | undefined {
  const value = given.get("serial");
  if (value === null) return undefined;
  if (dialect.lacks?.includes("serialNumber") !== true)
    throw bad(
      text,
      `boards of the dialect ${dialect.name} say their serial number themselves; leave serial away`,
    );
  if (!/^[\w.:+-]{1,40}$/.test(value))
    throw bad(
      text,
      "serial must be a name of at most 40 letters, digits, dots, colons, plus signs, hyphens and underscores",
    );
  return value;
}

function oneOf<T extends string>(
  text: string,
  given: URLSearchParams,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = given.get(name);
  if (value === null) return undefined;
  const choice = choices.find((one) => one === value);
  if (choice === undefined) throw bad(text, `${name} must be ${choices.join(" or ")}, and ${value} is not`);
  return choice;
}

function within(
  text: string,
  given: URLSearchParams,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = given.get(name);
  if (value === null) return undefined;
  const number = Number(value);
  if (value === "" || !(number >= least && number <= most)) {
    throw bad(text, `${name} must be a number from ${least} to ${most}, and ${value} is not`);
  }
  return number;
}

/** `85C,64h,1h`: 85 °C for 64 hours from an hour of the chip's time on; several with `;` between. */
function bakesOf(text: string, given: URLSearchParams): readonly Bake[] | undefined {
  const value = given.get("bake");
  if (value === null) return undefined;
  const bakes = value.split(";").map((one): Bake => {
    const [warm = "", long = "", begins = "1h", ...more] = one.split(",");
    const celsius = /^-?\d+(\.\d+)?C$/.test(warm) ? Number(warm.slice(0, -1)) : Number.NaN;
    const [seconds, fromSeconds] = [parseDuration(long), parseDuration(begins)];
    if (!(celsius >= -60 && celsius <= 300) || !seconds || fromSeconds === undefined || more.length > 0) {
      throw bad(
        text,
        `bake must be a temperature from -60C to 300C, how long, and when the oven is entered, such as 85C,64h,1h, and ${one} is not`,
      );
    }
    const fromMicroseconds = fromSeconds * microsecondsPerSecond;
    return { celsius, fromMicroseconds, toMicroseconds: fromMicroseconds + seconds * microsecondsPerSecond };
  });
  bakes.sort((a, b) => a.fromMicroseconds - b.fromMicroseconds);
  if (bakes.some(({ fromMicroseconds }, n) => n > 0 && fromMicroseconds < bakes[n - 1]!.toMicroseconds)) {
    throw bad(text, "its bakes overlap");
  }
  return bakes;
}

function wholeNumber(
  text: string,
  given: URLSearchParams,
  name: string,
  least: number,
  most = 0xffffffff,
): number | undefined {
  const value = given.get(name);
  if (value === null) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most) {
    throw bad(text, `${name} must be a whole number from ${least} to ${most}, and ${value} is not one`);
  }
  return number;
}

function bad(text: string, what: string): MhoError {
  return new MhoError("bad-argument", `The chip address ${text} cannot be used: ${what}.`, { address: text });
}
