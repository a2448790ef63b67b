import type { Context, Next } from "hono";
import { getCookie } from "hono/cookie";
import { bearerToken, isLoopback, isSameOrigin, isSecret, lookingPass, namesServer } from "./access.ts";
import { refusal } from "./answers.ts";

type Guard = (c: Context, next: Next) => Promise<Response | void>;

/** Who is let through to a route. */
export interface Guards {
  /** On every route: a server of this machine answers to its own names alone. */
  readonly named: Guard;
  /** To see a run. */
  readonly mayLook: Guard;
  /**
   * The same for what takes a while to make: no page of elsewhere may keep the server busy by pictures or links that point here.
   */
  readonly mayFetch: Guard;
  /** To change anything: the page itself, with the token. */
  readonly mayAsk: Guard;
  /** The same where it is written to the workspace. */
  readonly mayChange: Guard;
}

export interface GuardOptions {
  readonly host: string;
  readonly token: string;
  readonly publicUrl?: URL | undefined;
  readonly readOnly?: boolean | undefined;
}

export const passName = "mho-looks-on";

export function guardsOf({ host, token, publicUrl, readOnly = false }: GuardOptions): Guards {
  const local = isLoopback(host);
  // What comes by a proxy comes from this machine, whoever sent it.
  const open = local && publicUrl === undefined;
  const holdsToken = (c: Context): boolean => isSecret(bearerToken(c.req.header("authorization")), token);
  const looks = (c: Context): boolean =>
    open || holdsToken(c) || isSecret(getCookie(c, passName), lookingPass(token));
  const mayAsk: Guard = async (c, next) => {
    if (!isSameOrigin(c.req.header("origin"), c.req.header("host"), publicUrl)) {
      return refusal(c, 403, `Only the page itself may ask for this. ${proxyAdvice}`);
    }
    if (!holdsToken(c)) return refusal(c, 401, "That needs the token that mho serve printed.");
    return next();
  };
  return {
    mayAsk,
    mayChange: (c, next) =>
      mayAsk(c, async () => {
        if (!readOnly) return next();
        c.res = refusal(c, 409, "This workspace may only be read: nothing can be asked, noted or answered.");
      }),
    async named(c, next) {
      if (local && !namesServer(c.req.header("host"), publicUrl)) {
        return refusal(c, 403, `This page answers to ${names(publicUrl)} only. ${proxyAdvice}`);
      }
      return next();
    },
    async mayLook(c, next) {
      return looks(c) ? next() : refusal(c, 401, "That needs the token that mho serve was given.");
    },
    async mayFetch(c, next) {
      const from = c.req.header("sec-fetch-site") ?? "none";
      if (from !== "same-origin" && from !== "none")
        return refusal(c, 403, "Only the page itself may ask for this. Open it from the live page.");
      return looks(c) ? next() : refusal(c, 401, "That needs the token that mho serve was given.");
    },
  };
}

const proxyAdvice = "Behind a proxy, start mho serve with --public-url, the address that browsers use.";

function names(publicUrl: URL | undefined): string {
  return `127.0.0.1 and localhost${publicUrl === undefined ? "" : ` and ${publicUrl.hostname}`}`;
}
