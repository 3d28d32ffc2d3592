/** Actions that are done once, however often they are asked for. */

/** A request that names its action by a key. */
export interface KeyedRequest {
  /** Who asks: keys of different callers have nothing to do with each other. */
  readonly caller: string
  readonly key: string
  /** Digest of what is asked for. */
  readonly digest: Uint8Array
}

/** `done`: by this call · `repeated`: by an earlier one, with its response · `different`: the key was used for something else */
export type OnceOutcome =
  | { readonly kind: 'done'; readonly response: unknown }
  | { readonly kind: 'repeated'; readonly response: unknown }
  | { readonly kind: 'different' }

/** The part of the admin store for actions with keys. */
export interface OnceStore {
  /**
   * Runs the work and remembers its response for a day. Everything that the work changes commits together with the
   * response, or nothing does: of equal requests, one is done. What has to follow the commit must not be part of it.
   * Numbers of the response have to be safe integers.
   */
  once(request: KeyedRequest, work: () => Promise<unknown>): Promise<OnceOutcome>
}

/** How long a key is remembered. */
export const keyMs = 86_400_000
