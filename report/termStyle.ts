/**
 * How a term shows what it means: beside itself where there is room and the browser can, else at the foot of the window, where nothing
 * is cut off. For report and live page alike.
 */
export const termStyle = `
.term { text-decoration: underline dotted; text-decoration-thickness: 1px; text-underline-offset: .22em; cursor: help; border-radius: 2px; }
.term:focus-visible { outline: 2px solid var(--series-0); outline-offset: 2px; }
.term::after { content: attr(data-says); display: none; position: fixed; z-index: 3; left: 1rem; right: 1rem; bottom: 1rem;
  margin: 0 auto; max-width: 34rem; padding: .6rem .8rem; border: 1px solid var(--soft); border-radius: 8px;
  background: var(--panel); color: var(--ink); box-shadow: 0 4px 16px rgb(0 0 0 / 25%); font: 400 .85rem/1.45 system-ui, sans-serif;
  letter-spacing: normal; text-transform: none; text-align: left; white-space: normal; overflow-wrap: anywhere; }
.term:hover::after, .term:focus::after { display: block; }
@media (min-width: 46rem) {
  @supports (anchor-scope: --term) and (position-area: bottom span-right) {
    .term { anchor-name: --term; anchor-scope: --term; }
    .term::after { position-anchor: --term; inset: auto; position-area: bottom span-right; width: max-content; max-width: 24rem;
      margin: .35rem 0; position-try-fallbacks: flip-block, flip-inline, flip-block flip-inline; }
  }
}
@media print { .term { text-decoration: none; } .term::after { display: none !important; } }
`;
