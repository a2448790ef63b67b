import { amplitudeIn, parseAmplitude } from "../src/chip/amplitude.ts";
import { MhoError } from "../src/errors.ts";
import type { Setting, Settings } from "../src/measure/procedure.ts";
import { builtInProcedures, procedureNamed } from "../src/measure/procedures.ts";
import { parseConductanceUnit, parseDuration, toMicrosiemens } from "../src/units.ts";

/** Reads settings such as `step=50mV` for a measurement; each in the unit that it is kept in. */
export function settingsOfFlags(kind: string, given: readonly string[]): Settings {
  const { settings } = procedureNamed(builtInProcedures, kind);
  return Object.fromEntries(
    given.map((text) => {
      const [name = "", ...rest] = text.split("=");
      const setting = settings.find((one) => one.name === name);
      if (setting === undefined) {
        const known = settings.map((one) => one.name).join(", ");
        throw new MhoError(
          "bad-argument",
          `--set ${text}: the measurement ${kind} has no setting ${name}. It has ${known}.`,
          { setting: name },
        );
      }
      return [name, valueOf(setting, rest.join("="), text)];
    }),
  );
}

function valueOf({ name, unit }: Setting, value: string, given: string): number {
  const bare = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : undefined;
  const found = bare ?? converted(value, unit);
  if (found !== undefined && Number.isFinite(found)) return found;
  const example = unit === "" ? `${name}=10` : `${name}=10${unit}`;
  throw new MhoError(
    "bad-argument",
    `--set ${given}: give a number${unit === "" ? "" : `, or a number in ${unit}`}, such as ${example}.`,
    { setting: name },
  );
}

function converted(text: string, unit: string): number | undefined {
  if (/[AV]$/.test(unit)) {
    const amplitude = parseAmplitude(text);
    return amplitude && amplitudeIn(amplitude, unit);
  }
  if (unit === "µS") {
    const match = /^(\d+(?:\.\d+)?)\s*(\S+)$/.exec(text.trim());
    const named = parseConductanceUnit(match?.[2] ?? "");
    return named && toMicrosiemens(Number(match![1]), named);
  }
  if (unit !== "ns" && unit !== "s") return undefined;
  const nanoseconds = /^(\d+(?:\.\d+)?)\s*ns$/.exec(text.trim())?.[1];
  const seconds = nanoseconds === undefined ? parseDuration(text) : Number(nanoseconds) / 1e9;
  if (seconds === undefined) return undefined;
  return unit === "s" ? seconds : Math.round(seconds * 1e9);
}
