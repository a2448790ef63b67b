import { grammarStyle } from "./grammarStyle.ts";
import { termStyle } from "./termStyle.ts";
import { light, theme } from "./theme.ts";

/** The page's only style sheet. */
export const style = `
${theme}
${grammarStyle}
${termStyle}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 3.2rem 1.5rem 4rem; }
.kicker { margin: 0; color: var(--soft); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: .5rem 0 .9rem; max-width: 30em; font-size: 1.75rem; line-height: 1.3; font-weight: 600; letter-spacing: -.01em; }
h1 em { font-style: normal; color: var(--series-0); }
h2 { margin: 0; font-size: 1.05rem; font-weight: 650; }
h3 { margin: 0 0 .4rem; font-size: .88rem; font-weight: 600; }
.facts, figcaption p, .note, .legend, dd, footer { color: var(--soft); font-size: .88rem; }
.facts { margin: 0 0 2.2rem; }
.beside { margin: 0 0 .3rem; }
figure, section { margin: 3rem 0 0; }
header + section, header + figure, header + .pair figure { margin-top: 0; }
figcaption p { margin: .2rem 0 .8rem; max-width: 52em; }
figure svg { display: block; width: 100%; height: auto; }
.phone { display: none; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2.5rem; }
.pair > * { min-width: 0; }
.pair figure { display: flex; flex-direction: column; justify-content: space-between; }
.told { margin-top: 3rem; }
.legend.small { margin: .6rem 0 0; font-size: .78rem; gap: .1rem 1rem; }
figure svg.sample { display: inline-block; width: 30px; height: 12px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem 0 .5rem .9rem; text-align: right; font-weight: 400;
  border-bottom: 1px solid var(--line); vertical-align: baseline; line-height: 1.3; }
td { white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: .85rem; }
tbody th { font-size: .95rem; }
.accent tbody tr:last-child th, .accent tbody tr:last-child td { font-weight: 650; }
.note { margin: 0 0 .4rem; }
details { margin: .8rem 0 0; }
summary { cursor: pointer; color: var(--series-0); font-size: .88rem; }
details .note { margin-top: .8rem; }
.endings table { width: auto; min-width: 30rem; margin-top: .4rem; }
.endings th, .endings td { padding-left: 2.4rem; }
.endings th:first-child { padding-left: 0; }
.endings > .note { margin-top: .6rem; }
dl { margin: 1.2rem 0 0; }
dl div { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 1rem; padding: .1rem 0; }
dt { font-size: .88rem; }
dd { margin: 0; }
.checks { margin-top: .4rem; }
.checks div { padding: .4rem 0; border-bottom: 1px solid var(--line); }
.checks dd { color: var(--ink); }
.maps { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1.8rem; }
.maps.even { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2.4rem 3.2rem; }
.devices { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .6rem .9rem; }
.devices.alone { max-width: 20rem; grid-template-columns: minmax(0, 1fr); }
.map > span { display: block; color: var(--soft); font-size: .75rem; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; margin-top: .7rem; font-size: .78rem; color: var(--soft); white-space: nowrap; }
.bar i { flex: 0 0 100%; height: .5rem; margin-bottom: .1rem; border-radius: 2px; }
footer { margin-top: 3.2rem; padding-top: .6rem; border-top: 1px solid var(--line); }
footer p { max-width: 60em; }
h1, dd, dt, figcaption, footer, .facts { overflow-wrap: anywhere; }
@media screen and (max-width: 46rem) {
  main { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.35rem; }
  .pair, .maps, .maps.even { grid-template-columns: minmax(0, 1fr); }
  .desk { display: none; }
  .phone { display: block; }
  .endings table { min-width: 0; width: 100%; }
  /* Each row a block, each cell under the name of its column. */
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); gap: .1rem .6rem; padding: .5rem 0; align-items: end;
    border-bottom: 1px solid var(--line); }
  th[scope="row"] { grid-column: 1 / -1; }
  .endings th[scope="row"], th[scope="row"], td, .endings td { padding: 0; border: 0; text-align: left; }
  td { white-space: normal; }
  td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .72rem; font-weight: 400; }
  dl div { grid-template-columns: minmax(0, 1fr); gap: 0; padding: .25rem 0; }
}
@media print {
  :root { color-scheme: light; ${light} }
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 16pt; }
  figure, section { margin-top: 1.6rem; }
  .maps, .maps.even { gap: 1rem; }
  .maps.even { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  .pair .desk { display: none; }
  .pair .phone { display: block; }
  /* What stands behind a click stands open on paper. */
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { color: var(--soft); list-style: none; }
  figure, table, header, .pair, footer { break-inside: avoid; }
}
`;
