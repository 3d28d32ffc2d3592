/**
 * The table of error codes: the only place where one is born.
 *
 * The reference page of error codes is generated from it and a test compares both, in both directions. `summary` says what
 * happened, `fix` what a person does about it. Keep each area's rows together and sorted.
 */
interface ErrorCodeRow {
  readonly summary: string
  readonly fix: string
  readonly retry: 'never' | 'backoff'
}

export const errorCodes = {
  // ── http: the API client
  // ── definition: the integration file
  // ── mapping, merge, matching
  // ── store and embedded database
  // ── connectors
  // ── engine
  // ── server, cli, runtime
  SERVER_LISTEN: {
    summary: 'The server could not listen on the configured address.',
    fix: 'Stop what uses the port, or choose another with --port or ISTHMUS_PORT.',
    retry: 'never',
  },
  INTERNAL: {
    summary: 'Something happened that the code holds to be impossible.',
    fix: 'Report it with the message and the stack; nothing was written.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes
