import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Entry {
  readonly names: readonly string[];
  readonly meaning: string;
}

/** The rows of docs/glossary.md, without Markdown. */
export function glossaryOfDocs(): Entry[] {
  const page = readFileSync(fileURLToPath(new URL("../../docs/glossary.md", import.meta.url)), "utf8");
  return [...page.matchAll(/^\| (\*\*.*?) +\| (.*?) +\|$/gm)].map(([, first, meaning]) => ({
    names: namesOf(first!),
    meaning: plain(meaning!),
  }));
}

/** What is bold, and what stands beside it after a comma: `**significance**, F`. */
function namesOf(cell: string): string[] {
  return cell.split(", ").flatMap((part) => {
    const bold = /^\*\*(.*?)\*\*/.exec(part);
    if (bold !== null) return [bold[1]!];
    return part.startsWith("`") ? [] : [part];
  });
}

function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*(.*?)\*\*/g, "$1")
    .replace(/(?<![\p{L}\p{N}])_(.*?)_(?![\p{L}\p{N}])/gu, "$1")
    .replace(/`([^`]*)`/g, "$1");
}
