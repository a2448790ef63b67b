import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configSchema } from "../files/config.ts";
import { mappingSchema } from "../files/measurements/mapping.ts";
import { chipJsonSchema, chipKeySections, keysWithoutMeaning } from "./support/chipDocs.ts";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import { builtInDefinitions } from "../src/model/builtIn.ts";
import { technologyOf } from "../src/model/definition.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { modelTable } from "./support/modelDocs.ts";
import { eventSections, eventsJsonSchema, fieldsWithoutMeaning } from "./support/eventDocs.ts";

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const width = { printWidth: 110 };

describe("what is said of events (npm run events writes it anew)", () => {
  it("tells the meaning of every field", () => {
    expect(fieldsWithoutMeaning()).toEqual([]);
  });

  it("is in docs/events.md what the schema says", async () => {
    const page = path("docs/events.md");
    const mark = "<!-- written by npm run events -->";
    const [byHand] = readFileSync(page, "utf8").split(mark);
    const text = `${byHand}${mark}\n\n${eventSections()}\n`;
    await expect(await format(text, { ...width, parser: "markdown" })).toMatchFileSnapshot(page);
  });

  it("is in schemas/events.json what the schema says", async () => {
    const text = JSON.stringify(eventsJsonSchema());
    await expect(await format(text, { ...width, parser: "json" })).toMatchFileSnapshot(
      path("schemas/events.json"),
    );
  });
});

describe("what is said of chips' descriptions (npm run events writes it, too)", () => {
  it("tells of every key what it is used for, and of every optional one what happens without it", () => {
    expect(keysWithoutMeaning()).toEqual([]);
  });

  it("is in docs/chip-description.md what the schema says", async () => {
    const page = path("docs/chip-description.md");
    const mark = "<!-- written by npm run events -->";
    const [byHand] = readFileSync(page, "utf8").split(mark);
    const text = `${byHand}${mark}\n\n${chipKeySections()}\n`;
    await expect(await format(text, { ...width, parser: "markdown" })).toMatchFileSnapshot(page);
  });

  it("is in schemas/chip.json what the schema says", async () => {
    const text = JSON.stringify(chipJsonSchema());
    await expect(await format(text, { ...width, parser: "json" })).toMatchFileSnapshot(
      path("schemas/chip.json"),
    );
  });
});

describe("what is said of built-in models (npm run events writes it, too)", () => {
  it("is in docs/models.md what their records say", async () => {
    const page = path("docs/models.md");
    const [mark, end] = [
      "<!-- written by npm run events -->",
      "<!-- end of what npm run events writes -->",
    ] as const;
    const [before, rest] = readFileSync(page, "utf8").split(mark);
    const text = `${before}${mark}\n\n${modelTable()}\n\n${end}${rest!.split(end)[1]}`;
    await expect(await format(text, { ...width, parser: "markdown" })).toMatchFileSnapshot(page);
  });

  it("has each under the technology that it is of, and that takes it", () => {
    const names = builtInDefinitions.map(({ name }) => name);
    const named = builtInTechnologies.flatMap(({ builtInModels = [] }) => builtInModels);
    expect(named.toSorted()).toEqual(names.toSorted());
    for (const { name: technology, builtInModels, usualModel, modelFamilies } of builtInTechnologies) {
      expect(builtInModels).toContain(usualModel);
      for (const name of builtInModels!) {
        const model = builtInDefinition(name)!;
        expect(modelFamilies).toContain(model.family);
        expect(technologyOf(model) ?? technology).toBe(technology);
      }
    }
  });
});

describe("what is said of mappings (npm run events writes it, too)", () => {
  it("is in schemas/mapping.json what the schema says", async () => {
    const { $schema, ...rest } = z.toJSONSchema(mappingSchema, { io: "input" });
    const title = "Mapping of mho, version 1";
    const description =
      "Which column of another tester's file is what. docs/import.md has the same for people.";
    const text = JSON.stringify({ $schema, title, description, ...rest });
    await expect(await format(text, { ...width, parser: "json" })).toMatchFileSnapshot(
      path("schemas/mapping.json"),
    );
  });
});

describe("what is said of the config (npm run events writes it, too)", () => {
  it("is in schemas/config.json what the schema says", async () => {
    const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: "input" });
    const title = "Config of a bench of mho, version 1";
    const description = "Nicknames of chips, operator and defaults. docs/config.md has the same for people.";
    const text = JSON.stringify({ $schema, title, description, ...rest });
    await expect(await format(text, { ...width, parser: "json" })).toMatchFileSnapshot(
      path("schemas/config.json"),
    );
  });
});
