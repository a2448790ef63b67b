import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const executablePath = "/usr/bin/chromium";
const args =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --process-per-site";

/** Tests of pages are left out where Debian's browser is not installed. */
export const hasBrowser = existsSync(executablePath);

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: args.split(" ") });
}

/** Where `npm run build` puts the live page. */
export const pageFolder = fileURLToPath(new URL("../../dist/web/page", import.meta.url));

/** What a page's console complains of, from now on. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

/** Waits until an element of the live page says something. */
export function becomes(page: Page, id: string, wanted: string | RegExp): Promise<void> {
  const said = (): Promise<string> => page.locator(`#${id}`).innerText();
  return expect.poll(said).toMatch(typeof wanted === "string" ? exactly(wanted) : wanted);
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}

/** Texts of which one lies on another. */
export function collidingIn(place: string): string {
  return `(() => {
    const wanted = "h1, h2, p, dt, dd, small, button, summary, a, input, textarea, td, th, li, b, i";
    const boxes = [...document.querySelector(${JSON.stringify(place)}).querySelectorAll(wanted)]
      .filter((one) => one.checkVisibility() && (one.matches("input, textarea") || one.textContent.trim() !== ""))
      .filter((one) => !one.closest(".tiles, .log"))
      .map((one) => ({ one, text: one.textContent.trim(), box: one.getBoundingClientRect() }));
    return boxes.flatMap((a, k) => boxes.slice(k + 1)
      .filter((b) => !a.one.contains(b.one) && !b.one.contains(a.one))
      .filter((b) => a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 && a.box.top < b.box.bottom - 1 && b.box.top < a.box.bottom - 1)
      .map((b) => a.text + " | " + b.text));
  })()`;
}
