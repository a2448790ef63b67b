import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = [
  "",
  "docs",
  "docs/decisions",
  "protocols/packet",
  "protocols/scpi",
  "examples",
  "calibration",
  "python",
];
const pages = [
  ...folders.flatMap((folder) => pagesIn(folder)),
  ...readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => pagesIn(`examples/${name}`)),
];

describe("a link of a page", () => {
  it.each(pages)("in %s leads to a file and a heading that exist", (page) => {
    const dead = linksOf(page).filter((link) => !leads(page, link));
    expect(dead).toEqual([]);
  });

  it("is found dead where its file or its heading is not there", () => {
    expect(leads("README.md", "docs/no-such-page.md")).toBe(false);
    expect(leads("README.md", "docs/refit.md#no-such-heading")).toBe(false);
    expect(leads("docs/refit.md", "command-line.md#export")).toBe(true);
  });
});

describe("a command of a page", () => {
  it.each(pages)("in %s can be pasted in a clone, where mho alone is not found", (page) => {
    expect(bareCommands(readFileSync(join(root, page), "utf8"))).toEqual([]);
  });

  it("is found where it is bare", () => {
    expect(bareCommands("mho show\n\n```sh\nmho show r1\n  npx mho show r2\n```\n")).toEqual(["mho show r1"]);
  });
});

describe("docs/README.md", () => {
  it("has every page", () => {
    const linked = linksOf("docs/README.md").map((link) =>
      relative(root, join(root, "docs", link.split("#")[0]!)),
    );
    expect(pagesIn("docs").filter((page) => page !== "docs/README.md" && !linked.includes(page))).toEqual([]);
  });
});

function pagesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

/** Lines of a page's blocks that begin with the program's name. */
function bareCommands(text: string): string[] {
  const blocks = text.match(/^```(?:sh|text|bash|console)?$[^]*?^```$/gm) ?? [];
  return blocks.flatMap((block) => block.match(/^ *mho [a-z-].*$/gm) ?? []);
}

/** What a page links to, but for the web. */
function linksOf(page: string): string[] {
  const prose = readFileSync(join(root, page), "utf8").replace(/^```[^]*?^```$/gm, "");
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/i.test(target));
}

function leads(page: string, link: string): boolean {
  const [file, heading] = link.split("#");
  const target = file === "" ? join(root, page) : join(root, dirname(page), file!);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(target).has(heading);
}

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(file: string): Set<string> {
  if (!file.endsWith(".md")) return new Set();
  const prose = readFileSync(file, "utf8").replace(/^```[^]*?^```$/gm, "");
  return new Set(
    [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}
