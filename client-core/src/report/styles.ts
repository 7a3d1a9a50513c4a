const light = `
  --ink: #22262b; --dim: #5a6169; --line: #e4dfd4; --ground: #fdfcf9; --card: #ffffff; --soft: #f6f3ec;
  --accent: #8f5500; --bar: #f5a524;
  --pass: #08704f; --warn: #8a5a00; --block: #c22525; --error: #862e9c; --none: #565d64;
  --pass-soft: #e3f5ee; --warn-soft: #fdf0d2; --block-soft: #fdeaea; --error-soft: #f6e8fa; --none-soft: #eeeeec;
  --s0: #b36b00; --s1: #2b6cb0; --s2: #08704f; --s3: #862e9c; --s4: #c22525; --s5: #565d64;
  --right: #0b8a61; --wrong: #d23b3b; --on-shade: #16120a;`

const dark = `
  --ink: #e9e6df; --dim: #b1b5ba; --line: #45443f; --ground: #232323; --card: #2c2c2b; --soft: #363532;
  --accent: #f8c961; --bar: #f5a524;
  --pass: #4fd3a4; --warn: #fcc955; --block: #ff8f8f; --error: #dd9bef; --none: #b9bdc2;
  --pass-soft: #173a2e; --warn-soft: #42350f; --block-soft: #4b2020; --error-soft: #3d2447; --none-soft: #3a3a39;
  --s0: #f5b03e; --s1: #74b4f0; --s2: #4fd3a4; --s3: #dd9bef; --s4: #ff8f8f; --s5: #b9bdc2;
  --right: #3ecb98; --wrong: #ff8080; --on-shade: #16120a;`

const verdictColors = [
  ['PASS', 'pass'],
  ['WARN', 'warn'],
  ['NOT_ENOUGH_DATA', 'none'],
  ['ERROR', 'error'],
  ['BLOCK', 'block'],
  ['NO_CHANGE', 'none'],
  ['NOT_APPLICABLE', 'none'],
]
  .map(([verdict, color]) => `.report .v-${verdict} { --v: var(--${color}); --v-soft: var(--${color}-soft); }`)
  .join('\n')

const series = [0, 1, 2, 3, 4, 5].map((i) => `.report .s${i} { --s: var(--s${i}); }`).join('\n')

const text = `
.report { color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  max-width: 880px; margin: 0 auto; overflow-wrap: break-word; }
.report code, .report tbody th { overflow-wrap: anywhere; }
/* A child of a grid or a row is as wide as its longest word, unless it is told not to be. */
.report .banner > div, .report li > *, .report dl > div > * { min-width: 0; }
.report *, .report *::before { box-sizing: border-box; }
.report h1, .report h2, .report h3, .report h4 { line-height: 1.25; font-weight: 650; margin: 0; text-wrap: balance; }
.report h1 { font-size: 1.8rem; }
.report h2 { font-size: 1.3rem; margin: 2.4rem 0 .7rem; }
.report h3 { font-size: 1.08rem; margin-top: 1rem; }
.report summary h3 { margin-top: 0; }
.report h4 { font-size: .95rem; }
.report p { margin: .4rem 0; }
.report a { color: var(--accent); }
.report ul, .report ol { margin: .4rem 0; padding-left: 1.3rem; }
.report dl, .report dd { margin: 0; }
.report code { font: .86em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--soft);
  padding: .1em .3em; border-radius: 4px; }
.report .dim { color: var(--dim); }
.report .sr-only { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.report summary { cursor: pointer; }
.report :focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; border-radius: 4px; }
.report .badge { display: inline-block; color: var(--v); background: var(--v-soft); border-radius: 99px; padding: .1rem .65rem;
  font-size: .82rem; font-weight: 600; white-space: nowrap; }
`

const blocks = `
.report .banner { display: flex; gap: 1rem; background: var(--v-soft); border: 1px solid var(--v); border-left-width: 6px;
  border-radius: 10px; padding: 1rem 1.2rem; margin: 1.2rem 0; }
.report .banner .sign { flex: none; width: 2.6rem; height: 2.6rem; border-radius: 50%; background: var(--v); color: var(--card);
  font-size: 1.4rem; font-weight: 700; line-height: 2.6rem; text-align: center; }
.report .banner .headline { font-size: 1.3rem; font-weight: 700; line-height: 1.25; margin: 0 0 .3rem; color: var(--v); }
.report .banner .says { font-weight: 600; margin-bottom: 0; }
.report .decided { border: 1px solid var(--line); background: var(--card); border-radius: 10px; padding: .2rem 1.2rem 1rem; }
.report .decided h2 { margin: .8rem 0 .2rem; }
.report .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .7rem; margin: 1.2rem 0; }
.report .tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .6rem .9rem; }
.report .tiles dt, .report .tiles span { font-size: .84rem; color: var(--dim); display: block; line-height: 1.35; }
.report .tiles strong { font-size: 1.35rem; font-weight: 650; display: block; }
.report .checks { list-style: none; padding: 0; border-top: 1px solid var(--line); }
.report .checks li { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .3rem .8rem; align-items: start; padding: .5rem 0;
  border-bottom: 1px solid var(--line); }
.report .checks .badge { justify-self: start; }
.report .check { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 0 0 .8rem; padding: 0 1.2rem; }
.report .check[open] { padding-bottom: 1rem; }
.report .check > summary { padding: .8rem 0; list-style: none; position: relative; padding-right: 1.6rem; }
.report .check > summary::-webkit-details-marker { display: none; }
.report .check > summary::after { content: "+"; position: absolute; right: .1rem; top: .62rem; font-size: 1.35rem; line-height: 1.2;
  color: var(--dim); }
.report .check[open] > summary::after { content: "−"; }
.report .head { display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: baseline; justify-content: space-between; }
.report .name { font-size: .84rem; }
.report .checks .says { display: block; color: var(--dim); font-size: .93rem; }
.report .reason { font-weight: 600; scroll-margin-top: 6rem; }
.report .means { background: var(--soft); border-radius: 8px; padding: .6rem .9rem; margin: .7rem 0; font-size: .93rem; }
.report .means p { margin: .2rem 0; }
.report .measured { border-top: 1px solid var(--line); padding: .8rem 0 .2rem; margin-top: .8rem; }
.report .decided .measured:first-of-type { border-top: 0; margin-top: 0; padding-top: .3rem; }
.report .measures { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: .4rem 1.6rem; margin: .4rem 0; }
.report .measures > :only-child { grid-column: 1 / -1; }
.report .facts { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; font-size: .9rem; align-content: start; }
.report .facts dt { color: var(--dim); font-size: .8rem; line-height: 1.3; }
.report .fold { margin: .6rem 0; }
.report .fold > summary { color: var(--accent); font-size: .93rem; width: fit-content; }
.report .words > div, .report .digests > div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .2rem .8rem; padding: .3rem 0; }
.report .words dt, .report .digests dt { font-weight: 600; }
.report .digests code { background: none; padding: 0; }
`

const pictures = `
.report svg { display: block; width: 100%; max-width: 28rem; height: auto; font-size: 12px; overflow: visible; }
.report svg text { fill: var(--dim); font-variant-numeric: tabular-nums; }
.report svg .note { font-size: 11px; font-style: italic; }
.report svg .grid { stroke: var(--line); }
.report svg .axis, .report svg .tick { stroke: var(--dim); stroke-opacity: .6; }
.report svg .reference { stroke: var(--dim); stroke-dasharray: 5 4; }
.report svg .line { stroke: var(--s); stroke-width: 2.2; fill: none; stroke-linejoin: round; }
.report svg .line.s1 { stroke-dasharray: 7 3; }
.report svg .line.s2 { stroke-dasharray: 2 3; }
.report svg .line.s3 { stroke-dasharray: 9 3 2 3; }
.report svg .mark { fill: var(--s); stroke: var(--card); stroke-width: 1.2; fill-opacity: .85; }
.report svg .band { fill: var(--s); fill-opacity: .14; }
.report svg .bar { fill: var(--s); }
.report svg .zone.worse { fill: var(--block); fill-opacity: .1; }
.report svg .zone.doubtful { fill: var(--warn); fill-opacity: .12; }
.report svg .zone.better { fill: var(--pass); fill-opacity: .1; }
.report svg text.worse { fill: var(--block); }
.report svg text.doubtful { fill: var(--warn); }
.report svg text.better { fill: var(--pass); }
.report svg .limit { stroke: var(--dim); stroke-dasharray: 3 2; }
.report svg .zero { stroke: var(--dim); stroke-opacity: .8; }
.report svg .interval { stroke: var(--v); stroke-width: 4.5; stroke-linecap: round; stroke-opacity: .55; }
.report svg .estimate { fill: var(--v); stroke: var(--card); stroke-width: 1.5; }
.report svg .arrow { stroke: var(--v); stroke-width: 2; fill: none; }
.report svg .ground { fill: var(--soft); }
.report svg .right .shade { fill: var(--right); }
.report svg .wrong .shade { fill: var(--wrong); }
.report svg .right text, .report svg .wrong text { fill: var(--ink); font-size: 12px; }
.report svg text.on-shade { fill: var(--on-shade); font-weight: 600; }
.report svg .look { fill: var(--v); }
.report svg .look.this { stroke: var(--ink); stroke-width: 2.5; }
.report svg .place { fill: var(--soft); stroke: var(--line); }
.report .figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.2rem 2rem; margin: .9rem 0; }
.report .figure { margin: 0; min-width: 0; }
.report .figure.forest, .report .figures > .figure:only-child { grid-column: 1 / -1; }
.report .figure figcaption { margin-bottom: .4rem; }
.report .figure figcaption p { font-size: .9rem; margin: .1rem 0; }
.report .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .2rem 0; font-size: .9rem; }
.report .legend li { display: flex; align-items: center; gap: .4rem; min-width: 0; }
.report .legend .swatch { width: 28px; flex: none; }
`

const tables = `
.report table { border-collapse: collapse; width: 100%; font-size: .9rem; }
.report th, .report td { text-align: left; padding: .35rem .7rem .35rem 0; vertical-align: top; font-weight: 400; }
.report thead th { color: var(--dim); font-size: .8rem; border-bottom: 1px solid var(--line); }
.report tbody tr + tr > * { border-top: 1px solid var(--line); }
.report tbody th { font-weight: 600; }
.report .measurements tbody th { min-width: 9.5rem; }
.report .measurements tbody td:last-child { min-width: 11rem; overflow-wrap: anywhere; }
.report .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.report .forest td, .report .forest th { vertical-align: middle; padding-top: .2rem; padding-bottom: .2rem; }
.report .forest .plot { width: 38%; padding-left: .8rem; }
.report .forest th:first-child { width: 30%; }
.report .forest .range { display: block; color: var(--dim); font-size: .94em; }
.report .wide { overflow-x: auto; }
.report .wide td, .report .wide th { white-space: nowrap; }
.report .gallery { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); gap: .8rem; }
.report .gallery li { background: var(--soft); border-radius: 8px; padding: .6rem; font-size: .85rem; line-height: 1.4;
  display: flex; flex-direction: column; }
.report .gallery img { width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; margin-bottom: .4rem; background: #000; }
.report .nowrap { white-space: nowrap; }
.report .is-right strong { color: var(--pass); }
.report .is-wrong strong { color: var(--block); }
@media screen and (max-width: 640px) {
  .report h1 { font-size: 1.45rem; }
  .report .banner { padding: .8rem; gap: .7rem; }
  .report .banner .sign { width: 2rem; height: 2rem; line-height: 2rem; font-size: 1.1rem; }
  .report .check, .report .decided { padding-left: .8rem; padding-right: .8rem; }
  .report .check > summary { padding-right: 1.6rem; }
  .report .checks li, .report .words > div, .report .digests > div { grid-template-columns: minmax(0, 1fr); }
  .report .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .report .measures, .report .figures { grid-template-columns: minmax(0, 1fr); }
  .report table.rows, .report .rows tbody, .report .rows tr { display: block; }
  .report .rows thead, .report .rows tfoot { display: none; }
  .report .rows tbody tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  .report .rows tbody tr + tr > * { border-top: 0; }
  .report .rows tbody th, .report .rows tbody td { display: flex; justify-content: space-between; gap: 1rem; padding: .12rem 0; text-align: right;
    white-space: normal; max-width: none; min-width: 0; overflow-wrap: anywhere; }
  .report .rows tbody td::before { content: attr(data-label); color: var(--dim); text-align: left; flex: 0 1 auto; min-width: 5rem; }
  .report .rows tbody th { font-weight: 650; text-align: left; }
  .report .forest tbody td.plot { width: auto; display: block; padding: .2rem 0; }
  .report .forest tbody td.plot::before { content: none; }
  .report .forest svg { max-width: none; }
}
`

const paper = `
@media print {
  :root { font-size: 12px; }
  .report { ${light} --ground: #fff; --soft: #f7f5f0; font-size: 9.5pt; max-width: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .report h2 { margin-top: 1.4rem; }
  .report h2, .report h3, .report .head, .report .check > summary, .report figcaption, .report .fold > summary { break-after: avoid; }
  .report .banner, .report .measures, .report .means, .report figure svg, .report .gallery li, .report tr, .report .tiles > div { break-inside: avoid; }
  .report details::details-content { content-visibility: visible; block-size: auto; opacity: 1; }
  .report .figure .fold, .report .on-screen { display: none; }
  .report .check > summary::after, .report .check[open] > summary::after { content: none; }
  .report .fold > summary { color: inherit; list-style: none; font-weight: 600; }
  .report a { color: inherit; text-decoration: none; }
  .report table { font-size: 8pt; }
  .report .measurements tbody th { min-width: 6rem; }
  .report .measurements tbody td:last-child { min-width: 8rem; }
  .report .measurements .number { white-space: normal; }
  .report .measurements .badge { padding: 0 .3rem; font-size: inherit; }
  .report .wide { overflow: visible; }
  .report .wide td, .report .wide th { white-space: normal; padding-right: .35rem; }
  .report svg { max-width: 21rem; }
  .report .gallery { grid-template-columns: repeat(8, minmax(0, 1fr)); gap: .4rem; }
  .report .gallery li { padding: .35rem; font-size: 7pt; overflow-wrap: anywhere; }
}
`

/**
 * The looks of a report: light, dark and on paper, from a phone's width on. Without a colour scheme of the page around it,
 * that of the reader's system decides. No inline style anywhere, so a policy can name this one text by its digest.
 */
export const reportStyles: string = [
  `.report {${light}\n}`,
  `@media screen and (prefers-color-scheme: dark) { :root:not([data-mantine-color-scheme]) .report {${dark}\n} }`,
  `@media screen { [data-mantine-color-scheme='dark'] .report {${dark}\n} }`,
  verdictColors,
  series,
  text,
  blocks,
  pictures,
  tables,
  paper,
].join('\n')
