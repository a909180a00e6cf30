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

/** Both files hold `name:password:id:…` lines; the first of an id is its name. */
async function nameIn(path: string, id: number): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined; // a machine without the file has no names
  }
  const wanted = String(id);
  for (const line of text.split('\n')) {
    const [name, , held] = line.split(':');
    if (held === wanted) return name;
  }
  return undefined;
}
