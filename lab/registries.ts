import { builtInTechnologyFiles } from "../files/chipDescription.ts";
import type { TechnologyFile } from "../files/technologies/technologyFile.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import { methodOfProcedure, type Procedure } from "../src/measure/procedure.ts";
import { builtInProcedures } from "../src/measure/procedures.ts";
import { importedUnverified, importedVerified } from "../src/program/imported.ts";
import { builtInMethods } from "../src/program/methods.ts";
import { builtInDialects, type LabDialect } from "./dialects.ts";
import { byHand } from "./handMethod.ts";

/** All that an address, a chip's description and a plan may name. What is in no list is refused by name. */
export interface Registries {
  readonly dialects: readonly LabDialect[];
  readonly technologies: readonly TechnologyFile[];
  readonly methods: readonly ProgrammingMethod[];
  readonly procedures: readonly Procedure[];
}

/** What comes with mho. */
export const builtIn: Registries = {
  dialects: builtInDialects,
  technologies: builtInTechnologyFiles,
  methods: [...builtInMethods, byHand, importedVerified, importedUnverified],
  procedures: builtInProcedures,
};

/** The same, with what a lab has beside it. */
export function registriesWith({
  dialects = [],
  technologies = [],
  methods = [],
  procedures = [],
}: Partial<Registries>): Registries {
  const measured = [...builtIn.procedures, ...procedures];
  return {
    dialects: [...builtIn.dialects, ...dialects],
    technologies: [...builtIn.technologies, ...technologies],
    // What a procedure does is a method as any other to the engine and to readers of its runs.
    methods: [...builtIn.methods, ...methods, ...measured.map(methodOfProcedure)],
    procedures: measured,
  };
}
