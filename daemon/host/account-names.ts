/**
 * Names of users and groups, out of the files of this machine (passwd(5), group(5)). Directory
 * services are not asked: whoever runs them would decide who is who here.
 */

import { readFile } from 'node:fs/promises';

/** The name of a user id, or undefined. */
export function userNameOf(uid: number): Promise<string | undefined> {
  return nameIn('/etc/passwd', uid);
}

/** The name of a group id, or undefined. */
export function groupNameOf(gid: number): Promise<string | undefined> {
  return nameIn('/etc/group', gid);
}

/** The id of a group by its name, or undefined. */
export async function groupIdOf(name: string): Promise<number | undefined> {
  const lines = await linesOf('/etc/group');
  const id = lines.map((line) => line.split(':')).find(([held]) => held === name)?.[2];
  return id !== undefined && /^[0-9]{1,10}$/.test(id) ? Number.parseInt(id, 10) : undefined;
}

/** Both files hold `name:password:id:…` lines; the first of an id is its name. */
async function nameIn(path: string, id: number): Promise<string | undefined> {
  const wanted = String(id);
  for (const line of await linesOf(path)) {
    const [name, , held] = line.split(':');
    if (held === wanted) return name;
  }
  return undefined;
}

async function linesOf(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch {
    return []; // a machine without the file has no names
  }
}
