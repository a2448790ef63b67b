import { type VerdictCounts, verdictNames } from "../src/program/method.ts";

type Underscored<S extends string> = S extends `${infer Head} ${infer Tail}`
  ? `${Head}_${Underscored<Tail>}`
  : S;

export type VerdictField = Underscored<(typeof verdictNames)[number]>;

/** Names of verdicts as fields of an event: `budget_spent` for "budget spent". */
export const verdictFieldNames = verdictNames.map(fieldNamed);

/** Devices by verdict, as a field of an event. */
export function verdictFields(counts: VerdictCounts): Record<VerdictField, number> {
  return Object.fromEntries(verdictNames.map((name) => [fieldNamed(name), counts[name]])) as Record<
    VerdictField,
    number
  >;
}

function fieldNamed(name: (typeof verdictNames)[number]): VerdictField {
  return name.replaceAll(" ", "_") as VerdictField;
}
