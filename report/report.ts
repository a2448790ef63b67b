import type { Story } from "./story.ts";

export function renderReport(story: Story): string {
  return `<!doctype html><title>${story.network}</title>`;
}
