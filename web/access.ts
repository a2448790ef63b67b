import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an address is this machine's own, where nobody else can listen. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a request's Host header names this machine, or the address at which a proxy serves the page. A page of elsewhere whose
 * name was made to point here would name itself (DNS rebinding).
 */
export function namesServer(hostHeader: string | undefined, publicUrl?: URL): boolean {
  const name = hostOf(hostHeader);
  if (name === undefined) return false;
  return isLoopback(name.replace(/^\[(.*)\]$/, "$1")) || name === publicUrl?.hostname;
}

/**
 * Whether a request comes from a page of the server itself: its Origin is there and is the host that was asked, or the address at
 * which a proxy serves the page.
 */
export function isSameOrigin(
  origin: string | undefined,
  hostHeader: string | undefined,
  publicUrl?: URL,
): boolean {
  if (origin === undefined || hostHeader === undefined) return false;
  if (origin === publicUrl?.origin) return true;
  try {
    const { host, protocol } = new URL(origin);
    return (protocol === "http:" || protocol === "https:") && host === hostHeader.toLowerCase();
  } catch {
    // What is no address is not the server's own.
    return false;
  }
}

/** Compares in a time that does not depend on where two secrets differ. */
export function isSecret(given: string | undefined, secret: string): boolean {
  return given !== undefined && timingSafeEqual(digest(given), digest(secret));
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,200})$/.exec(header ?? "")?.[1];
}

/** Whether a token would be among the first that are tried: of few different characters, as `aaaaaaaaaaaa`. */
export function isGuessable(token: string): boolean {
  return new Set(token).size < fewestCharacters;
}

const fewestCharacters = 8;

/** What a cookie holds in place of the token: enough to look, too little to ask for anything. */
export function lookingPass(token: string): string {
  return createHash("sha256").update(`mho looks on\n${token}`).digest("base64url");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function hostOf(header: string | undefined): string | undefined {
  return /^(\[[\da-f:]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(header ?? "")?.[1]?.toLowerCase();
}
