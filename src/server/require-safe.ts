/** Refuses to listen where credentials and webhooks would cross a network unencrypted. */
import { IsthmusError } from '../model/errors.ts'

/** The options that say who reaches the server, and what it serves. */
interface ReachOptions {
  readonly host?: string
  readonly serves?: { readonly hooks: boolean; readonly pages: boolean }
  readonly tls?: unknown
  readonly trustedProxy?: readonly string[]
}

/** True for an address that only this machine can reach. */
function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** True where only this machine reaches the server, with no proxy in between: the place of one-time links. */
export function isLocalServer({ host = '127.0.0.1', trustedProxy }: ReachOptions): boolean {
  return isLoopbackHost(host) && trustedProxy === undefined
}

/** @throws SERVER_UNSAFE */
export function requireSafe({ host = '127.0.0.1', serves, tls, trustedProxy }: ReachOptions): void {
  const { hooks, pages } = serves ?? { hooks: true, pages: true }
  if (isLoopbackHost(host) || tls !== undefined || trustedProxy !== undefined || !(hooks || pages)) return
  throw new IsthmusError(
    'SERVER_UNSAFE',
    `${host} can be reached from other machines, and the server would speak plain HTTP there`,
  )
}
