/** A key that stands twice in one object of a JSON text, and where it stands again. JSON's reader keeps the last and says nothing. */
export function repeatedKey(text: string): { readonly key: string; readonly at: number } | undefined {
  /** The keys of each object that is open; undefined of a list. */
  const open: (Set<string> | undefined)[] = [];
  let last: { readonly text: string; readonly at: number } | undefined;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") last = { text: token, at: index };
    else if (last !== undefined) {
      const keys = open.at(-1);
      const key = JSON.parse(last.text) as string;
      if (keys?.has(key) === true) return { key, at: last.at };
      keys?.add(key);
    }
  }
  return undefined;
}
