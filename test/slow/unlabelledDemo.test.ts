import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mho } from "../support/commandHere.ts";
import { eventLines } from "../support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { smallestNetwork } from "../support/unlabelledNetworks.ts";

removeFoldersAfterEach();

it("the demo of a network without labels tells its whole story by the similarity of its outputs", async () => {
  const out = emptyFolder();
  const { onnx, inputs } = smallestNetwork(out);
  // A quarter of the devices of the usual tile: there is less to get to know.
  const file = join(out, "narrow.json");
  writeFileSync(file, readFileSync("chips/pcm-64.json", "utf8").replace('"columns": 64', '"columns": 16'));
  const chip = ["--chip", `emulator:pcm-64?chip=${file}&tiles=2&births=stranger`, "--workspace", out];
  const args = ["--onnx", onnx, "--inputs", inputs, "--tensor", "first", "--draws", "2", "--out", out];
  const { code, out: text } = await mho("demo", "--json", ...args, ...chip);
  expect(code).toBe(0);
  const result = eventLines(text).at(-1) as unknown as Demo;
  expect(result).toMatchObject({ measure: "similarity", inputs: 30, images: 0, software_accuracy: null });
  const of = (name: string) => result.contenders.find((one) => one.name === name)!;
  const year = (name: string): number => of(name).similarity.at(-1)!;
  expect(year("closed loop")).toBeGreaterThan(year("best open loop"));
  expect(year("best open loop")).toBeGreaterThan(year("by hand"));
  expect(of("by hand").similarity_worst_tenth[0]!).toBeLessThan(of("by hand").similarity[0]!);
  expect(of("by hand").accuracy).toEqual([null, null, null, null, null]);
  expect(of("closed loop").predicted_similarity!.mean).toHaveLength(5);
  expect(result.headline).toMatch(/cosine of 0\.\d{4} to software's in the closed loop/);
  expect(readFileSync(result.report, "utf8")).toContain("Similarity to software");
  expect(readFileSync(result.figures, "utf8")).toMatch(/^contender,.*,similarity_worst_tenth$/m);
});

interface Demo {
  readonly headline: string;
  readonly report: string;
  readonly figures: string;
  readonly contenders: readonly {
    readonly name: string;
    readonly accuracy: readonly (number | null)[];
    readonly similarity: readonly number[];
    readonly similarity_worst_tenth: readonly number[];
    readonly predicted_similarity: { readonly mean: readonly number[] } | null;
  }[];
}
