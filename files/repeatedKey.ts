/** A key that stands twice in one object of a JSON text, and where it stands again. JSON's reader keeps the last and says nothing. */
export function repeatedKey(text: string): { readonly key: string; readonly at: number } | undefined {
  /** The keys of each object that is open; undefined of a list. */
  const open: (Set<string> | undefined)[] = [];
  let last: { readonly at: number; readonly end: number } | undefined;
  const sign = /["{}[\]:]/g;
  for (let found = sign.exec(text); found !== null; found = sign.exec(text)) {
    const [token] = found;
    if (token === '"') {
      sign.lastIndex = endOfString(text, found.index);
      last = { at: found.index, end: sign.lastIndex };
    } else if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token !== ":") open.pop();
    else if (last !== undefined) {
      const keys = open.at(-1);
      const key = JSON.parse(text.slice(last.at, last.end)) as string;
      if (keys?.has(key) === true) return { key, at: last.at };
      keys?.add(key);
    }
  }
  return undefined;
}

/** Behind the quotation mark that ends the text which begins at a place. A pattern would run out of stack. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
  return text.length;
}
