import { counted } from "../src/counted.ts";
import { whyNotConverged } from "./convergence.ts";
import type { HeldOut } from "./heldOut.ts";
import type { FittedLaw } from "./lawFit.ts";
import { momentsOf } from "./moments.ts";
import { fitFateNames, fitFates, normalOfChiSquare } from "./pool.ts";
import type { Population } from "./population.ts";
import { namedLaws } from "./populationLaws.ts";

/** Whether a fit may be believed, and why. */
export interface Verdict {
  readonly believe: boolean;
  readonly checks: readonly Check[];
  /** What a person should know besides. */
  readonly remarks: readonly string[];
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found and what would be expected, for a person. */
  readonly says: string;
}

const fewestDevices = 300;
const shortestDecades = 2;
const mostOutsiders = 0.005;
const mostBendMean = 0.25;
const mostBendVariance = 1.06;
const mostBendKurtosis = 0.4;
const mostApart = 0.35;
const mostSkewness = 0.3;
const mostKurtosis = 0.7;
/** Of the mean logarithm of the density. */
const mostWorse = 0.02;
/** By chance 0.13 %. */
const mostLoud = 0.0025;
/** What chance alone moves a figure by, in standard errors, is never held against a fit. */
const chance = 4;

/**
 * Looks at what the fit leaves unexplained. Every figure is one that devices of the model's family give within narrow
 * bounds, however many they are; the limits are effects, not significances, as a million devices would find fault with any law.
 */
export function judge(
  population: Population,
  freedom: readonly Uint16Array[],
  ageRange: { readonly from: number; readonly to: number },
  heldOut: HeldOut | undefined,
  temperature: FittedLaw | undefined,
): Verdict {
  const { fates, bend, noiseRatio, conductance } = population;
  const counts = fitFateNames.map((_, fate) => fates.reduce((n, one) => n + (one === fate ? 1 : 0), 0));
  const used = counts[fitFates.used]!;
  const outsiders = counts[fitFates.restless]! + counts[fitFates.silent]! + counts[fitFates.stray]!;
  const share = outsiders / Math.max(1, used + outsiders);
  const decades = Math.log10(ageRange.to / ageRange.from);
  const bends = momentsOf(bend);
  const standings = momentsOf(judgedStandings(population));
  const loud = loudShareOf(noiseRatio, conductance, freedom);
  const room = chance / Math.sqrt(Math.max(1, used));
  const judgedRoom = chance / Math.sqrt(Math.max(1, standings.count));
  const limits = {
    bendVariance: mostBendVariance + 1.42 * room,
    bendKurtosis: mostBendKurtosis + 4.9 * room,
    skewness: mostSkewness + 2.45 * judgedRoom,
    kurtosis: mostKurtosis + 4.9 * judgedRoom,
    loud: mostLoud + (3 * Math.sqrt(mostLoud)) / Math.sqrt(Math.max(1, loud.devices)),
  };
  const checks: Check[] = [
    check("enough devices", used >= fewestDevices, `${used} devices were used (${fewestDevices} at least)`),
    check(
      "long enough",
      decades >= shortestDecades,
      `ages span ${decades.toFixed(1)} decades (${shortestDecades} at least)`,
    ),
    check(
      "few outsiders",
      share <= mostOutsiders,
      `${(100 * share).toFixed(2)} % scatter or drift like no other device (${100 * mostOutsiders} % at most)`,
    ),
    check(
      "straight drift",
      Math.abs(bends.mean) <= mostBendMean &&
        bends.variance <= limits.bendVariance &&
        bends.kurtosis <= limits.bendKurtosis,
      `drift bends by ${bends.mean.toFixed(2)} ± ${Math.sqrt(bends.variance).toFixed(2)} standard errors with an excess of ` +
        `${bends.kurtosis.toFixed(2)} in the tails (0 ± 1 and 0 for a power law; ${mostBendMean} ± ` +
        `${Math.sqrt(limits.bendVariance).toFixed(2)} and ${limits.bendKurtosis.toFixed(2)} at most)`,
    ),
    check(
      "one kind of device",
      Math.abs(standings.skewness) <= limits.skewness && Math.abs(standings.kurtosis) <= limits.kurtosis,
      `exponents about their law have a skewness of ${standings.skewness.toFixed(2)} and an excess of ` +
        `${standings.kurtosis.toFixed(2)} in the tails (0 and 0 for a normal law; ${limits.skewness.toFixed(2)} and ` +
        `${limits.kurtosis.toFixed(2)} at most)`,
    ),
    check(
      "equal noise",
      loud.share <= limits.loud,
      `${(100 * loud.share).toFixed(2)} % of the better half are noisier than their like by three standard deviations ` +
        `(0.13 % by chance; ${(100 * limits.loud).toFixed(2)} % at most)`,
    ),
  ];
  checks.push(fitsConverged(namedLaws(population.laws, temperature)));
  const apart = pickedApart(population);
  if (apart !== undefined) {
    checks.push(
      check(
        "not picked apart",
        apart.share <= mostApart,
        `devices that were aimed at ${apart.at.toFixed(1)} µS settled ${apart.share.toFixed(2)} of their spread beside it (${mostApart} at ` +
          "most): a wrong model picks those that drift its way. An open-loop run besides tells how the others do",
      ),
    );
  }
  if (heldOut !== undefined) {
    checks.push(
      check(
        "foresees no worse than before",
        heldOut.fitted >= heldOut.before - mostWorse,
        `${heldOut.devices} devices that it was not fitted to are foreseen ` +
          `${Math.exp(heldOut.fitted - heldOut.before).toFixed(2)} times as well as by the model before (${Math.exp(-mostWorse).toFixed(2)} at least)`,
      ),
    );
  }
  const remarks: string[] = [];
  for (const fate of [
    fitFates.tooFew,
    fitFates.tooSmall,
    fitFates.restless,
    fitFates.silent,
    fitFates.stray,
  ]) {
    if (counts[fate]! > 0)
      remarks.push(`${counted(counts[fate]!, "device")} left out: ${fitFateNames[fate]}`);
  }
  if (population.unconverged > 0) {
    remarks.push(
      `${counted(population.unconverged, "used device")} with a fit that did not converge: drift or noise far from what was ` +
        "expected",
    );
  }
  if (!population.unpicked) {
    remarks.push(
      "all devices were picked by a method that looked again and pulsed what had drifted too far: the law of exponents may be " +
        "too narrow where drift is strong. Devices that got single pulses (--method open-loop) would tell it better",
    );
  }
  return { believe: checks.every(({ ok }) => ok), checks, remarks };
}

/**
 * Where devices settled farthest beside their targets, as a share of their spread; undefined where the laws of drift rest on
 * devices that nobody picked, or where no targets are known. Verify accepts what reads right twice: when its model is off, the
 * devices that do are not those of the population.
 */
function pickedApart({ laws, unpicked }: Population): { at: number; share: number } | undefined {
  const { programming, programmingShift } = laws;
  if (unpicked || programming === undefined || programmingShift === undefined) return undefined;
  let worst = { at: programming.from, share: 0 };
  for (let k = 0; k <= placesToLook; k++) {
    const at = programming.from + ((programming.to - programming.from) * k) / placesToLook;
    const sure = Math.max(0, Math.abs(programmingShift.value(at)) - chance * programmingShift.error(at));
    const share = sure / programming.value(at);
    if (share > worst.share) worst = { at, share };
  }
  return worst;
}

const placesToLook = 32;

/** A law that is not at its best fit, or whose parameters the data do not determine, has errors that mean nothing. */
function fitsConverged(laws: readonly [name: string, law: FittedLaw][]): Check {
  const failed = laws.flatMap(([name, { ended }]) => whyNotConverged(`the law "${name}"`, ended) ?? []);
  return check(
    "fits converged",
    failed.length === 0,
    `${laws.length - failed.length} of ${laws.length} laws converged (${laws.length} at least)` +
      (failed.length === 0 ? "" : `: ${failed.join("; ")}`),
  );
}

function check(name: string, ok: boolean, says: string): Check {
  return { name, ok, says };
}

/** Of devices that nobody picked, where those are enough. */
function judgedStandings({ standing, picked, fates, unpicked }: Population): Float32Array {
  if (!unpicked) return standing.map((z, i) => (fates[i] === fitFates.used ? z : Number.NaN));
  return standing.map((z, i) => (picked[i] === 0 && fates[i] === fitFates.used ? z : Number.NaN));
}

/**
 * Share of devices whose noise is above its law by three standard deviations or more, among the better half: the more a device
 * conducts the less 1/f noise hides what else it does.
 */
function loudShareOf(
  ratios: Float32Array,
  conductance: Float32Array,
  freedom: readonly Uint16Array[],
): { share: number; devices: number } {
  const known = conductance.filter((g, i) => !Number.isNaN(ratios[i]!) && g > 0).sort();
  const half = known[known.length >> 1] ?? 0;
  let at = 0;
  let loud = 0;
  let count = 0;
  for (const block of freedom) {
    for (let i = 0; i < block.length; i++, at++) {
      if (Number.isNaN(ratios[at]!) || conductance[at]! < half) continue;
      count++;
      if (normalOfChiSquare(ratios[at]!, block[i]!) > 3) loud++;
    }
  }
  return { share: loud / Math.max(1, count), devices: count };
}
