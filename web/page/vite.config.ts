import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One script and one style sheet, nothing inlined: the page's content security policy allows nothing else. */
export default defineConfig({
  root: here("."),
  // Relative, so that a proxy may serve it under any path.
  base: "./",
  logLevel: "warn",
  build: {
    outDir: here("../../dist/web/page"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
