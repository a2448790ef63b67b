import { readFileSync } from "node:fs";
import { packageRoot } from "./packageRoot.ts";

/** The version that package.json states. */
export const version = (
  JSON.parse(readFileSync(new URL("package.json", packageRoot), "utf8")) as { version: string }
).version;
