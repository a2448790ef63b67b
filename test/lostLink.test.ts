import { findPreset, noDefects, pcm64 } from "../emulator/presets.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects, dialectNamed } from "../lab/dialects.ts";
import { describeChip } from "../lab/openChip.ts";
import { lostLinkContract } from "./contracts/lostLink.ts";
import { describePcm64 } from "./support/chips.ts";
import { bare } from "./toys/bareDialect.ts";

const board = { ...pcm64(1), defects: noDefects };
lostLinkContract(bare, board, describePcm64, 100);

/** Chips by the dialects whose boards keep no fates; a new one has to be listed. */
const chips: Readonly<Record<string, readonly [chip: string, widthNanoseconds: number]>> = {
  scpi: ["pcm-64", 100],
  openmena: ["openmena-8", 1000],
  "arc-one": ["arc-one-32", 1000],
  smu: ["keithley-2400", 1_000_000],
};

for (const { name, lacks = [] } of builtInDialects) {
  if (!lacks.includes("tickets")) continue;
  const [chip, widthNanoseconds] = chips[name]!;
  const preset = { ...findPreset(chip)!, ...(chip === "pcm-64" && { defects: noDefects }) };
  const description = () => describeChip(parseAddress(`emulator:${chip}?dialect=${name}`));
  lostLinkContract(dialectNamed(builtInDialects, name), preset, description, widthNanoseconds);
}
