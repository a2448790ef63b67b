/** Colours of the series: 0 is the accent. After Okabe & Ito, whom the colour-blind can tell apart. */
export const light = `
  --paper: #ffffff; --ink: #1b1f24; --soft: #5b6570; --line: #dfe3e8; --panel: #eceff2;
  --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #b8568f; --series-4: #8a6d00;
  --series-5: #6b6f76; --no-device: #c3cad1;`;
const dark = `
  --paper: #14171b; --ink: #e8ebee; --soft: #9aa4af; --line: #2f363e; --panel: #22282f;
  --series-0: #56b4e9; --series-1: #f0883e; --series-2: #2fc39a; --series-3: #e29bc4; --series-4: #e0c34a;
  --series-5: #b4bac2; --no-device: #414a53;`;

/** The colours of a page, light and dark. */
export const theme = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }`;
