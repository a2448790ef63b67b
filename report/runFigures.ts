import { accuracyChart } from "./accuracyChart.ts";
import type { Chart, FigureNumbers } from "./chart.ts";
import { driftChart, exponentChart } from "./driftCharts.ts";
import { errorCdfChart, errorOverTimeChart, weightCdfChart } from "./errorCharts.ts";
import { mapNumbers } from "./maps.ts";
import { convergenceChart, firedChart, linkChart, linkNumbers, temperatureChart } from "./runCharts.ts";
import type { RunStory } from "./runStory.ts";
import { strategyNumbers } from "./strategyNumbers.ts";

/** The figures of a run's report; those with nothing to show are left out. */
export interface RunFigures {
  readonly errorOverTime: Chart | undefined;
  readonly accuracy: Chart | undefined;
  readonly errorCdf: Chart | undefined;
  readonly weightCdf: Chart | undefined;
  readonly drift: Chart | undefined;
  readonly exponents: Chart | undefined;
  readonly convergence: Chart | undefined;
  readonly fired: Chart | undefined;
  readonly link: Chart | undefined;
  readonly temperature: Chart | undefined;
}

/** Every number that the report of a run draws; the page and the file beside it are both made of it. */
export function runFigures(story: RunStory): RunFigures {
  return {
    errorOverTime: errorOverTimeChart(story),
    accuracy: accuracyChart(story),
    errorCdf: errorCdfChart(story),
    weightCdf: weightCdfChart(story),
    drift: driftChart(story),
    exponents: exponentChart(story),
    convergence: convergenceChart(story),
    fired: firedChart(story),
    link: linkChart(story),
    temperature: temperatureChart(story),
  };
}

/** The same with what is not drawn over two axes: pulses, maps and the strategy. */
export function runNumbers(story: RunStory, figures = runFigures(story)): FigureNumbers[] {
  const charts = Object.values(figures) as (Chart | undefined)[];
  return [
    ...charts.filter((chart) => chart !== undefined),
    pulseNumbers(story),
    ...linkNumbers(story.link),
    ...(story.strategy === undefined ? [] : strategyNumbers(story.strategy)),
    ...[story.map, ...(story.otherMaps ?? [])].flatMap(mapNumbers),
  ];
}

function pulseNumbers({ contender: { name, devicesByPulses } }: RunStory): FigureNumbers {
  return {
    figure: "pulses_per_device",
    x: { name: "pulses", unit: "" },
    y: { name: "devices", unit: "" },
    series: [{ name, points: devicesByPulses.map((devices, pulses) => ({ x: pulses, y: devices })) }],
  };
}
