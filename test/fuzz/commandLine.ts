import { parseAddress } from "../../lab/address.ts";
import { stateFileOf } from "../../lab/keptChip.ts";
import { real, times, whole } from "../../cli/flags.ts";
import {
  parseScale,
  parseSignificance,
  parseTileShape,
  parseTimeWeights,
  translationOf,
} from "../../cli/translationFlags.ts";
import { findPreset } from "../../emulator/presets.ts";
import { pcm90nm } from "../../src/model/modelOf.ts";
import { surface, utf8 } from "./surface.ts";

const usual = { layout: "n-pair", compensation: "least-squares", alpha: "tile", per: "layer" } as const;

export const commandLineSurfaces = [
  surface("address", 450, {
    corpus: [
      "serial:/dev/ttyACM0?baud=3000000&dialect=scpi",
      "tcp:127.0.0.1:5025?dialect=packet&chip=a.json&tiles=3",
      "emulator:rram-128?births=heavy&bake=85C,64h,1h;125C,2h,5d&sensor=none&read_disturb=1e-6&half_select=1e-5&cycling=99",
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
        givenTimes = "",
        timeWeights = "",
        tile = "",
        clip = "",
        pair = "",
        pairs,
      ] = new TextDecoder().decode(bytes).split("|");
      parseTileShape(tile);
      const { timesSeconds } = translationOf(
        {
          ...usual,
          significance: parseSignificance(significance),
          scale: parseScale(scale),
          clip: real("--clip", 50, 100)(clip),
          pairCorrelation: real("--pair-correlation", -1, 1)(pair),
          pairs: pairs === undefined || pairs === "" ? 3 : whole("--pairs", 1, 6)(pairs),
          times: givenTimes === "" ? undefined : times("--times")(givenTimes),
          timeWeights: timeWeights === "" ? undefined : parseTimeWeights(timeWeights),
        },
        pcm90nm,
      );
      return timesSeconds.length > 0;
    },
  }),
];
