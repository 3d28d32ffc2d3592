/** The parts of the public suite for HTTP caches that are used here; it has no types of its own. */
declare module 'http-cache-tests/client/runner.mjs' {
  export function runTests(
    tests: readonly import('./cache-suite.ts').SuiteGroup[],
    fetch: import('../../src/http.ts').FetchLike,
    inBrowser: boolean,
    baseUrl: string,
    chunkSize: number,
  ): Promise<void>
  export function getResults(): Readonly<Record<string, true | readonly [string, string]>>
}
declare module 'http-cache-tests/tests/index.mjs' {
  const groups: readonly import('./cache-suite.ts').SuiteGroup[]
  export default groups
}
declare module 'http-cache-tests/server/*' {
  const handle: (
    segments: string[],
    request: import('node:http').IncomingMessage,
    response: import('node:http').ServerResponse,
  ) => void
  export default handle
}
