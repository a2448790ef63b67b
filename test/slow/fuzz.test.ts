import { describe, expect, it } from "vitest";
import { inputOf, sourceOf } from "../fuzz/mutate.ts";
import { fed } from "../fuzz/surface.ts";
import { surfaces } from "../fuzz/surfaces.ts";

describe("whatever bytes come in", () => {
  it.each(
    surfaces.map((surface) => [surface.name, Math.min(2500, 20 + 6 * surface.weight), surface] as const),
  )("%s reads or refuses %i inputs, and nothing else happens", async (name, inputs, surface) => {
    const opened = await surface.open();
    const source = sourceOf(5, name);
    let accepted = 0;
    for (let input = 0; input < inputs; input++) {
      try {
        if (await fed(opened, inputOf(opened, source, input))) accepted++;
      } catch (error) {
        const again = `npm run fuzz -- --surface ${name} --seed 5 --input ${input}`;
        throw new Error(`To see it again: ${again}`, { cause: error });
      }
    }
    await opened.close?.();
    // Where all is refused, nothing is tested.
    expect(accepted).toBeGreaterThan(0);
  });
});
