/**
 * The parts of ECharts that draw here, and no more: the build makes one file of this module and what it imports, so that
 * an installed mho carries neither `echarts` nor `zrender`.
 */
import { LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

// `echarts/core` brings the layout of labels too, but says that it may be left out of a bundle.
use([LineChart, GridComponent, LabelLayout, SVGRenderer]);

export { init };
export type { EChartsCoreOption } from "echarts/core";
