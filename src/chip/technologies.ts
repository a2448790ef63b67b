import type { Technology } from "./technology.ts";
import { ecram } from "./technologies/ecram.ts";
import { pcm } from "./technologies/pcm.ts";
import { rram } from "./technologies/rram.ts";

/** The technologies that mho knows by itself. */
export const builtInTechnologies: readonly Technology[] = [pcm, rram, ecram];
