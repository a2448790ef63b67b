import type { RunId } from "../run/runId.ts";
import { lotBins, type LotQuantityName, lotQuantities, type LotSum } from "./lotSums.ts";
import { studentBeyond } from "./studentT.ts";

/** A chip of a lot. */
export interface LotChip {
  /** As in its sums: name and serial number. */
  readonly chip: string;
  /** Undefined where none was noted. */
  readonly wafer?: string | undefined;
}

/** A chip, and the run that it was looked at by. */
export interface LotRun extends LotChip {
  readonly run: RunId;
  readonly chipName: string;
  readonly serialNumber: string;
  readonly die: string | undefined;
}

/** The law of a quantity over a lot, and where each chip lies. */
export interface LotLaw {
  readonly quantity: LotQuantityName;
  readonly bins: readonly LotBin[];
  /** Standard deviations between devices of a tile (in the middle of the bins), tiles of a chip, chips of a wafer, and wafers. */
  readonly deviceStd: number;
  readonly tileStd: number | undefined;
  readonly chipStd: number | undefined;
  readonly waferStd: number | undefined;
  readonly chips: readonly PlacedChip[];
}

export interface LotBin {
  readonly bin: number;
  readonly devices: number;
  readonly chips: number;
  /** Of the chips' means, each counted alike. */
  readonly mean: number;
  /** Between devices of a tile, without the standard errors of their lines. */
  readonly deviceStd: number;
  /** By chip, in their order; NaN where a chip has too few devices. */
  readonly chipMeans: readonly number[];
}

/** Where a chip lies beside the others of its lot. */
export interface PlacedChip extends LotChip {
  readonly devices: number;
  /** How far its devices lie from the lot's mean at their conductances, in the quantity's unit. */
  readonly offset: number;
  /** Its standard error: how well the chip's own mean is known. */
  readonly error: number;
  /** How far from the mean of the others a chip like them may lie, so that of all chips one in twenty lots is taken for unlike. */
  readonly limit: number;
  /** How far it lies from the mean of the others. */
  readonly fromOthers: number;
  /** Undefined where the lot has too few chips to tell. */
  readonly like: boolean | undefined;
}

const fewestDevices = 20;
/** Fewer others tell nothing of how chips differ. */
const fewestChips = 4;
const falseAlarms = 0.05;

/**
 * The law of a lot by sums over its devices: means by bins of conductance, each chip counted alike, and how tiles of a chip, chips of a
 * wafer and wafers differ beyond what chance among their devices explains.
 *
 * A tile's offset is the weighted mean over bins of how far its devices' mean lies from the lot's; its variance follows from the spread of
 * devices. Between tiles, chips and wafers, from the lowest upwards, the variance is what the weighted sum of squares leaves over.
 *
 * A chip is compared with all others, as a draw of theirs: Student's t with one degree of freedom less than others, at 5 % divided by the
 * number of chips.
 *
 * @source DerSimonian & Laird 1986, Control. Clin. Trials 7, 177, for the variance between groups whose means are known so well.
 */
export function lotLaw(quantity: LotQuantityName, chips: readonly LotChip[], all: readonly LotSum[]): LotLaw {
  const sums = all.filter((sum) => sum.quantity === quantity);
  const bins = Array.from({ length: lotBins }, (_, bin) => binOf(bin, chips, sums)).filter(
    (bin) => bin !== undefined,
  );
  const tiles = offsetsOfTiles(chips, sums, bins);
  const tileVariance = between(chips.map(({ chip }) => tiles.filter((tile) => tile.group === chip)));
  const ofChips = chips.map(({ chip, wafer = "" }) => {
    const own = tiles.filter((tile) => tile.group === chip);
    return { ...joined(own, tileVariance ?? 0), group: wafer };
  });
  const known = ofChips.filter(({ offset }) => Number.isFinite(offset));
  const wafers = [...new Set(known.map(({ group }) => group))];
  const chipVariance = between(wafers.map((wafer) => known.filter(({ group }) => group === wafer)));
  const ofWafers = wafers.map((wafer) => {
    const own = known.filter(({ group }) => group === wafer);
    return { ...joined(own, chipVariance ?? 0), group: "" };
  });
  const waferVariance = wafers.length > 1 && !wafers.includes("") ? between([ofWafers]) : undefined;
  // One that is unlike the others does not tell what is usual among them.
  const first = ofChips.map((_, k) => placed(ofChips, k));
  const usual = ofChips.map((one, k) => (first[k]!.like === false ? { ...one, offset: Number.NaN } : one));
  const places = ofChips.map((one, k) => placed(usual.with(k, one), k));
  const devices = (chip: string): number =>
    sums.reduce((sum, one) => sum + (one.chip === chip ? one.devices : 0), 0);
  return {
    quantity,
    bins,
    deviceStd: Math.sqrt(mean(bins.map(({ deviceStd }) => deviceStd * deviceStd))),
    tileStd: rootOf(tileVariance),
    chipStd: rootOf(chipVariance),
    waferStd: rootOf(waferVariance),
    chips: chips.map((chip, k) => ({ ...chip, devices: devices(chip.chip), ...places[k]! })),
  };
}

/** The laws of all quantities that there are sums of. */
export function lotLaws(chips: readonly LotChip[], sums: readonly LotSum[]): LotLaw[] {
  return lotQuantities.map(({ name }) => lotLaw(name, chips, sums)).filter(({ bins }) => bins.length > 0);
}

/** Undefined where fewer than two chips have devices enough. */
function binOf(bin: number, chips: readonly LotChip[], sums: readonly LotSum[]): LotBin | undefined {
  const own = sums.filter((sum) => sum.bin === bin);
  const chipMeans = chips.map(({ chip }) => {
    const its = own.filter((sum) => sum.chip === chip);
    const devices = its.reduce((total, one) => total + one.devices, 0);
    return devices < fewestDevices ? Number.NaN : its.reduce((total, one) => total + one.sum, 0) / devices;
  });
  const known = chipMeans.filter(Number.isFinite);
  if (known.length < 2) return undefined;
  let [devices, freedom, squares, noise] = [0, 0, 0, 0];
  for (const one of own) {
    devices += one.devices;
    freedom += one.devices - 1;
    squares += one.squares - (one.sum * one.sum) / one.devices;
    noise += one.noise;
  }
  if (freedom <= 0) return undefined;
  const deviceStd = Math.sqrt(Math.max(0, squares / freedom - noise / devices));
  return { bin, devices, chips: known.length, mean: mean(known), deviceStd, chipMeans };
}

/** A mean that is known so well, and what it belongs to. */
interface Offset {
  readonly group: string;
  readonly offset: number;
  readonly variance: number;
}

function offsetsOfTiles(
  chips: readonly LotChip[],
  sums: readonly LotSum[],
  bins: readonly LotBin[],
): Offset[] {
  const ofBins = new Map(bins.map((bin) => [bin.bin, bin]));
  const spreads = new Map(bins.map(({ bin }) => [bin, spreadOf(sums.filter((sum) => sum.bin === bin))]));
  const tiles = new Map<string, { group: string; weight: number; sum: number }>();
  for (const one of sums) {
    const bin = ofBins.get(one.bin);
    const spread = spreads.get(one.bin);
    if (bin === undefined || spread === undefined || !chips.some(({ chip }) => chip === one.chip)) continue;
    const key = `${one.chip} ${one.tile}`;
    const tile = tiles.get(key) ?? { group: one.chip, weight: 0, sum: 0 };
    const weight = one.devices / spread;
    tile.weight += weight;
    tile.sum += weight * (one.sum / one.devices - bin.mean);
    tiles.set(key, tile);
  }
  return [...tiles.values()].map(({ group, weight, sum }) => ({
    group,
    offset: sum / weight,
    variance: 1 / weight,
  }));
}

/** The variance between devices of a tile, with the errors of their lines: by what a tile's mean is known. Undefined for none. */
function spreadOf(sums: readonly LotSum[]): number | undefined {
  let [freedom, squares] = [0, 0];
  for (const { devices, sum, squares: own } of sums) {
    freedom += devices - 1;
    squares += own - (sum * sum) / devices;
  }
  return freedom > 0 && squares > 0 ? squares / freedom : undefined;
}

/** The variance between members of a group, over all groups; undefined where no group has two. */
function between(groups: readonly (readonly Offset[])[]): number | undefined {
  let [q, freedom, scale] = [0, 0, 0];
  for (const group of groups.filter(({ length }) => length > 1)) {
    let [w, ww, wx] = [0, 0, 0];
    for (const { offset, variance } of group) {
      w += 1 / variance;
      ww += 1 / (variance * variance);
      wx += offset / variance;
    }
    for (const { offset, variance } of group) q += ((offset - wx / w) * (offset - wx / w)) / variance;
    freedom += group.length - 1;
    scale += w - ww / w;
  }
  return freedom === 0 ? undefined : Math.max(0, (q - freedom) / scale);
}

/** The mean of members that differ by a variance, beside what each is known by. NaN of none. */
function joined(members: readonly Omit<Offset, "group">[], variance: number): Omit<Offset, "group"> {
  let [w, wx] = [0, 0];
  for (const member of members) {
    w += 1 / (member.variance + variance);
    wx += member.offset / (member.variance + variance);
  }
  return { offset: wx / w, variance: 1 / w };
}

/** A chip beside the others. */
function placed(
  all: readonly Offset[],
  k: number,
): Pick<PlacedChip, "offset" | "error" | "limit" | "fromOthers" | "like"> {
  const { offset, variance } = all[k]!;
  const others = all.filter((one, j) => j !== k && Number.isFinite(one.offset));
  const spread = between([others]) ?? 0;
  const theirs = joined(others, spread);
  const fromOthers = offset - theirs.offset;
  const tails = studentBeyond(falseAlarms / (others.length + 1), others.length - 1);
  const limit = tails * Math.sqrt(variance + spread + theirs.variance);
  const tells = others.length + 1 >= fewestChips && Number.isFinite(fromOthers);
  return {
    offset,
    error: Math.sqrt(variance),
    limit: tells ? limit : Number.NaN,
    fromOthers,
    like: tells ? Math.abs(fromOthers) <= limit : undefined,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootOf(variance: number | undefined): number | undefined {
  return variance === undefined ? undefined : Math.sqrt(variance);
}
