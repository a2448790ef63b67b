/** Chips that are drawn where nothing is said. */
export const usualDraws = 25;
