import { MhoError } from "../src/errors.ts";

/**
 * What is wrong with a Node that cannot run mho: `engines` in package.json, in words. npm only warns of it, and what such a Node lacks
 * would show as a mistake of mho's own.
 *
 * @param version  such as `20.19.1`.
 */
export function nodeFault(version: string): MhoError | undefined {
  const [major, minor] = version.split(".").map(Number) as [number, number];
  if (major === 20 ? minor >= 19 : major === 22 ? minor >= 2 : major > 22) return undefined;
  return new MhoError(
    "bad-argument",
    `mho needs Node 20.19 or newer (of Node 22: 22.2 or newer), and this is Node ${version}. Install a newer one: https://nodejs.org. ` +
      "node --version says which one is found.",
    { node: version },
  );
}
