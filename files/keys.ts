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

/** The other way round: `t0Seconds` becomes `t0_seconds`. */
export type Snake<T> = T extends readonly unknown[]
  ? { readonly [K in keyof T]: Snake<T[K]> }
  : T extends object
    ? { readonly [K in keyof T as K extends string ? SnakeName<K> : K]: Snake<T[K]> }
    : T;

type SnakeName<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeName<Tail>}`
  : S;

export function snakeKeys<T>(value: T): Snake<T> {
  return renamed(value, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)) as Snake<T>;
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
