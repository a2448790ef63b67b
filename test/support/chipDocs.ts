import { z } from "zod";
import { builtInTechnologyFiles, chipFileSchema } from "../../files/chipDescription.ts";
import { type ChipKey, chipKeys } from "../../files/chipKeys.ts";

/** What docs/chip-description.md and schemas/chip.json say of descriptions, made of the schema itself. */

export function chipJsonSchema(): object {
  const oneOf = builtInTechnologyFiles.map((file) => {
    const { $schema: _, ...rest } = z.toJSONSchema(chipFileSchema(file), { io: "input" });
    return rest;
  });
  const description =
    "What a chip is and what may be done to it. docs/chip-description.md has the same for people.";
  const $schema = "https://json-schema.org/draft/2020-12/schema";
  return { $schema, title: "Description of a chip for mho, version 1", description, oneOf };
}

/** Every key in a table: those of every chip first, then those of each technology. */
export function chipKeySections(): string {
  const all = builtInTechnologyFiles.map((file) => ({ ...file, keys: chipKeys(file) }));
  const shared = all[0]!.keys.filter(({ path }) =>
    all.every(({ keys }) => keys.some((one) => one.path === path)),
  );
  const paths = new Set(shared.map(({ path }) => path));
  return [
    `### Every chip\n\n${table(shared)}`,
    ...all.map(
      ({ technology: { name, title }, keys }) =>
        `### Chips of ${title} devices, \`${name}\`\n\n${table(keys.filter(({ path }) => !paths.has(path)))}`,
    ),
  ].join("\n\n");
}

/** Keys of which nothing is said, and optional ones of which it is not said what happens without them. */
export function keysWithoutMeaning(): string[] {
  return builtInTechnologyFiles
    .flatMap(chipKeys)
    .filter(({ use, leftOut, isRequired }) => use === undefined || isRequired !== (leftOut === undefined))
    .map(({ path }) => path);
}

function table(keys: readonly ChipKey[]): string {
  const rows = keys.map(
    ({ path, unit, use = "", leftOut = "The description is refused." }) =>
      `| \`${path}\` | ${unit} | ${use} | ${leftOut} |`,
  );
  return ["| key | unit | what it is used for | left out |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
