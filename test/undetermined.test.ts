import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeFit } from "../cli/showFit.ts";
import { modelDigest, modelFileOf, readModel } from "../files/model.ts";
import { renderFit } from "../report/fitReport.ts";
import { fittedModel } from "./support/fittedModel.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

// test/slow/soak.test.ts has a whole world in which that happens.
describe("a law that the devices do not determine", () => {
  const known = fittedModel(86_400);
  const law = {
    law: "drift exponent",
    form: "a line",
    conductanceMicrosiemens: [1, 20],
    value: [0.05, 0.03],
  };
  const model = {
    ...known,
    fit: {
      ...known.fit!,
      laws: [{ ...law, standardError: [null, null] }],
      figures: [{ figure: "onset of drift, s", value: 12, standardError: null }],
    },
  };

  it("has no error in the model's file, which is read again as it was", async () => {
    const file = join(emptyFolder(), "mine.json");
    writeFileSync(file, JSON.stringify(modelFileOf(model)));
    const again = await readModel(file);
    expect(again).toEqual(model);
    expect(modelDigest(again)).toBe(modelDigest(model));
  });

  it("is shown and drawn without an interval", () => {
    const lines = describeFit(model.fit);
    expect(lines).toContainEqual(expect.stringMatching(/^ +1\.00 µS +0\.05$/));
    expect(lines).toContain("onset of drift, s: 12");
    expect(renderFit(model, model.fit, undefined, "0")).not.toContain("NaN");
  });
});
