/** An element of the page, which has it by this name. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function button(text: string, action: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.onclick = action;
  return made;
}

export function withText<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text: string,
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** Tells why something was refused; undefined for nothing, which takes no earlier trouble away. */
export function tellRefusal(refused: string | undefined): void {
  if (refused === undefined) return;
  element("trouble").hidden = false;
  element("trouble").textContent = refused;
}
