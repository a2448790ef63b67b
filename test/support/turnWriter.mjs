// Appends turns to a fresh workspace for ever and says the number of each one that was acknowledged.
import { pcm90nmDefinition } from "../../dist/src/model/builtIn.js";
import { openWorkspace } from "../../dist/storage/workspace.js";

const store = await openWorkspace(process.argv[2]);
const run = await store.beginRun(
  {
    title: "t",
    chipName: "pcm-64",
    chipSerialNumber: "S1",
    chipAddress: "emulator:pcm-64",
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    tiles: [{ block: { tile: 0, rowStart: 0, rowCount: 64 }, targetsMicrosiemens: new Float32Array(16384) }],
  },
  { name: "pcm-64", serialNumber: "S1", firmware: "f", boot: 1, geometry: {}, capabilities: {} },
  "t",
);
for (let turn = 0; ; turn++) {
  await store.appendTurn(run, {
    tile: 0,
    turn,
    devices: Uint32Array.from({ length: 500 }, (_, i) => i),
    conductanceMicrosiemens: new Float32Array(500),
    verdicts: new Uint8Array(500),
    orders: [],
    firstTicket: 0,
    newestTicket: 0,
    fired: { rowTimesMicroseconds: new Float64Array(64), fates: new Uint8Array(64) },
    inside: 0,
    decidedAt: "t",
  });
  process.stdout.write(`${turn}\n`);
}
