import { oneRunASide } from "../../report/compareTexts.ts";
import { formatDuration } from "../../src/units.ts";
import type { ComparedRuns } from "../liveState.ts";
import { element, withText } from "./page.ts";
import { say } from "./terms.ts";

/** Shows runs beside the first of them, as `mho compare` does. */
export async function showComparison(runs: readonly string[]): Promise<void> {
  const query = new URLSearchParams({ runs: runs.join(",") }).toString();
  const place = element("comparison");
  if (place.dataset["runs"] === query && !place.hidden) return;
  place.dataset["runs"] = query;
  place.hidden = false;
  element("comparison-title").textContent = `${runs.slice(1).join(", ")} beside ${runs[0]!}`;
  element("comparison-says").textContent = "Reading the journals of these runs …";
  for (const part of ["comparison-table", "comparison-differences", "comparison-runs"])
    element(part).replaceChildren();
  element("comparison-links").hidden = true;
  const answer = await fetch(`api/compare?${query}`).catch(() => undefined);
  const found = (await answer?.json().catch(() => undefined)) as
    (ComparedRuns & { readonly error?: string }) | undefined;
  // Meanwhile other runs may have been chosen.
  if (place.dataset["runs"] !== query) return;
  if (answer?.ok !== true || found === undefined) {
    element("comparison-says").textContent = found?.error ?? "The server did not answer. Reload the page.";
    place.dataset["runs"] = "";
    return;
  }
  show(found, query);
}

function show({ titles, rows, differences, ageSeconds, method }: ComparedRuns, query: string): void {
  say(
    element("comparison-says"),
    ageSeconds === null
      ? "There is no age at which all of them were read as a whole, so errors are not compared."
      : `Errors are root mean squares of one read at an age of ${formatDuration(ageSeconds)}; intervals are of 95 %, over devices. ${oneRunASide}`,
  );
  const list = titles.map(({ run, title }) => {
    const item = document.createElement("li");
    const link = withText("a", run);
    link.href = `#${run}`;
    item.append(link, ` ${title}`);
    return item;
  });
  element("comparison-runs").replaceChildren(...list);
  const [names = [], ...values] = rows;
  const head = document.createElement("tr");
  head.append(
    ...names.map((name) => {
      const cell = withText("th", "");
      cell.scope = "col";
      say(cell, name);
      return cell;
    }),
  );
  const body = values.map(([run = "", ...cells]) => {
    const row = document.createElement("tr");
    const first = withText("th", run);
    first.scope = "row";
    row.append(
      first,
      ...cells.map((text, k) => {
        const cell = withText("td", text);
        // On a phone each row is a block of its own, and its cells say what they are.
        cell.dataset["name"] = names[k + 1] ?? "";
        return cell;
      }),
    );
    return row;
  });
  const headed = document.createElement("thead");
  headed.append(head);
  const filled = document.createElement("tbody");
  filled.append(...body);
  element("comparison-table").replaceChildren(headed, filled);
  element("comparison-differences").replaceChildren(...differences.map((text) => withText("li", text)));
  element("comparison-method").textContent = method;
  element<HTMLAnchorElement>("comparison-page").href = `api/comparison?${query}`;
  element("comparison-links").hidden = false;
}
