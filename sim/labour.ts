/**
 * Labour: what a step costs a machine in signatures to verify, the dearest thing that a message of
 * anybody may ask for. Counted behind the suite's port, whichever suite it is.
 */

import type { Suite } from '../core/suite.ts';

export class Labour {
  /** Pairs verified since the last step began. */
  verified = 0;

  /** A step begins. */
  begin(): void {
    this.verified = 0;
  }

  /** The same suite, and each verification is counted. */
  counted(suite: Suite): Suite {
    return {
      ...suite,
      verify: (check) => {
        this.verified += 1;
        return suite.verify(check);
      },
    };
  }
}
