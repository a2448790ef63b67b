/** Text made safe to stand in HTML, in an attribute too. */
export function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** A picture with its title and the one sentence that says what to see. `title` and `sentence` are HTML. */
export function figure(title: string, sentence: string, picture: string): string {
  return `<figure><figcaption><h2>${title}</h2><p>${sentence}</p></figcaption>${picture}</figure>`;
}

/** The whole page around its body. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`;
}

/** Colours of the series: 0 is the accent. Okabe & Ito's palette, which the colour-blind can tell apart. */
const light = `
  --paper: #ffffff; --ink: #1b1f24; --soft: #5b6570; --line: #dfe3e8; --panel: #f6f7f9;
  --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #cc79a7;`;
const dark = `
  --paper: #14171b; --ink: #e8ebee; --soft: #9aa4af; --line: #2f363e; --panel: #1b2026;
  --series-0: #56b4e9; --series-1: #e69f00; --series-2: #2fc39a; --series-3: #e29bc4;`;

const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
.kicker { margin: 0; color: var(--soft); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: .4rem 0 .8rem; max-width: 24em; font-size: 1.9rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 1.05rem; font-weight: 650; }
.facts, figcaption p, .note, footer { color: var(--soft); font-size: .88rem; }
.facts { margin: 0 0 2rem; }
figure { margin: 2.8rem 0 0; }
figcaption p { margin: .15rem 0 .8rem; max-width: 46em; }
figure svg { display: block; width: 100%; height: auto; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
table.narrow { max-width: 34rem; }
th, td { padding: .38rem .6rem; text-align: right; font-weight: 400; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: .82rem; }
td.note { white-space: normal; border-bottom: 0; padding-top: 0; }
tr.group th { padding-top: 1rem; font-weight: 650; }
.key { display: inline-block; width: .7em; height: .7em; margin-right: .45em; border-radius: 2px; }
.key.dashed { height: 0; border-top: 2px dashed var(--soft); border-radius: 0; vertical-align: middle; }
.maps { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.2rem; }
.maps img { display: block; width: 100%; image-rendering: pixelated; background: var(--panel); border-radius: 3px; }
.maps p { margin: .4rem 0 0; font-size: .85rem; color: var(--soft); }
.bars { display: grid; grid-template-columns: 2fr 1fr; gap: 1.2rem; margin-top: .9rem; }
.bar { display: flex; align-items: center; gap: .6rem; font-size: .8rem; color: var(--soft); white-space: nowrap; }
.bar i { flex: 1; height: .55rem; border-radius: 2px; }
section { margin-top: 2.8rem; }
header + section { margin-top: 0; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
@media (max-width: 46rem) {
  main { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.45rem; }
  .pair { grid-template-columns: 1fr; }
  .maps { gap: .5rem; }
  .bars { grid-template-columns: 1fr; }
  .wide svg { min-width: 40rem; }
}
@media print {
  :root { color-scheme: light; ${light} }
  main { max-width: none; padding: 0; }
  figure, table, header { break-inside: avoid; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
