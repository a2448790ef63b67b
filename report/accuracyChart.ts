import type { Chart } from "./chart.ts";
import type { RunStory } from "./runStory.ts";
import { counted } from "../src/counted.ts";
import { duration, percentage } from "./text.ts";

/** The share of images that the network gets right with the weights as they were read, against the network as trained. */
export function accuracyChart({ accuracy }: RunStory): Chart | undefined {
  if (accuracy === undefined) return undefined;
  const { points, images, softwareAccuracy, network, layers, layersHeld } = accuracy;
  const [first, last] = [points[0]!, points.at(-1)!];
  /** Of a share, from so many images. */
  const error = (share: number): number => 100 * Math.sqrt((share * (1 - share)) / images);
  const rest =
    layersHeld === layers
      ? ""
      : ` ${counted(layersHeld, "layer")} of ${layers} ${layersHeld === 1 ? "is" : "are"} on the chip, the others as they were trained.`;
  const later =
    last === first ? "" : ` and ${percentage(100 * last.accuracy)} after ${duration(last.timeSeconds)}`;
  return {
    figure: "accuracy_over_time",
    title: "Accuracy over time",
    sentence:
      `The network gets ${percentage(100 * first.accuracy)} of ${counted(images, "held-out image")} right after ` +
      `${duration(first.timeSeconds)}${later}, in software ${percentage(100 * softwareAccuracy)}.${rest}`,
    x: { name: "time after the last pulse", unit: "seconds" },
    y: { name: "accuracy, % of the images", unit: "percent" },
    xScale: "logarithmic",
    yScale: "linear",
    yFloats: leastRange,
    // Half an image.
    yDiffers: 50 / images,
    series: [
      {
        name: `${network}, and the standard error of so many images`,
        label: network,
        look: "course",
        colour: 0,
        points: points.map(({ timeSeconds, accuracy: share }) => ({
          x: timeSeconds,
          y: 100 * share,
          low: 100 * share - error(share),
          high: Math.min(100, 100 * share + error(share)),
        })),
      },
      {
        name: "in software",
        look: "law",
        colour: undefined,
        points: [...new Set([first, last])].map(({ timeSeconds }) => ({
          x: timeSeconds,
          y: 100 * softwareAccuracy,
        })),
      },
    ],
  };
}

/** Percent: less of a difference is chance. */
const leastRange = 4;
