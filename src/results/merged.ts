/** Several sequences as one, each in its own order, by texts that ascend in each: the one whose next is the least goes on. */
export async function* merged<T>(
  sequences: readonly AsyncIterable<T>[],
  by: (one: T) => string,
): AsyncIterable<T> {
  const readers = sequences.map((sequence) => sequence[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(readers.map((reader) => reader.next()));
    for (;;) {
      let next: number | undefined;
      for (const [k, head] of heads.entries()) {
        if (head.done === true) continue;
        const best = next === undefined ? undefined : heads[next];
        if (best === undefined || best.done === true || by(head.value) < by(best.value)) next = k;
      }
      if (next === undefined) return;
      yield heads[next]!.value as T;
      heads[next] = await readers[next]!.next();
    }
  } finally {
    for (const reader of readers) await reader.return?.();
  }
}
