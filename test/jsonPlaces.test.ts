import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseChipDescription } from "../files/chipDescription.ts";
import { parseJson } from "../files/json.ts";
import { modelSchema } from "../files/model.ts";
import { parseStrategy } from "../files/strategy.ts";
import { repositoryFile } from "./fuzz/fixtures.ts";
import { smallStrategy } from "./fuzz/jsonFiles.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const model = (bytes: Uint8Array): unknown => parseJson(bytes, "given.json", modelSchema, "model");

describe("a JSON file that is none", () => {
  it.each([
    ['{"a":1,"a":2}', 'line 1, column 8 has the key "a" once more'],
    [
      '{"b":[{"a":1},{"a":{"c":"\\"a\\":"}}],\n "x":{"a":1, "\\u0061" :2}}',
      'line 2, column 14 has the key "a" once more',
    ],
  ])("%j with a key that stands twice is refused with its place", (text, message) => {
    expect(() => model(utf8(text))).toThrow(`Cannot use given.json: ${message}. Leave one of them.`);
    expect(() => parseStrategy(utf8(text), "given.json")).toThrow(message);
  });

  it("with a text of five million escapes is gone through all the same", () => {
    const long = `${"\\\\".repeat(2_500_000)}\\"${"\\n".repeat(2_500_000)}`;
    expect(() => model(utf8(`{"a":"${long}",\n"a":1}`))).toThrow(
      'line 2, column 1 has the key "a" once more',
    );
  });

  it.each([
    ['{"a":[0,12,\n25,],\n"b":1}', 'line 2, column 3 has a comma before "]". Take the comma out.'],
    ['{"a":1,\r\n}', 'line 1, column 7 has a comma before "}"'],
    ['{\n  "a": NaN}', "line 2, column 8 has NaN, which JSON does not have. Write a number there"],
    ['{"a":-Infinity}', "line 1, column 6 has -Infinity, which JSON does not have"],
    ['{"a":True}', "line 1, column 6 has True. Write true, false or null."],
    ['{"a":None}', "line 1, column 6 has None"],
    ["{'a':1}", 'line 1, column 2 has a single quotation mark. Use " instead.'],
    ['// my model\n{"a":1}', "line 1, column 1 has a comment"],
    ['{"a":1', "it ends at line 1, column 7, and something is left open"],
    ["", "it ends at line 1, column 1"],
    ['{"a" 1}', 'line 1, column 6 has "1" where it does not belong'],
    ['{"a":1}}', 'line 1, column 8 has "}" where it does not belong'],
    ['{"a":\n"b\nc"}', "line 2, column 3 has a line end or a tab inside quotation marks"],
    ["{a:1}", 'line 1, column 2 has "a" where it does not belong'],
  ])("%j is refused with line and column", (text, message) => {
    expect(() => model(utf8(text))).toThrow(`Cannot use given.json: it is not JSON: ${message}`);
    expect(() => parseChipDescription(utf8(text), "given.json")).toThrow(message);
    expect(() => parseStrategy(utf8(text), "given.json")).toThrow(message);
  });

  it.each([
    ["UTF-16", Buffer.from('\ufeff{"a":1}', "utf16le"), "it is written in UTF-16. Save it as UTF-8."],
    ["UTF-16 without a mark", Buffer.from('{"a":1}', "utf16le"), "it is written in UTF-16"],
    ["UTF-16 the other way round", Buffer.from('{"a":1}', "utf16le").swap16(), "it is written in UTF-16"],
    ["another encoding", Buffer.from('{"a":"\u00b5"}', "latin1"), "it holds bytes that are not UTF-8"],
  ])("in %s is refused by that name", (_, bytes, message) => {
    expect(() => model(bytes)).toThrow(message);
    expect(() => parseChipDescription(bytes, "given.json")).toThrow(message);
  });

  it("is read with the mark of UTF-8", () => {
    expect(parseJson(utf8('\ufeff{"a":1}'), "given.json", z.object({ a: z.number() }), "file")).toEqual({
      a: 1,
    });
  });

  it("of a hundred thousand lists in each other is refused all the same", () => {
    expect(() => model(utf8("[".repeat(100_000)))).toThrow(/it is not JSON/);
    expect(() => model(utf8("[".repeat(100_000) + "]".repeat(100_000)))).toThrow(/Cannot use given\.json/);
  });
});

describe("a value that is wrong", () => {
  it("in a chip's description has line and column", () => {
    const text = Buffer.from(repositoryFile("chips/pcm-64.json"))
      .toString()
      .replace('"rows": 64', '"rows": 0');
    const line = 1 + text.split("\n").findIndex((written) => written.includes('"rows": 0'));
    expect(() => parseChipDescription(utf8(text), "given.json")).toThrow(
      new RegExp(`geometry\\.rows: it is .*; give .*\\(line ${line}, column 13\\)\\. See chips`),
    );
  });

  it("in a strategy and in a model, too; what is missing has the place where it should be", () => {
    const text = Buffer.from(smallStrategy()).toString();
    const wrong = text.replace('"pair_drift_correlation": 0', '"pair_drift_correlation": "0"');
    const line = wrong.slice(0, wrong.indexOf('"pair_drift_correlation"')).split("\n").length;
    expect(() => parseStrategy(utf8(wrong), "given.json")).toThrow(
      new RegExp(`at pair_drift_correlation: .*\\(line ${line}, column 29\\)`),
    );
    const without = '{\n "format": "mho-model", "version": 1,\n "name": "x", "family": "timed-spread"}';
    expect(() => model(utf8(without))).toThrow(/at max_conductance_microsiemens: .*\(line 1, column 1\)/);
  });
});
