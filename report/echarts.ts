/**
 * The parts of ECharts that draw here, and no more: the build makes one file of this module and what it imports, so that
 * an installed mho carries neither `echarts` nor `zrender`.
 */
import { LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, SVGRenderer]);

export { init };
export type { EChartsCoreOption } from "echarts/core";
