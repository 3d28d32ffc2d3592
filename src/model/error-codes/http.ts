/** The API client. */
import type { ErrorCodeRow } from './row.ts'

export const httpCodes = {
  HTTP_ABORTED: {
    summary: 'A call was given up by its caller.',
    fix: 'Nothing, if that was meant; the reason of the signal is the cause, and what a write did is told by the outcome.',
    retry: 'never',
  },
  HTTP_ADDRESS_REFUSED: {
    summary: 'A host leads to an address that is not public.',
    fix: 'Correct the URL; if the system really lives on this machine or network, allow it by allowAddresses.',
    retry: 'never',
  },
  HTTP_RESPONSE_DAMAGED: {
    summary: 'A response could not be decompressed, or is not UTF-8 text.',
    fix: 'Look at what is between here and the API (a proxy, a gateway); tell its vendor if it repeats.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_IS_HTML: {
    summary: 'A web page came where data was expected.',
    fix: 'Check the base URL and whether a login page, proxy or maintenance page answers.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_NOT_JSON: {
    summary: 'A response says that it is JSON and is not.',
    fix: 'Look at the API or at what is between; tell its vendor if it repeats.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_TOO_DEEP: {
    summary: 'A JSON answer is nested deeper than allowed.',
    fix: 'Raise response.maxDepth if the API really answers like that.',
    retry: 'never',
  },
  HTTP_RESPONSE_TOO_LARGE: {
    summary: 'A response is larger than allowed.',
    fix: 'Ask for smaller pages, or raise response.maxBytes.',
    retry: 'never',
  },
  HTTP_RESPONSE_UNEXPECTED: {
    summary: 'A response does not fit its schema.',
    fix: 'Compare the places named in the message with the API; correct the schema, or report the change to the vendor.',
    retry: 'never',
  },
  HTTP_BASE_URL_ESCAPE: {
    summary: 'An address would leave the base URL.',
    fix: 'Correct the path; a page link to another host is not followed, since credentials would go with it.',
    retry: 'never',
  },
  HTTP_BODY_SOURCE: {
    summary: 'The stream that a request was to send failed.',
    fix: "Look at the cause, which is the stream's own error; the other side may have taken a part.",
    retry: 'never',
  },
  HTTP_CASSETTE_UNUSABLE: {
    summary: "A recorded cassette can't be read, or would hold a secret.",
    fix: 'Record it again; name fields that hold secrets in redactFields.',
    retry: 'never',
  },
  HTTP_CIRCUIT_OPEN: {
    summary: 'Calls to a part of an API are held back, since it failed again and again.',
    fix: 'Nothing: a probe goes out when the pause is over. Look at why the API fails if it goes on.',
    retry: 'backoff',
  },
  HTTP_CLIENT_CLOSED: {
    summary: 'A call was made on a closed client.',
    fix: 'Report it with the stack: something outlived its client.',
    retry: 'never',
  },
  HTTP_MOCK_UNEXPECTED: {
    summary: "A test's mock or cassette knows no response to a request.",
    fix: 'Teach the mock the request, or record the cassette again.',
    retry: 'never',
  },
  HTTP_NETWORK: {
    summary: 'No whole response came over the network.',
    fix: 'Check that the address is right and reachable from here; the message names the reason.',
    retry: 'backoff',
  },
  HTTP_OPTIONS_INVALID: {
    summary: 'An option of the API client is wrong.',
    fix: 'Correct the option named in the message.',
    retry: 'never',
  },
  HTTP_PAGES_LIMIT: {
    summary: 'A list has more pages than allowed.',
    fix: 'Raise pagesMax, ask for larger pages, or take only what is needed by itemsMax.',
    retry: 'never',
  },
  HTTP_PAGES_REPEATED: {
    summary: 'A list leads back to a page that was read already.',
    fix: "Check the way of paging; if it is right, tell the API's vendor.",
    retry: 'never',
  },
  HTTP_QUEUE_FULL: {
    summary: 'Too many calls wait for the rate limit already.',
    fix: 'Lower the concurrency, or raise limits.maxWaiting.',
    retry: 'backoff',
  },
  HTTP_RATE_LIMITED: {
    summary: 'The rate limit leaves no room for the call now.',
    fix: 'Nothing: it is tried again when the system allows. If it goes on, lower the limits in the definition.',
    retry: 'backoff',
  },
  HTTP_REDIRECTED: {
    summary: 'The API answered a redirect, which is not followed.',
    fix: 'Correct the base URL or the path to where the redirect points.',
    retry: 'never',
  },
  HTTP_REQUEST_INVALID: {
    summary: 'A request cannot be built from what was given.',
    fix: 'Correct the part named in the message.',
    retry: 'never',
  },
  HTTP_START_TOO_LATE: {
    summary: 'A request was not sent because its start time had passed.',
    fix: 'Nothing: it is decided anew. If it repeats, the system or the queue before it is too slow.',
    retry: 'backoff',
  },
  HTTP_STATUS_FINAL: {
    summary: 'The API refused a request.',
    fix: 'Read the status and the body of the error; the same request will be refused again.',
    retry: 'never',
  },
  HTTP_STATUS_TRANSIENT: {
    summary: 'The API failed in a way that may pass.',
    fix: 'Nothing: it is tried again. If it goes on, ask the vendor with the request id.',
    retry: 'backoff',
  },
  HTTP_TIMEOUT: {
    summary: 'A call took longer than it may.',
    fix: 'Look at the phase named in the message; raise that time bound only if the API is known to be slow.',
    retry: 'backoff',
  },
  HTTP_TLS_REFUSED: {
    summary: 'The TLS connection was refused: certificate or protocol are not acceptable.',
    fix: 'Correct the certificate of the system, or add its authority as "ca". Verification cannot be turned off.',
    retry: 'never',
  },
  HTTP_TOKEN_REFUSED: {
    summary: 'The authorization server refused to give a token.',
    fix: 'Correct client id, secret and scope in the definition.',
    retry: 'never',
  },
  HTTP_TOKEN_UNAVAILABLE: {
    summary: 'No token could be fetched from the authorization server.',
    fix: 'Check the token URL and that the server is reachable from here.',
    retry: 'backoff',
  },
  HTTP_UNAUTHENTICATED: {
    summary: 'The API does not accept the credential.',
    fix: 'Renew or correct the credential of the system.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
