/** The server, the command line, the runtime. */
import type { ErrorCodeRow } from './row.ts'

export const surfaceCodes = {
  CLI_NOT_FOUND: {
    summary: 'What the command names does not exist.',
    fix: 'List what there is and take the name from there.',
    retry: 'never',
  },
  CLI_PAUSED: {
    summary: 'A person has paused the work of this integration.',
    fix: 'isthmus status says who and why; isthmus resume lets it go on.',
    retry: 'never',
  },
  CLI_REFUSED: {
    summary: 'The decision no longer fits the present state.',
    fix: 'List again and decide on what is there now.',
    retry: 'never',
  },
  CLI_USAGE: {
    summary: 'The command line is not one that the command takes.',
    fix: 'Run the command with --help.',
    retry: 'never',
  },
  DEMO_PACKAGES: {
    summary: 'A package that only the demo needs is not installed.',
    fix: 'Run the demo from the repository, or install json-server@0.17 and jsonplaceholder beside the package.',
    retry: 'never',
  },
  DEMO_STUCK: {
    summary: 'The demo waited for something that did not happen.',
    fix: 'Run it again; if it happens again, report it with what it printed.',
    retry: 'never',
  },
  INTERNAL: {
    summary: 'Something happened that the code holds to be impossible.',
    fix: 'Report it with the message and the stack; nothing was written.',
    retry: 'never',
  },
  SERVER_LISTEN: {
    summary: 'The server could not listen on the configured address.',
    fix: 'Stop what uses the port, or choose another with --port or ISTHMUS_PORT.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
