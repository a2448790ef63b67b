import { light, theme } from "./theme.ts";

/** The page's only style sheet. */
export const style = `
${theme}
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
figure, section { margin: 3rem 0 0; }
header + section, header + figure, header + .pair figure { margin-top: 0; }
figcaption p { margin: .2rem 0 .8rem; max-width: 52em; }
figure svg { display: block; width: 100%; height: auto; }
.phone { display: none; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; }
.pair figure { display: flex; flex-direction: column; justify-content: space-between; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: 0 0 .3rem; }
.legend span { white-space: nowrap; }
.legend.verdicts { margin: .6rem 0 0; font-size: .78rem; gap: .1rem 1rem; }
/* A shadow at an edge says that the table goes on there. */
.scroll { overflow-x: auto; max-width: 100%;
  background: linear-gradient(to right, var(--paper) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--paper) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--soft), transparent) left / .5rem 100% no-repeat scroll,
    linear-gradient(to left, var(--soft), transparent) right / .5rem 100% no-repeat scroll; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem 0 .5rem .9rem; text-align: right; font-weight: 400; white-space: nowrap;
  border-bottom: 1px solid var(--line); vertical-align: baseline; line-height: 1.3; }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: .85rem; }
tbody th { font-size: .95rem; }
td small { display: block; color: var(--soft); font-size: .82rem; }
.results tbody tr:last-child th, .results tbody tr:last-child td { font-weight: 650; }
.results tr:last-child small { font-weight: 400; }
.note { margin: 0 0 .4rem; }
.endings table { width: auto; min-width: 30rem; margin-top: .4rem; }
.endings th, .endings td { padding-left: 2.4rem; }
.endings th:first-child { padding-left: 0; }
dl { margin: 1.2rem 0 0; }
dl div { display: grid; grid-template-columns: 10rem 1fr; gap: 1rem; padding: .1rem 0; }
dt { font-size: .88rem; }
dd { margin: 0; }
.key { display: inline-block; width: .7em; height: .7em; margin-right: .5em; border-radius: 2px; }
.key.dashed { height: 0; border-top: 2px dashed var(--soft); border-radius: 0; vertical-align: middle; }
.key.dot { border-radius: 50%; width: .6em; height: .6em; }
.key.upright { width: 2px; height: .9em; vertical-align: middle; }
.maps { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.8rem; }
.maps.four { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.maps.four .legend span { white-space: normal; }
.devices { display: grid; grid-template-columns: 1fr 1fr; gap: .3rem .5rem; }
.devices span { display: block; color: var(--soft); font-size: .75rem; }
.devices img { display: block; width: 100%; min-height: .8rem; image-rendering: pixelated; background: var(--panel); }
.bar { display: flex; align-items: center; gap: .5rem; margin-top: .7rem; font-size: .78rem; color: var(--soft); white-space: nowrap; }
.bar i { flex: 1; height: .5rem; border-radius: 2px; }
footer { margin-top: 3.2rem; padding-top: .6rem; border-top: 1px solid var(--line); }
footer p { max-width: 60em; }
h1, dd, dt, figcaption, footer, .facts { overflow-wrap: anywhere; }
@media screen and (max-width: 46rem) {
  main { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.35rem; }
  .pair, .maps, .maps.four { grid-template-columns: 1fr; }
  .desk { display: none; }
  .phone { display: block; }
  .results table { font-size: .85rem; }
  .results th, .results td { padding-left: .35rem; }
  .results thead th, .results tbody th { font-size: .78rem; }
  .results th:first-child { padding-left: 0; white-space: normal; }
  .results .key { display: none; }
  .scroll > table { width: max-content; min-width: 100%; }
  .scroll td[style] { min-width: 14rem; }
  .results td small { font-size: .72rem; }
  .endings table { min-width: 0; width: 100%; }
  .endings th, .endings td { padding-left: 1rem; }
  dl div { grid-template-columns: 1fr; gap: 0; padding: .25rem 0; }
}
@media print {
  :root { color-scheme: light; ${light} }
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 16pt; }
  figure, section { margin-top: 1.6rem; }
  .maps { gap: 1rem; }
  .pair .desk { display: none; }
  .pair .phone { display: block; }
  figure, table, header, .pair, footer { break-inside: avoid; }
}
`;
