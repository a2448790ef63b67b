/** Networks that come with mho, with images to judge them by. */
export const exampleNetworks = ["cnn", "mlp", "lstm", "transformer"] as const;
export type ExampleNetwork = (typeof exampleNetworks)[number];
