// Appends turns to a fresh workspace for ever and says the number of each one that was acknowledged.
import { openWorkspace } from "../../dist/storage/workspace.js";

const store = await openWorkspace(process.argv[2]);
const run = await store.beginRun(
  { title: "t", sweepTimesSeconds: [], tiles: [] },
  { serialNumber: "S1", geometry: {}, capabilities: {} },
  "t",
);
for (let turn = 0; ; turn++) {
  await store.appendTurn(run, {
    tile: 0,
    turn,
    devices: new Uint32Array(500),
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
