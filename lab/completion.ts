import { readConfig } from "../files/config.ts";
import { runTitles } from "../storage/runTitles.ts";
import { defaultWorkspace } from "./workplace.ts";

/** A word that a shell may complete to. */
export interface Candidate {
  readonly word: string;
  /** For shells that show one. */
  readonly about: string;
}

/** Networks over several chips of a workspace, and its runs, the newest first. */
export function runCandidates(workspace = defaultWorkspace): readonly Candidate[] {
  return runTitles(workspace).map(({ run, title }) => ({ word: run, about: title }));
}

/** Nicknames of the config; none where it cannot be read. */
export async function chipCandidates(
  workspace = defaultWorkspace,
  config?: string,
): Promise<readonly Candidate[]> {
  const { chips } = await readConfig(workspace, config).catch(() => ({ chips: {} }));
  return Object.entries(chips).map(([word, about]) => ({ word, about }));
}
