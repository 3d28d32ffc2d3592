/** The integration file. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of definitions. */
export const definitionCodes = {
  CONFIG_INVALID: {
    summary: 'An environment variable is missing or has an invalid value.',
    fix: 'Set the variable named in the message, in the environment or in `.env`.',
    retry: 'never',
  },
  CONFIG_SECRET_MISSING: {
    summary: 'The definition refers to environment variables or files that do not exist.',
    fix: 'Set the variables or create the files named in the message; each is listed with the place that uses it.',
    retry: 'never',
  },
  DEFINITION_INVALID: {
    summary: 'The integration definition is not valid.',
    fix: 'Run `isthmus check`: it lists every mistake with line, column and what to write instead.',
    retry: 'never',
  },
  DEFINITION_NOT_FOUND: {
    summary: 'No integration definition was found.',
    fix: 'Create `isthmus.yaml` (or `isthmus.config.ts`), or name the file with `--definition`.',
    retry: 'never',
  },
  DEFINITION_UNREADABLE: {
    summary: 'The integration definition could not be read or executed.',
    fix: 'Check that the file exists, is readable, and has a definition as its default export.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
