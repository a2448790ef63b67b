import { snakeKeys } from "../files/keys.ts";
import { modelDigest, modelFileOf, readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { beyondTested, meanAtPace, testedToSecondsOf } from "../src/model/tested.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { fitRecordOf } from "../src/model/definition.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { formatDuration, type Microsiemens, type Seconds } from "../src/units.ts";
import { kindOfFile } from "../lab/kindOfFile.ts";
import { extrapolationNote, markedTime } from "./extrapolated.ts";
import type { CommandOutput } from "./output.ts";
import { describeFit } from "./showFit.ts";
import { describeStrategy } from "./showStrategy.ts";

/** Tells of a strategy or a model. */
export async function showFile(nameOrPath: string, output: CommandOutput<"show">): Promise<void> {
  const isModel =
    builtInDefinition(nameOrPath) !== undefined || (await kindOfFile(nameOrPath)) === "mho-model";
  if (isModel) {
    const definition = await readModel(nameOrPath);
    for (const line of describeModel(definition)) output.say(line);
    const record = fitRecordOf(definition);
    for (const line of record === undefined ? [] : describeFit(record)) output.say(line);
    output.result({ what: "model", model: modelFileOf(definition), digest: modelDigest(definition) });
    return;
  }
  const strategy = await readStrategy(nameOrPath);
  for (const line of describeStrategy(strategy)) output.say(line);
  const { model, ...rest } = strategy;
  output.result({ what: "strategy", strategy: { ...snakeKeys(rest), model: model.name } });
}

/** Mean ± standard deviation of a read, for a few targets and times. */
function describeModel(definition: ModelDefinition): string[] {
  const model = modelOf(definition);
  const { name, minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  const { from, to } = model.knownTimesSeconds;
  const times = [1, 3600, 86_400, 30 * 86_400, 31_536_000].filter((time) => time >= from && time <= to);
  const until = Number.isFinite(to) ? ` to ${formatDuration(to)}` : " on";
  const targets = Array.from({ length: 6 }, (_, i) => min + ((max - min) * i) / 5);
  return [
    `Model ${name}: ${min} … ${max} µS, known from ${from === 0 ? "0 s" : formatDuration(from)}${until}`,
    `  ${"target".padStart(9)}${"programmed".padStart(16)}${times.map((time) => markedTime(definition, time).padStart(16)).join("")}   µS, mean ± σ`,
    ...targets.map((target) => {
      const reads = times.map((time) =>
        `${model.mean(target, time).toFixed(2)} ± ${Math.sqrt(model.variance(target, time)).toFixed(2)}`.padStart(
          16,
        ),
      );
      return `  ${target.toFixed(2).padStart(9)}${`± ${model.programmingStd(target).toFixed(2)}`.padStart(16)}${reads.join("")}`;
    }),
    ...extrapolationNote(definition, times).map((line) => `  ${line}`),
    ...pacesBeyond(definition, model, targets, times),
  ];
}

/** How far the means beyond what was tested depend on the law: if the change stopped there, by the law, and twice as fast in ln t. */
function pacesBeyond(
  definition: ModelDefinition,
  model: DeviceModel,
  targets: readonly Microsiemens[],
  times: readonly Seconds[],
): string[] {
  const tested = testedToSecondsOf(definition);
  const beyond = times.filter((time) => beyondTested(definition, time) !== undefined);
  if (tested === undefined || tested <= 0 || beyond.length === 0) return [];
  const mean = (target: Microsiemens, time: Seconds, pace: number): string =>
    meanAtPace(model, tested, target, time, pace).toFixed(2);
  return [
    "  Mean if the change stopped there / by the law / twice as fast in ln t:",
    `  ${"target".padStart(9)}${beyond.map((time) => markedTime(definition, time).padStart(27)).join("")}   µS`,
    ...targets.map((target) => {
      const means = beyond.map((time) => [0, 1, 2].map((pace) => mean(target, time, pace)).join(" / "));
      return `  ${target.toFixed(2).padStart(9)}${means.map((text) => text.padStart(27)).join("")}`;
    }),
  ];
}
