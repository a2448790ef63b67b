import { Collector } from "../../files/measurements/collector.ts";
import { parseMapping } from "../../files/measurements/mapping.ts";
import { unpacked } from "../../files/measurements/readMeasurements.ts";
import { readTable } from "../../files/measurements/readTable.ts";
import { textOf } from "../../files/text.ts";
import { assert } from "../../src/errors.ts";
import { layOut } from "../../src/imported/layout.ts";
import { importedTile } from "../../src/imported/records.ts";
import { repositoryFile } from "./fixtures.ts";
import { surface, utf8 } from "./surface.ts";

const names = ["arc1-csv", "rram-bake", "rram-relaxation", "t-r"];
const mappingFile = (name: string): Uint8Array => repositoryFile(`mappings/${name}.json`);

const tables: readonly (readonly [mapping: string, text: string])[] = [
  ["t-r", "t [ms];R (kΩ)\n0;1,5\n1;2,5E3\n10;nan\n"],
  ["t-r", "# a comment\n1 -2e3\n1 inf\n2 5\n"],
  ["rram-bake", "1\t0\t9e3\t1e-4\t100\n1\t7200\t9e3\t-1e-4\t100\n2\t7200\t9e3\t1e-4\t140\n"],
  ["rram-relaxation", "7\t0\t1e5\t1e-5\t1e-5\t2\t0\n7\t0.011\t1e5\t1.1e-5\t1e-5\t2\t0.01\n"],
  [
    "arc1-csv",
    "s\nd\nWordline,Bitline,Resistance,Tag\n1,2,9000,RET_170.5\n1,2,9100,RET_171.5\n1,2,9100,RET_e\n",
  ],
];

export const measurementSurfaces = [
  surface("mapping", 60, () => ({
    corpus: names.map(mappingFile),
    language: "json",
    feed: (bytes) => parseMapping(bytes, "given.json").name !== "",
  })),
  ...names.map((name) =>
    surface(`measurements-${name}`, 60, () => {
      const mapping = parseMapping(mappingFile(name), name);
      return {
        corpus: tables.filter(([of]) => of === name).map(([, text]) => utf8(text)),
        language: "text",
        feed(bytes) {
          const into = new Collector(mapping.time.since === "first-read");
          const text = textOf(unpacked(bytes, "given.csv"), "given.csv");
          const { reads } = readTable(text, "given.csv", mapping, "given", into);
          const measurements = into.finish();
          const layout = layOut(measurements);
          let sweeps = 0;
          for (const tile of layout.tiles.keys())
            for (const { rowTimesMicroseconds } of importedTile(measurements, layout, tile, 1).sweeps())
              sweeps += rowTimesMicroseconds.length > 0 ? 1 : 0;
          assert(
            reads > 0 && (sweeps > 0 || measurements.reads.devices.length === 0),
            "what was accepted has sweeps",
          );
          return true;
        },
      };
    }),
  ),
];
