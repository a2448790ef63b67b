import { parseAddress } from "../../lab/address.ts";
import { stateFileOf } from "../../lab/keptChip.ts";
import { translationOf } from "../../cli/optimizeWishes.ts";
import { findPreset } from "../../emulator/presets.ts";
import { pcm90nm } from "../../src/model/modelOf.ts";
import { surface, utf8 } from "./surface.ts";

const usual = {
  json: false,
  quiet: false,
  seed: 7,
  model: "pcm-90nm",
  layout: "n-pair",
  compensation: "least-squares",
  alpha: "tile",
  per: "layer",
  out: "s.json",
} as const;

export const commandLineSurfaces = [
  surface("address", 450, {
    corpus: [
      "serial:/dev/ttyACM0?baud=3000000&dialect=scpi",
      "tcp:127.0.0.1:5025?dialect=packet&chip=a.json&tiles=3",
      "emulator:pcm-64?seed=7&tiles=14&births=odd&temperature=25&swing=1&wires=2.5&converter=worn&state=none",
    ].map(utf8),
    language: "text",
    feed(bytes) {
      const address = parseAddress(new TextDecoder().decode(bytes));
      const known = address.scheme === "emulator" && findPreset(address.target) !== undefined;
      if (known && address.state === undefined) {
        const file = stateFileOf(address, "w", 7);
        if (file === undefined || !/^w\/chips\/[^/]+\.state$/.test(file))
          throw new Error(`A chip would be kept in ${file}.`);
      }
      return true;
    },
  }),
  surface("flags", 140, {
    corpus: ["auto|full|1,3600,30d|0.5,0.25,0.25|64x64|99.9|0.5|3", "4,2,1|12.5|1h||128x32|100|-1|"].map(
      utf8,
    ),
    language: "text",
    feed(bytes) {
      const [
        significance = "",
        scale = "",
        times = "",
        timeWeights = "",
        tile = "",
        clip = "",
        pair = "",
        pairs,
      ] = new TextDecoder().decode(bytes).split("|");
      const wishes = translationOf(
        {
          ...usual,
          significance,
          scale,
          tile,
          clip,
          pairCorrelation: pair,
          ...(times === "" ? {} : { times }),
          ...(timeWeights === "" ? {} : { timeWeights }),
          ...(pairs === undefined || pairs === "" ? {} : { pairs }),
        },
        pcm90nm,
      );
      return wishes.wishes.timesSeconds.length > 0;
    },
  }),
];
