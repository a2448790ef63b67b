/** The package's own folder, whether this runs from the sources or from `dist`. */
export const packageRoot = new URL(
  import.meta.url.endsWith("/dist/lab/packageRoot.js") ? "../../" : "../",
  import.meta.url,
);
