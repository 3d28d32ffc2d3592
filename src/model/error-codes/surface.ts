/** The server, the command line, the runtime. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of the command line and the server. */
export const surfaceCodes = {
  CLI_NOT_FOUND: {
    summary: 'The object named by the command does not exist.',
    fix: 'List the existing ones and use a name from the list.',
    retry: 'never',
  },
  CLI_PAUSED: {
    summary: 'A person has paused the work of this integration.',
    fix: 'Run `isthmus status` to see who and why, and `isthmus resume` to continue.',
    retry: 'never',
  },
  CLI_REFUSED: {
    summary: 'The decision no longer applies to the current state.',
    fix: 'List again, and decide based on the current state.',
    retry: 'never',
  },
  CLI_USAGE: {
    summary: 'The command line has an unknown or missing argument.',
    fix: 'Run the command with `--help`.',
    retry: 'never',
  },
  DEMO_PACKAGES: {
    summary: 'A package that only the demo needs is not installed.',
    fix: 'Run the demo from the repository, or install json-server@0.17 and jsonplaceholder next to the package.',
    retry: 'never',
  },
  DEMO_STUCK: {
    summary: 'The demo timed out waiting for an expected event.',
    fix: 'Run it again. If it happens again, report it with its output.',
    retry: 'never',
  },
  INTERNAL: {
    summary: 'An internal invariant was violated.',
    fix: 'Report it with the message and the stack trace. Nothing was written.',
    retry: 'never',
  },
  SERVER_LISTEN: {
    summary: 'The server could not listen on the configured address.',
    fix: 'Stop the process that uses the port, or choose another port with --port or ISTHMUS_PORT.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
