import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { MhoError } from "../../src/errors.ts";
import type { ServerAddress } from "./address.ts";

/**
 * The password for a server: of PGPASSWORD, or of the first line that fits in the file that PGPASSFILE names (`~/.pgpass`). It is asked
 * for only when the server wants one.
 *
 * @throws `workspace-failed` where there is none; the message says where it is looked for.
 */
export async function passwordFor(address: ServerAddress): Promise<string> {
  const given = process.env["PGPASSWORD"];
  if (given !== undefined && given !== "") return given;
  const file = process.env["PGPASSFILE"] ?? join(homedir(), ".pgpass");
  const found = await readLines(file, address);
  const password = found && passwordIn(found, address);
  if (password !== undefined) return password;
  const { host, port, database, user } = address;
  throw new MhoError(
    "workspace-failed",
    `The server ${address.text} wants a password for ${user}, and ${found === undefined ? `there is no file ${file}` : `no line of ${file} fits`}. ` +
      `Add the line ${host}:${port}:${database}:${user}:PASSWORD to it, readable by you alone (chmod 600).`,
    { server: address.text, file },
  );
}

async function readLines(file: string, { text: server }: ServerAddress): Promise<string | undefined> {
  let mode: number;
  try {
    ({ mode } = await stat(file));
  } catch {
    return undefined;
  }
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new MhoError(
      "workspace-failed",
      `The file of passwords ${file} may be read by others, so it is not used. Make it yours alone: chmod 600 ${file}.`,
      { server, file },
    );
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new MhoError(
      "workspace-failed",
      `The file of passwords ${file} cannot be read: ${(error as Error).message}.`,
      { server, file },
    );
  }
}

/** Of lines `host:port:database:user:password`; `*` fits all, and `\:` and `\\` stand for themselves. */
export function passwordIn(
  lines: string,
  { host, port, database, user }: Pick<ServerAddress, "host" | "port" | "database" | "user">,
): string | undefined {
  // A socket's folder is called localhost there, too.
  const hosts = host.startsWith("/") ? [host, "localhost"] : [host];
  const wanted = [hosts, [String(port)], [database], [user]];
  for (const line of lines.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const [, ...parts] = pattern.exec(line) ?? [];
    const password = parts.pop();
    if (password === undefined) continue;
    const plain = parts.map(unescaped);
    if (wanted.every((names, at) => plain[at] === "*" || names.includes(plain[at]!)))
      return unescaped(password);
  }
  return undefined;
}

const field = String.raw`((?:\\.|[^:\\])*):`;
const pattern = new RegExp(`^${field.repeat(4)}(.*)$`);

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}
