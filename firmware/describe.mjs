// Makes the UF2 file that tells a board of its chip: flash it beside the firmware, and no compiler is needed.
//   node firmware/describe.mjs chips/pcm-64.json --serial W3-D17 description.uf2
//   [--watchdog SECONDS] [--averages MOST] [--settle MICROSECONDS]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { encodeUf2 } from "../dist/emulator/rp2040/uf2.js";
import { readChipDescription } from "../dist/files/chipDescription.js";
import { chipDocument } from "../dist/files/chipDocument.js";
import { blockAddress, descriptionBlock, usualSettings } from "../dist/lab/firmware/descriptionBlock.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    serial: { type: "string" },
    watchdog: { type: "string" },
    averages: { type: "string" },
    settle: { type: "string" },
  },
});
const [chip, out] = positionals;
const whole = (name, usual) => {
  const value = values[name] === undefined ? usual : Number(values[name]);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} wants a whole number above 0.`);
  return value;
};
if (chip === undefined || out === undefined || !values.serial) {
  fail("usage: node firmware/describe.mjs CHIP.json --serial NUMBER OUT.uf2");
}
const { maxAverages, settleMicroseconds } = usualSettings;
try {
  const description = await readChipDescription(chip);
  const watchdogSeconds = whole("watchdog", description.watchdogSeconds ?? usualSettings.watchdogSeconds);
  // The board keeps both limits by itself, and says so.
  const json = JSON.parse(description.document.text);
  const { max_row_milliamperes: row, max_amplitude_microamperes: amplitude } = json.limits;
  const keeps = {
    ...(row === undefined ? {} : { max_row_milliamperes: row }),
    ...(amplitude === undefined ? {} : { max_amplitude_microamperes: amplitude }),
  };
  const limits = Object.keys(keeps).length === 0 ? json.limits : { ...json.limits, board_enforces: keeps };
  const document = chipDocument({ ...json, watchdog_seconds: watchdogSeconds, limits });
  const bytes = descriptionBlock(
    { ...description, document },
    {
      serialNumber: values.serial,
      watchdogSeconds,
      maxAverages: whole("averages", maxAverages),
      settleMicroseconds: whole("settle", settleMicroseconds),
    },
  );
  writeFileSync(out, encodeUf2([{ address: blockAddress, bytes }]));
  console.log(`${out}: ${bytes.length} bytes for ${chip}, serial number ${values.serial}`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
