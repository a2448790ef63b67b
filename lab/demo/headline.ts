import { counted } from "../../src/counted.ts";
import { scoreText } from "../../src/results/networkMeasure.ts";
import { formatDuration } from "../../src/units.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";
import { judgedAt, type JudgedPoint } from "./contest.ts";
import type { ChipPoints } from "./demoRepeats.ts";
import { spreadOf } from "./spread.ts";

/** What a demo found, in a sentence with two numbers, and what belongs beside it. */
export interface Headline {
  readonly headline: string;
  readonly beside: readonly string[];
}

/** Places of the contenders that it is about. */
const [byHand, open, closed] = [0, 1, 3];

/** The last of the times that are judged: what the closed loop is worth then, and what the best open loop is. */
export function headlineOf(
  { measure, inputs, softwareScore }: TrainedNetwork,
  chips: readonly ChipPoints[],
): Headline {
  const at = judgedAt.length - 1;
  const mean = (contender: number, of: (point: JudgedPoint) => number): number =>
    spreadOf(chips.map((chip) => of(chip[contender]![at]!))).mean;
  const year = formatDuration(judgedAt[at]!);
  if (measure === undefined) {
    const error = (contender: number): string =>
      `${mean(contender, ({ rmsPercent }) => rmsPercent).toFixed(1)} %`;
    return {
      headline: `After ${year} the weights err by ${error(closed)} in the closed loop, and by ${error(open)} in the best open loop.`,
      beside: [`RMS, of the largest weight. Programmed by hand: ${error(byHand)}.`],
    };
  }
  const score = (contender: number): number => mean(contender, (point) => point.score);
  const text = (value: number): string => scoreText(measure, value);
  const [theirs, ours] = [score(open), score(closed)];
  if (measure.name === "similarity") {
    const worst = (contender: number): string =>
      text(mean(contender, ({ worstTenth }) => worstTenth ?? Number.NaN));
    return {
      headline: `After ${year} the outputs have a cosine of ${text(ours)} to software's in the closed loop, and of ${text(theirs)} in the best open loop.`,
      beside: [
        `Mean over ${counted(inputs, "input")}. Of the tenth that does worst: ${worst(closed)} and ${worst(open)}.`,
        `Programmed by hand: ${text(score(byHand))}.`,
      ],
    };
  }
  const difference = 100 * (ours - theirs);
  const unsure = 100 * differenceHalfWidth(ours, theirs, inputs);
  const points = `${difference.toFixed(1)} ± ${unsure.toFixed(1)} points`;
  const told = Math.abs(difference) > unsure;
  return {
    headline: `After ${year} the closed loop gets ${text(ours)} of the images right, the best open loop ${text(theirs)}.`,
    beside: [
      told
        ? `The difference is ${points} (95 %, by ${inputs} images).`
        : `By ${inputs} images no difference can be told (${points}, 95 %). The weight errors below tell more.`,
      `In software: ${text(softwareScore)}. Programmed by hand: ${text(score(byHand))}.`,
    ],
  };
}

/**
 * Half the width of the 95 % interval of a difference of two shares of the same images: that of independent samples, which is never
 * narrower than that of paired ones where these agree more often than by chance.
 */
export function differenceHalfWidth(one: number, other: number, images: number): number {
  return 1.96 * Math.sqrt((one * (1 - one) + other * (1 - other)) / images);
}
