/** The server, the command line, the runtime. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of the command line and the server. */
export const surfaceCodes = {
  ANCHOR_FAILED: {
    summary: 'The ends of the journal and of the audit trail could not be stored outside of the database.',
    fix: 'Make the file of ISTHMUS_ANCHOR_FILE writable; it is tried again every minute.',
    retry: 'backoff',
  },
  ANCHOR_UNREADABLE: {
    summary: 'A file of anchors could not be read, or contains something else.',
    fix: 'Check the path, and who may have changed the file: a damaged line proves nothing about the database.',
    retry: 'never',
  },
  API_CONFLICT: {
    summary:
      'The state of what the request is about does not allow the action: somebody else has decided it, for instance.',
    fix: 'Read it again, and decide on what it shows now.',
    retry: 'never',
  },
  API_CROSS_SITE: {
    summary:
      'A request that changes something came with the cookie of a session, but not from a page of this server.',
    fix: 'Send JSON from a page of the server, with the header X-Isthmus-Request; programs use a token instead of a cookie.',
    retry: 'never',
  },
  API_FORBIDDEN: {
    summary: 'The roles of the caller do not grant the permission that the action requires.',
    fix: 'Use a token with a role that grants it; `isthmus tokens create` lists the roles.',
    retry: 'never',
  },
  API_IDEMPOTENCY_KEY_REUSED: {
    summary: 'The idempotency key of a request was used for another request before.',
    fix: 'Use a new key for each action, and the same one only to repeat the same request.',
    retry: 'never',
  },
  API_INVALID_REQUEST: {
    summary: 'A request to the admin API is invalid: a parameter, the body or its media type.',
    fix: 'Correct the parts that `errors` names; /api/v1/openapi.json describes each request.',
    retry: 'never',
  },
  API_LINK_REFUSED: {
    summary:
      'A sign-in link is unknown, used, older than a minute, or was used from somewhere else than its own machine.',
    fix: 'Run `isthmus open` on the machine of the service, and open the link there.',
    retry: 'never',
  },
  API_METHOD_NOT_ALLOWED: {
    summary: 'The path of a request exists, but not with its method.',
    fix: 'Use a method that the header Allow names; /api/v1/openapi.json describes each route.',
    retry: 'never',
  },
  API_NOT_FOUND: {
    summary: 'The admin API has no such route, or what the request names does not exist.',
    fix: 'Check the id and the path; /api/v1/openapi.json lists the routes.',
    retry: 'never',
  },
  API_SIGN_IN_REFUSED: {
    summary: 'The identity provider did not identify the person, or gave the person no role here.',
    fix: 'Sign in again. Where no role is the reason, an administrator of the identity provider adds the person to a group that ISTHMUS_OIDC_ROLES names.',
    retry: 'never',
  },
  API_SIGN_IN_UNAVAILABLE: {
    summary: 'The identity provider can not be reached, or its address is not allowed.',
    fix: 'Check ISTHMUS_OIDC_ISSUER, and ISTHMUS_NETWORK_ALLOW for a provider in an inner network; then sign in again.',
    retry: 'backoff',
  },
  API_TOO_MANY_REQUESTS: {
    summary: 'A caller sends more requests to the admin API than it may.',
    fix: 'Wait as long as Retry-After says.',
    retry: 'backoff',
  },
  API_UNAUTHENTICATED: {
    summary: 'A request to the admin API has neither a valid token nor the cookie of a valid session.',
    fix: 'Send `Authorization: Bearer <token>` with a token of `isthmus tokens create`, or sign in: `isthmus open`.',
    retry: 'never',
  },
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
  SERVER_UNSAFE: {
    summary: 'The server was to listen beyond this machine without TLS.',
    fix: 'Set ISTHMUS_TLS_CERT and ISTHMUS_TLS_KEY, or ISTHMUS_TRUSTED_PROXY with the addresses of the proxy that terminates TLS, or listen on 127.0.0.1.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
