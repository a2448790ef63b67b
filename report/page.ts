import type { Painted } from "./colours.ts";
import { sample } from "./grammar.ts";
import { escaped } from "./escaped.ts";
import { explained } from "./explained.ts";
import { style } from "./style.ts";

export { escaped };

/** The whole page around its body, whose terms explain themselves. `body` is HTML, `title` is text. */
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
${explained(body)}
</main></body>
</html>
`;
}

/** A picture with its title and the one sentence that says what to see. All three are HTML. */
export function figure(title: string, sentence: string, picture: string): string {
  return `<figure><figcaption><h2>${title}</h2><p>${sentence}</p></figcaption>${picture}</figure>`;
}

/** A title and what there is to say, where there is nothing to draw. Both are text. */
export function told(title: string, sentence: string): string {
  return `<section class="told"><h2>${escaped(title)}</h2><p class="note">${escaped(sentence)}</p></section>`;
}

/** A contender's name behind the stroke that it has in every picture. */
export function keyed({ name, colour }: Painted): string {
  return `${sample({ look: "course", colour })}${escaped(name)}`;
}
