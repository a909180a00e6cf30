/**
 * The shell that `npx` puts between itself and what it runs. A signal that npm is sent it passes to
 * that shell, which ends without passing it on, and the daemon would outlive whoever ended it.
 *
 * So below `npx`, and nowhere else, the kernel is asked to have this process end with its parent
 * (prctl(2), PR_SET_PDEATHSIG). Node does not ask, hence the foreign call.
 */

const PR_SET_PDEATHSIG = 1;
const SIGTERM = 15;

/** From now on this process is asked to end when npm's shell, if that is its parent, has ended. */
export async function endWithNpmShell(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  if (variables.npm_command !== 'exec') return;
  const parent = process.ppid;
  const { default: koffi } = await import('koffi');
  const prctl = koffi.load(null).func('int prctl(int, unsigned long)');
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // Nobody tells of a parent that has ended before the kernel was asked.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}
