import { MhoError } from "../src/errors.ts";

/**
 * What the options of the library's calls are, by name: scripts in JavaScript have no compiler to tell them. An option means the same in
 * every call that has it; those that are not listed are held by the calls themselves.
 */
const kinds = {
  acceptUnknownWear: "flag",
  all: "flag",
  allowRun: "flag",
  archived: "flag",
  believe: "flag",
  dryRun: "flag",
  findings: "flag",
  follow: "flag",
  restored: "flag",
  first: "flag",
  keep: "flag",
  turns: "flag",
  undo: "flag",
  watchdog: "flag",
  onChipFailed: "function",
  onEvent: "function",
  onFinding: "function",
  onHolder: "function",
  say: "function",
  averages: "number",
  count: "number",
  device: "number",
  draws: "number",
  gateCode: "number",
  maxConductanceMicrosiemens: "number",
  minYieldPercent: "number",
  perDecade: "number",
  pulsesPerDevice: "number",
  readVolts: "number",
  reads: "number",
  row: "number",
  rows: "number",
  runLimitSeconds: "number",
  seed: "number",
  tile: "number",
  trailingNanoseconds: "number",
  vectors: "number",
  verifyShare: "number",
  widthNanoseconds: "number",
  devices: "numbers",
  sweepTimesSeconds: "numbers",
  timesSeconds: "numbers",
  pulseDevice: "place",
  sacrifice: "place",
  at: "text",
  before: "text",
  bench: "text",
  chip: "text",
  chipName: "text",
  config: "text",
  die: "text",
  images: "text",
  importance: "text",
  inputs: "text",
  labels: "text",
  logLevel: "text",
  name: "text",
  note: "text",
  onEnd: "text",
  onnx: "text",
  operator: "text",
  out: "text",
  output: "text",
  technology: "text",
  text: "text",
  title: "text",
  transcript: "text",
  wafer: "text",
  webhook: "text",
  where: "text",
  workspace: "text",
  chips: "texts",
  spares: "texts",
  tags: "texts",
  tensors: "texts",
} as const satisfies Readonly<Record<string, Kind>>;

type Kind = "place" | "number" | "text" | "flag" | "numbers" | "texts" | "function";

const shown: Readonly<Record<Kind, string>> = {
  place: "a device such as { tile: 0, row: 3, device: 5 }",
  number: "a number",
  text: "a text",
  flag: "true or false",
  numbers: "a list of numbers",
  texts: "a list of texts",
  function: "a function",
};

interface Values {
  readonly number: number;
  readonly text: string;
  readonly flag: boolean;
  readonly numbers: ArrayLike<number>;
  readonly texts: readonly string[];
  readonly function: (...given: never[]) => unknown;
  readonly place: object;
}

/** Options of which those that are listed are of the kind that the list says: so that a call cannot come to mean more by a name. */
export type OfListedKinds<Options> = {
  readonly [Name in keyof Options]: Name extends keyof typeof kinds
    ? Values[(typeof kinds)[Name]] | undefined
    : unknown;
};

/** Throws `bad-argument` for an option that is of another kind than the call can use. Undefined is an option that is not given. */
export function refuseOtherKinds(call: string, options: object): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const kind = (kinds as Readonly<Record<string, Kind>>)[name];
    if (kind === undefined || value === undefined || isOf(kind, value)) continue;
    throw new MhoError(
      "bad-argument",
      `The option ${name} of ${call} is ${told(value)}: give ${shown[kind]}.`,
      { option: name },
    );
  }
}

function isOf(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "place":
      return isPlace(value);
    case "number":
      return typeof value === "number";
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "function":
      return typeof value === "function";
    case "numbers":
      return isListOf("number", value);
    case "texts":
      return isListOf("string", value);
  }
}

function isPlace(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const place = value as Record<string, unknown>;
  return ["tile", "row", "device"].every(
    (key) => Number.isInteger(place[key]) && (place[key] as number) >= 0,
  );
}

function isListOf(type: "number" | "string", value: unknown): boolean {
  const list: readonly unknown[] | undefined = Array.isArray(value)
    ? value
    : ArrayBuffer.isView(value) && Symbol.iterator in value
      ? [...(value as unknown as Iterable<unknown>)]
      : undefined;
  return list !== undefined && list.every((one) => typeof one === type);
}

/** A value in an error: short, and told from a text that looks like it. */
function told(value: unknown): string {
  if (typeof value === "function") return "a function";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
