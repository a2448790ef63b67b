import { arcOneSurfaces } from "./arcOne.ts";
import { commandLineSurfaces } from "./commandLine.ts";
import { driverSurfaces } from "./drivers.ts";
import { httpSurfaces } from "./http.ts";
import { jsonFileSurfaces } from "./jsonFiles.ts";
import { keptChipSurfaces } from "./keptChips.ts";
import { measurementSurfaces } from "./measurements.ts";
import { openmenaSurfaces } from "./openmena.ts";
import { packSurfaces } from "./packs.ts";
import { packetSurfaces } from "./packet.ts";
import { scpiSurfaces } from "./scpi.ts";
import { smuSurfaces } from "./smu.ts";
import type { Surface } from "./surface.ts";
import { strategyTargetSurfaces } from "./strategyTargets.ts";
import { transcriptSurfaces } from "./transcripts.ts";
import { weightFileSurfaces } from "./weightFiles.ts";
import { workspaceSurfaces } from "./workspaces.ts";

/** Everywhere that bytes of strangers come in. */
export const surfaces: readonly Surface[] = [
  ...packetSurfaces,
  ...scpiSurfaces,
  ...openmenaSurfaces,
  ...smuSurfaces,
  ...arcOneSurfaces,
  ...driverSurfaces,
  ...weightFileSurfaces,
  ...jsonFileSurfaces,
  ...measurementSurfaces,
  ...strategyTargetSurfaces,
  ...transcriptSurfaces,
  ...commandLineSurfaces,
  ...keptChipSurfaces,
  ...workspaceSurfaces,
  ...packSurfaces,
  ...httpSurfaces,
];
