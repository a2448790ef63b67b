import { ArcOneFirmware } from "../../emulator/arcOneFirmware.ts";
import { findPreset } from "../../emulator/presets.ts";
import { readArcOneTranscript } from "../../drivers/arcOne/transcript.ts";
import { TokenReader } from "../../protocols/arcOne/tokens.ts";
import { latin1, surface } from "./surface.ts";

const started = "00\n0\n30\n32\n32\n2\n0\n0\n0.500000\n01\n2\n0.500000\n999\n";
const asked = [
  "1\n5\n7\n",
  "3\n5\n7\n2.5\n0.00000009\n02\n5\n7\n04\n-1.5\n0.0001\n",
  "2\n1\n3\n3\n2\n2\n32\n32\n2\n1\n1\n5\n7\n",
  "011\n60\n0\n21\n0.5\n0.2\n3\n0.0001\n100\n0.0001\n0.001\n50000\n5\n5\n1\n1\n1\n3\n3\n",
  "141\n0.25\n0.25\n1\n0.0001\n100\n0.001\n0.01\n1\n0\n0\n7\n1\n1\n1\n1\n191\n1\n0.0001\n0\n-1\n0.0001\n0\n0.001\n1\n1\n2\n1\n2\n2\n",
  "201\n1\n1\n0.1\n0.3\n0.01\n0.01\n0\n0\n2\n0\n0\n0\n1\n4\n4\n220\n1\n0.1\n3\n1\n1\n1\n50\n1\n0.0001\n0.5\n2\n3\n2\n1\n4\n",
];

export const arcOneSurfaces = [
  surface("arc-one-tokens", 1200, {
    corpus: [started, ...asked].map(latin1),
    language: "text",
    feed(bytes) {
      let tokens = 0;
      new TokenReader().push(bytes, (token) => void (tokens += token === undefined ? 0 : 1));
      readArcOneTranscript("chip").push(bytes, 0);
      readArcOneTranscript("host").push(bytes, 0);
      return tokens > 0;
    },
  }),
  surface("arc-one-firmware", 6, {
    corpus: asked.map((tokens) => latin1(started + tokens)),
    language: "text",
    feed: (bytes) => new ArcOneFirmware(findPreset("arc-one-32")!, 7).receive(bytes, 0).length > 0,
  }),
];
