import type { Technology } from "./technology.ts";
import { pcm } from "./technologies/pcm.ts";
import { rram } from "./technologies/rram.ts";

/** The technologies that mho knows by itself. */
export const builtInTechnologies: readonly Technology[] = [pcm, rram];
