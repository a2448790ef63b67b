import type { z } from "zod";

/** A list or an object is only named: it may be nested deeper than it can be written. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * What is wrong with a value of a file, in words of a lab. What a schema says itself is left as it is.
 *
 * @param data  what stands in the file.
 */
export function plainIssue(issue: z.core.$ZodIssue, data: unknown): string {
  if (!/^(?:Invalid (?:input|option|key|element)|Too (?:small|big)|Unrecognized key)/.test(issue.message))
    return issue.message;
  const value = valueAt(data, issue.path);
  if (issue.code === "unrecognized_keys")
    return `there is no ${issue.keys.length === 1 ? "key" : "keys"} ${issue.keys.map((key) => JSON.stringify(key)).join(", ")} here`;
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (value === undefined)
    return `it is missing${issue.code === "invalid_type" ? `; give ${kindOf(issue.expected)}` : ""}`;
  if (issue.code === "invalid_type") return `it is ${shown(value)}; give ${kindOf(issue.expected)}`;
  if (issue.code === "invalid_value") {
    const values = issue.values.map((one) => JSON.stringify(one));
    return `it is ${shown(value)}; give ${values.length > 1 ? "one of " : ""}${values.join(", ")}`;
  }
  if (issue.code === "too_small" || issue.code === "too_big") return `${sizeOf(issue, value)}`;
  return issue.message;
}

function sizeOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): string {
  const [end, word] =
    issue.code === "too_small"
      ? [issue.minimum, issue.inclusive === false ? "more than" : "at least"]
      : [issue.maximum, issue.inclusive === false ? "less than" : "at most"];
  if (typeof value === "string" && value === "") return "it is empty";
  const unit =
    typeof value === "string"
      ? " characters"
      : Array.isArray(value)
        ? end === 1
          ? " entry"
          : " entries"
        : "";
  const is =
    typeof value === "string" || Array.isArray(value)
      ? `it has ${(value as string | unknown[]).length}${typeof value === "string" ? " characters" : value.length === 1 ? " entry" : " entries"}`
      : `it is ${shown(value)}`;
  return `${is}; give ${word} ${end}${unit}`;
}

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

function kindOf(expected: string): string {
  return kinds[expected] ?? expected;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}
