import { z } from "zod";
import { eventVersion } from "../../lab/events.ts";
import { eventSchema } from "../../lab/eventSchema.ts";
import { stamp } from "../../lab/schemas/event.ts";

/** What docs/events.md and schemas/events.json say of each event, from the schema itself. */

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema, draft 2020-12. It lets fields of later versions pass, as a reader should. */
export function eventsJsonSchema(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(eventSchema, {
    override({ jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // "date-time" says it in a word.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const title = `Events of mho, version ${eventVersion}`;
  const description =
    "One line of what a command of mho prints with --json. docs/events.md has the same for people.";
  return { $schema, title, description, ...rest } as JsonSchema;
}

/** One section for each event, with a line for each field. */
export function eventSections(): string {
  const events = alternatives(z.toJSONSchema(eventSchema));
  const results = events.filter((one) => constant(one, "type") === "result");
  const others = events.filter((one) => !results.includes(one));
  return [
    "## Events",
    ...others.map((one) => section(`\`${constant(one, "type")}\``, one)),
    "## Results",
    ...results.map((one) => section(`\`${constant(one, "command")}\`${which(one)}`, one)),
  ].join("\n\n");
}

/** Objects of a union, however nested. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const options = schema.oneOf ?? schema.anyOf;
  return options === undefined ? [schema] : options.flatMap((option) => alternatives(option as JsonSchema));
}

function section(title: string, schema: JsonSchema): string {
  const common = new Set(["type", "command", ...Object.keys(stamp)]);
  const fields = Object.entries(propertiesOf(schema)).filter(([name]) => !common.has(name));
  return `### ${title}\n\n${schema.description}\n\n${lines(fields, schema, "")}`.trim();
}

/** Of a command with several results, the field that tells them apart. */
function which(schema: JsonSchema): string {
  const apart = Object.entries(propertiesOf(schema)).find(
    ([name, { const: value }]) => value !== undefined && ["dry_run", "pulsed", "to", "what"].includes(name),
  );
  return apart === undefined ? "" : `, \`${apart[0]}\` ${JSON.stringify(apart[1].const)}`;
}

function lines(fields: readonly [string, JsonSchema][], parent: JsonSchema, indent: string): string {
  return fields
    .flatMap(([name, schema]) => {
      const optional = parent.required?.includes(name) === true ? "" : ", may be left out";
      const meaning = schema.description === undefined ? "" : `: ${schema.description}`;
      const head = `${indent}- \`${name}\` (${typeOf(schema)}${optional})${meaning}`;
      const inner = innerOf(schema);
      return inner === undefined
        ? [head]
        : [head, lines(Object.entries(propertiesOf(inner)), inner, `${indent}  `)];
    })
    .join("\n");
}

/** The object inside a field, where its own fields have meanings of their own. */
function innerOf(schema: JsonSchema): JsonSchema | undefined {
  const options = schema.anyOf?.map((option) => option as JsonSchema) ?? [schema];
  const [only, ...more] = options.filter(({ type }) => type !== "null");
  const inner = only?.type === "array" ? (only.items as JsonSchema) : only;
  if (inner?.properties === undefined || more.length > 0) return undefined;
  return Object.values(propertiesOf(inner)).every(({ description }) => description !== undefined)
    ? inner
    : undefined;
}

function typeOf(schema: JsonSchema): string {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined)
    return [...new Set(options.map((one) => typeOf(one as JsonSchema)))].join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (schema.type !== "array") return String(schema.type ?? "any");
  if (schema.prefixItems !== undefined) return `${schema.prefixItems.length} numbers`;
  const items = schema.items as JsonSchema | undefined;
  return items === undefined ? "array" : `array of ${typeOf(items)}`;
}

function constant(schema: JsonSchema, field: string): string {
  return String(propertiesOf(schema)[field]?.const);
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

/** Fields of every event of which nothing is said. */
export function fieldsWithoutMeaning(): string[] {
  return alternatives(z.toJSONSchema(eventSchema)).flatMap((event) =>
    Object.entries(propertiesOf(event))
      .filter(
        ([name, { description, const: value }]) =>
          description === undefined && value === undefined && name !== "type",
      )
      .map(([name]) => `${constant(event, "type")} ${constant(event, "command")}: ${name}`),
  );
}
