/** Which dimension of a tensor counts outputs: the first, as in torch (OIHW), or the last, as in Keras (HWIO). */
export const orientations = ["outputs-first", "outputs-last"] as const;
export type Orientation = (typeof orientations)[number];
