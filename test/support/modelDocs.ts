import { builtInTechnologies } from "../../src/chip/technologies.ts";
import { builtInDefinitions } from "../../src/model/builtIn.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { formatDuration, type Seconds } from "../../src/units.ts";

/** The built-in models as docs/models.md lists them, made of their records. */
export function modelTable(): string {
  const rows = builtInDefinitions.map((definition) => {
    const { name, source = "" } = definition;
    const model = modelOf(definition);
    const { minConductanceMicrosiemens: least, maxConductanceMicrosiemens: most } = model;
    const technology = builtInTechnologies.find(({ builtInModels = [] }) => builtInModels.includes(name));
    const cells = [
      `\`${name}\``,
      technology!.title,
      `${least} … ${most}`,
      model.referenceAgeSeconds === 0 ? "0 s" : formatDuration(model.referenceAgeSeconds),
      known(model.knownTimesSeconds),
      source,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| name | devices | range, µS | reference age | known | source |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** Ages that the model tells of, s after the reference age. */
function known({ from, to }: { readonly from: Seconds; readonly to: Seconds }): string {
  if (to < Infinity) return `${formatDuration(from)} … ${formatDuration(to)}`;
  return from === 0 ? "at any age" : `from ${formatDuration(from)} on`;
}
