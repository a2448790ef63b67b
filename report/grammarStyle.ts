/** What the report and the live page draw alike: keys, the axes of maps, and the hatch of what has no target. */
export const grammarStyle = `
.sample { display: inline-block; width: 30px; height: 12px; margin-right: .5em; vertical-align: -1px; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: 0 0 .3rem; }
.key { display: inline-block; width: .7em; height: .7em; margin-right: .5em; border-radius: 2px; }
.key.none, .axes img, .axes canvas, .map img, .map canvas { background: repeating-linear-gradient(45deg, var(--panel) 0 3px, var(--no-device) 3px 4px); }
.key.none { outline: 1px solid var(--soft); outline-offset: -1px; }
.map > div { display: grid; grid-template-columns: minmax(0, 1fr); }
.map > .axes { grid-template-columns: auto minmax(0, 1fr); gap: 2px 4px; }
.map img, .map canvas { display: block; width: 100%; min-height: .8rem; image-rendering: pixelated; }
.rows, .columns { display: flex; justify-content: space-between; color: var(--soft); font-size: .68rem; line-height: 1.1; }
.rows { flex-direction: column; align-items: flex-end; }
.rows i { writing-mode: vertical-rl; transform: rotate(180deg); }
.columns { grid-column: 2; }
/* A few rows have room for their axis too. */
.map > .axes :is(img, canvas) { min-height: 3rem; }
.rows b, .rows i, .columns b, .columns i { font-weight: 400; font-style: normal; }
`;
