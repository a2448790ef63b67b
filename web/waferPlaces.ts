import type { ChipLine } from "./fleetState.ts";

/** A place on a wafer, in dies. */
export interface DiePlace {
  readonly x: number;
  readonly y: number;
}

/** The chips of a wafer, each at its place; undefined where its die was not noted as two numbers. */
export interface Wafer {
  /** Null for chips whose wafer was not noted. */
  readonly name: string | null;
  readonly placed: readonly (DiePlace & { readonly chips: readonly ChipLine[] })[];
  /** In the order of their names. */
  readonly unplaced: readonly ChipLine[];
}

/** `3,4`, `x3 y4`, `(3; -4)`: two whole numbers, x first. Undefined for other names of dies. */
export function dieAt(die: string): DiePlace | undefined {
  const match = /^[^\d-]{0,3}(-?\d{1,4})[^\d-]{1,4}(-?\d{1,4})\D?$/.exec(die.trim());
  return match === null ? undefined : { x: Number(match[1]), y: Number(match[2]) };
}

/** Wafers by their names, chips without one last. */
export function wafersOf(chips: readonly ChipLine[]): readonly Wafer[] {
  const ofWafers = new Map<string | null, ChipLine[]>();
  for (const chip of chips) ofWafers.set(chip.wafer, [...(ofWafers.get(chip.wafer) ?? []), chip]);
  return [...ofWafers]
    .map(([name, own]) => waferOf(name, own))
    .sort((a, b) => (a.name === null ? 1 : b.name === null ? -1 : natural.compare(a.name, b.name)));
}

function waferOf(name: string | null, chips: readonly ChipLine[]): Wafer {
  const at = new Map<string, DiePlace & { readonly chips: ChipLine[] }>();
  const unplaced: ChipLine[] = [];
  for (const chip of chips) {
    const place = name === null || chip.die === null ? undefined : dieAt(chip.die);
    if (place === undefined) {
      unplaced.push(chip);
      continue;
    }
    const key = `${place.x},${place.y}`;
    const there = at.get(key) ?? { ...place, chips: [] };
    at.set(key, there);
    there.chips.push(chip);
  }
  return {
    name,
    placed: [...at.values()].sort((a, b) => a.y - b.y || a.x - b.x),
    unplaced: unplaced.sort((a, b) => natural.compare(a.chip, b.chip)),
  };
}

/** W2 before W10. */
const natural = new Intl.Collator("en", { numeric: true });
