import { MhoError } from "../src/errors.ts";

/**
 * What the options of the library's calls are, by name: scripts in JavaScript have no compiler to tell them. An option means the same in
 * every call that has it; those that are not listed are held by the calls themselves.
 */
const kinds: Readonly<Record<string, Kind>> = {
  ...named("number", "averages", "count", "device", "draws", "gateCode", "perDecade", "pulsesPerDevice"),
  ...named("number", "readVolts", "reads", "row", "rows", "seed", "tile", "trailingNanoseconds", "vectors"),
  ...named("number", "widthNanoseconds", "maxConductanceMicrosiemens", "verifyShare", "minYieldPercent"),
  ...named("text", "as", "chip", "chipName", "config", "die", "images", "importance", "labels", "logLevel"),
  ...named("text", "name", "note", "onnx", "operator", "out", "technology", "title", "transcript"),
  ...named("text", "wafer", "where", "workspace", "at", "before", "onEnd", "webhook", "text"),
  ...named("flag", "acceptUnknownWear", "archived", "believe", "dryRun", "findings", "turns", "undo"),
  ...named("flag", "watchdog"),
  ...named("place", "pulseDevice", "sacrifice"),
  ...named("flag", "all", "allowRun", "first", "keep"),
  ...named("numbers", "devices", "sweepTimesSeconds", "timesSeconds"),
  ...named("texts", "chips", "tags", "tensors"),
  ...named("function", "onChipFailed", "onEvent", "onFinding", "onHolder", "say"),
};

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

function named(kind: Kind, ...names: readonly string[]): Record<string, Kind> {
  return Object.fromEntries(names.map((name) => [name, kind]));
}

/** Throws `bad-argument` for an option that is of another kind than the call can use. Undefined is an option that is not given. */
export function refuseOtherKinds(call: string, options: object): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const kind = kinds[name];
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
