import type { Chart } from "./chart.ts";
import type { RunStory } from "./runStory.ts";
import { counted } from "../src/counted.ts";
import { scoreText } from "../src/results/networkMeasure.ts";
import { duration, percentage } from "./text.ts";

/** How the network does with the weights as they were read, by its measure, against the network as trained. */
export function accuracyChart({ accuracy }: RunStory): Chart | undefined {
  if (accuracy === undefined) return undefined;
  const { measure, points, inputs, softwareScore, network, layers, layersHeld } = accuracy;
  const { name, title, axis, unit, inUnit } = measure;
  const isAccuracy = name === "accuracy";
  const [first, last] = [points[0]!, points.at(-1)!];
  const shown = ({ score }: { readonly score: number }): string =>
    isAccuracy ? percentage(100 * score) : scoreText(measure, score);
  /** Of a share, from so many images. */
  const error = (share: number): number => 100 * Math.sqrt((share * (1 - share)) / inputs);
  const rest =
    layersHeld === layers
      ? ""
      : ` ${counted(layersHeld, "layer")} of ${layers} ${layersHeld === 1 ? "is" : "are"} on the chip, the others as they were trained.`;
  const later =
    last === first ? "" : ` and ${isAccuracy ? "" : "to "}${shown(last)} after ${duration(last.timeSeconds)}`;
  const worst =
    last.worstTenth === undefined
      ? ""
      : ` The tenth of the inputs that does worst comes to ${scoreText(measure, last.worstTenth)} then.`;
  return {
    figure: `${name}_over_time`,
    title: `${title} over time`,
    sentence: isAccuracy
      ? `The network gets ${shown(first)} of ${counted(inputs, "held-out image")} right after ` +
        `${duration(first.timeSeconds)}${later}, in software ${percentage(100 * softwareScore)}.${rest}`
      : `The cosine of the network's outputs to those in software, mean over ${counted(inputs, "input")}, comes to ${shown(first)} after ` +
        `${duration(first.timeSeconds)}${later}.${worst}${rest}`,
    x: { name: "time after the last pulse", unit: "seconds" },
    y: { name: axis, unit },
    xScale: "logarithmic",
    yScale: "linear",
    yFloats: isAccuracy ? leastRange : measure.leastRange,
    // Half an image.
    yDiffers: isAccuracy ? 50 / inputs : leastCosine,
    series: [
      {
        name: isAccuracy ? `${network}, and the standard error of so many images` : network,
        label: network,
        look: "course",
        colour: 0,
        points: points.map(({ timeSeconds, score }) => ({
          x: timeSeconds,
          y: inUnit(score),
          ...(isAccuracy
            ? { low: 100 * score - error(score), high: Math.min(100, 100 * score + error(score)) }
            : {}),
        })),
      },
      {
        name: "in software",
        look: "law",
        colour: undefined,
        points: [...new Set([first, last])].map(({ timeSeconds }) => ({
          x: timeSeconds,
          y: inUnit(softwareScore),
        })),
      },
    ],
  };
}

/** Percent: less of a difference is chance. */
const leastRange = 4;
/** Less of a difference between two cosines does not show in four digits. */
const leastCosine = 0.00005;
