/** Networks that come with mho, with images to judge them by. */
export const exampleNetworks = ["cnn", "mlp", "lstm", "transformer"] as const;
export type ExampleNetwork = (typeof exampleNetworks)[number];

/** The same, first the one whose story the demo tells: the others suffer too little from drift to show it. */
export const demoNetworks = [
  "transformer",
  "cnn",
  "mlp",
  "lstm",
] as const satisfies readonly ExampleNetwork[];
