/** Files say `t0_seconds` where the code says `t0Seconds`: the same data, with the keys of records renamed. */
export type Camel<T> = T extends readonly unknown[]
  ? { readonly [K in keyof T]: Camel<T[K]> }
  : T extends object
    ? { readonly [K in keyof T as K extends string ? CamelName<K> : K]: Camel<T[K]> }
    : T;

type CamelName<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : S;

export function camelKeys<T>(value: T): Camel<T> {
  return renamed(value, (key) =>
    key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  ) as Camel<T>;
}

export function snakeKeys(value: unknown): unknown {
  return renamed(value, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** Typed arrays become plain ones; what is undefined is left out. */
function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [rename(key), renamed(item, rename)]),
  );
}
