import { shellWord } from "../../src/shell.ts";
import { element } from "./page.ts";

/** The command that makes the first run of a workspace, ready to be copied. @param workspace  as the server calls it. */
export function showFirstCommand(workspace: string): void {
  const folder = workspace.replace(/[/\\]workspace\.db$/, "");
  const where = folder === "mho-workspace" ? "" : ` --workspace ${shellWord(folder)}`;
  const command = `npx mho program examples/levels/verify.csv --chip emulator:pcm-64${where}`;
  // A line ends between two words, and never within a flag.
  element("first-command").replaceChildren(
    ...command.split(/( )/).map((text) => {
      const word = document.createElement("span");
      word.textContent = text;
      return word;
    }),
  );
}

element("copy").onclick = async () => {
  const command = element("first-command");
  try {
    await navigator.clipboard.writeText(command.textContent);
    element("copied").textContent = "Copied.";
  } catch {
    // A page that came by plain HTTP from another machine may not write there.
    getSelection()?.selectAllChildren(command);
    element("copied").textContent = "Selected: copy it with Ctrl-C.";
  }
};
