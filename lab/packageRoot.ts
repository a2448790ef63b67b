const here = import.meta.url;

/** The package's own folder, whether this runs from the sources, from `dist`, or from a bundle in it. */
export const packageRoot = new URL(
  here.endsWith(".ts") ? "../" : here.slice(0, here.lastIndexOf("/dist/") + 1),
  here,
);
