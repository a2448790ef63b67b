/**
 * What a command is called in a manual, `SYSTem:ERRor[:NEXT]`, as a pattern that its short and its long form match, and
 * nothing in between (SCPI-99, volume 1, 6.2.1).
 */
export function headerPattern(manual: string): RegExp {
  const nodes = manual
    .replace(/\[([A-Z]\w*):\]/gi, (_, node: string) => `(?:${nodePattern(node)}:)?`)
    .replace(/\[:([A-Z]\w*)\]/gi, (_, node: string) => `(?::${nodePattern(node)})?`)
    .replace(/(^|:|\?)([A-Z]+[a-z]+)/g, (_, before: string, node: string) => before + nodePattern(node));
  return new RegExp(`^${nodes.replace(/^\*/, "\\*")}$`);
}

function nodePattern(node: string): string {
  const short = node.replace(/[a-z]/g, "");
  const rest = node.slice(short.length).toUpperCase();
  return rest === "" ? short : `${short}(?:${rest})?`;
}
