/** The API client. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of the API client. */
export const httpCodes = {
  HTTP_ABORTED: {
    summary: 'A call was aborted by its caller.',
    fix: 'No action needed if that was intended. The cause is the reason of the signal; `outcome` says what a write may have done.',
    retry: 'never',
  },
  HTTP_ADDRESS_REFUSED: {
    summary: 'A host name resolves to an address that is not public.',
    fix: 'Correct the URL. If the system really is on this machine or network, allow it with allowAddresses.',
    retry: 'never',
  },
  HTTP_RESPONSE_DAMAGED: {
    summary: 'A response could not be decompressed, or is not UTF-8 text.',
    fix: 'Check what is between this host and the API (a proxy, a gateway). Report it to its vendor if it keeps happening.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_IS_HTML: {
    summary: 'A web page was returned where data was expected.',
    fix: 'Check the base URL, and whether a login page, a proxy or a maintenance page responds.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_NOT_JSON: {
    summary: 'A response is declared as JSON but is not valid JSON.',
    fix: 'Check the API and any proxy in between. Report it to the vendor if it keeps happening.',
    retry: 'backoff',
  },
  HTTP_RESPONSE_TOO_DEEP: {
    summary: 'A JSON response is nested deeper than allowed.',
    fix: "Raise response.maxDepth if the API's responses really are that deep.",
    retry: 'never',
  },
  HTTP_RESPONSE_TOO_LARGE: {
    summary: 'A response is larger than allowed.',
    fix: 'Ask for smaller pages, or raise response.maxBytes.',
    retry: 'never',
  },
  HTTP_RESPONSE_UNEXPECTED: {
    summary: 'A response does not match its schema.',
    fix: 'Compare the places named in the message with the API; correct the schema, or report the change to the vendor.',
    retry: 'never',
  },
  HTTP_BASE_URL_ESCAPE: {
    summary: 'An address would leave the base URL.',
    fix: 'Correct the path. A page link to another host is not followed, because credentials would be sent with it.',
    retry: 'never',
  },
  HTTP_BODY_SOURCE: {
    summary: 'The stream that provides the request body failed.',
    fix: "See the cause, which is the stream's own error. The server may have received part of the body.",
    retry: 'never',
  },
  HTTP_CASSETTE_UNUSABLE: {
    summary: "A recorded cassette can't be read, or would hold a secret.",
    fix: 'Record it again, and list the fields that hold secrets in redactFields.',
    retry: 'never',
  },
  HTTP_CIRCUIT_OPEN: {
    summary: 'Calls to a part of an API are suspended because it failed repeatedly.',
    fix: 'No action needed: a probe is sent when the pause is over. If it continues, find out why the API fails.',
    retry: 'backoff',
  },
  HTTP_CLIENT_CLOSED: {
    summary: 'A call was made on a closed client.',
    fix: 'Report it with the stack trace: something outlived its client.',
    retry: 'never',
  },
  HTTP_MOCK_UNEXPECTED: {
    summary: 'A mock or cassette has no response for a request.',
    fix: 'Add the request to the mock, or record the cassette again.',
    retry: 'never',
  },
  HTTP_NETWORK: {
    summary: 'No complete response was received over the network.',
    fix: 'Check that the address is correct and reachable from this host. The message gives the reason.',
    retry: 'backoff',
  },
  HTTP_OPTIONS_INVALID: {
    summary: 'An option of the API client is invalid.',
    fix: 'Correct the option named in the message.',
    retry: 'never',
  },
  HTTP_PAGES_LIMIT: {
    summary: 'A list has more pages than allowed.',
    fix: 'Raise pagesMax, ask for larger pages, or limit the items with itemsMax.',
    retry: 'never',
  },
  HTTP_PAGES_REPEATED: {
    summary: 'A list leads back to a page that has already been read.',
    fix: "Check the pagination settings. If they are correct, report it to the API's vendor.",
    retry: 'never',
  },
  HTTP_QUEUE_FULL: {
    summary: 'Too many calls are already waiting for the rate limit.',
    fix: 'Lower the concurrency, or raise limits.maxWaiting.',
    retry: 'backoff',
  },
  HTTP_RATE_LIMITED: {
    summary: 'The rate limit is exhausted at present.',
    fix: 'No action needed: it is retried when the system allows. If it continues, lower the limits in the definition.',
    retry: 'backoff',
  },
  HTTP_REDIRECTED: {
    summary: 'The API responded with a redirect, which is not followed.',
    fix: 'Change the base URL or the path to the target of the redirect.',
    retry: 'never',
  },
  HTTP_REQUEST_INVALID: {
    summary: 'A request cannot be built from the given arguments.',
    fix: 'Correct the part named in the message.',
    retry: 'never',
  },
  HTTP_START_TOO_LATE: {
    summary: 'A request was not sent because its start deadline had passed.',
    fix: 'No action needed: it is re-evaluated on the next pass. If it keeps happening, the system or the queue in front of it is too slow.',
    retry: 'backoff',
  },
  HTTP_STATUS_FINAL: {
    summary: 'The API rejected a request.',
    fix: 'Read the status and the body in the error. The same request would be rejected again.',
    retry: 'never',
  },
  HTTP_STATUS_TRANSIENT: {
    summary: 'The API failed in a way that may be temporary.',
    fix: 'No action needed: it is retried. If it continues, contact the vendor with the request id.',
    retry: 'backoff',
  },
  HTTP_TIMEOUT: {
    summary: 'A call exceeded its time limit.',
    fix: 'See the phase named in the message. Raise that time limit only if the API is known to be slow.',
    retry: 'backoff',
  },
  HTTP_TLS_REFUSED: {
    summary: 'The TLS connection was refused: the certificate or the protocol version is not acceptable.',
    fix: 'Correct the certificate of the system, or add its certificate authority as "ca". Verification cannot be turned off.',
    retry: 'never',
  },
  HTTP_TOKEN_REFUSED: {
    summary: 'The authorization server refused to issue a token.',
    fix: 'Correct client id, secret and scope in the definition.',
    retry: 'never',
  },
  HTTP_TOKEN_UNAVAILABLE: {
    summary: 'No token could be fetched from the authorization server.',
    fix: 'Check the token URL, and that the server is reachable from this host.',
    retry: 'backoff',
  },
  HTTP_UNAUTHENTICATED: {
    summary: 'The API rejected the credential.',
    fix: 'Renew or correct the credential of the system.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
