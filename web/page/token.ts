import { element } from "./page.ts";

const place = "mho-token";

/**
 * Takes the token out of the address, where it would be seen, and keeps it for this tab.
 *
 * @param run  what the address names instead, if anything.
 * @returns whether there was one.
 */
export function holdToken(run?: string): boolean {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return false;
  sessionStorage.setItem(place, decoded(token));
  history.replaceState(null, "", run === undefined ? location.pathname : `#${run}`);
  // Who is being asked for it has given it.
  element<HTMLDialogElement>("ask-token").close();
  return true;
}

/** Somebody may have put the address together by hand, and not encoded the token. */
function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** Asks the server for a change. @returns why it was refused; undefined when it was not, or when no token was given. */
export async function change(path: string, body: unknown): Promise<string | undefined> {
  const answer = await withToken((token) => post(path, token, body));
  return answer === undefined || answer.ok ? undefined : reasonOf(answer);
}

/** Lets this browser look on at a server that shows nothing without the token. @returns whether it may now. */
export async function openSession(): Promise<boolean> {
  const answer = await withToken((token) => post("api/session", token));
  return answer?.ok ?? false;
}

/** Asks the person for the token when there is none or it is wrong. @returns undefined when they would not give it. */
async function withToken(send: (token: string) => Promise<Response>): Promise<Response | undefined> {
  let wrong = false;
  for (;;) {
    const token = sessionStorage.getItem(place) ?? (await askForToken(wrong));
    if (token === undefined) return undefined;
    // No header may carry anything else.
    const answer = /^[\x21-\x7e]+$/.test(token) ? await send(token) : undefined;
    if (answer !== undefined && answer.status !== 401) {
      sessionStorage.setItem(place, token);
      return answer;
    }
    sessionStorage.removeItem(place);
    wrong = true;
  }
}

function post(path: string, token: string, body?: unknown): Promise<Response> {
  return fetch(path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function reasonOf(answer: Response): Promise<string> {
  const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
  return error ?? `The server answered ${answer.status}.`;
}

function askForToken(wrong: boolean): Promise<string | undefined> {
  const dialog = element<HTMLDialogElement>("ask-token");
  const input = element<HTMLInputElement>("token");
  input.value = "";
  element("token-says").textContent =
    (wrong ? "That is not this server's token; each mho serve has a new one. " : "") +
    "mho serve printed it when it began; the address that it printed carries it already.";
  dialog.returnValue = "";
  element("token-cancel").onclick = () => dialog.close();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const typed = dialog.returnValue === "ok" && input.value !== "" ? input.value.trim() : undefined;
      // Meanwhile it may have come by the address.
      resolve(typed ?? sessionStorage.getItem(place) ?? undefined);
    };
  });
}
