/**
 * Tokens for commands that call systems beside the engine: `check`, `try`, `certify`.
 *
 * Where refresh tokens rotate, whoever renews gets the only one that is good from then on, and an authorization server that sees an old one
 * again revokes them all. A command that renewed by itself and threw the successor away would end the access of the service. So such systems
 * get their tokens from the integration's store, under the same lock as the service, whether that runs now or later; when the store can't be
 * opened, the command asks nothing of them. Other credentials give as many tokens as are asked for, and need no database.
 */
import { dirname } from 'node:path'
import type { ConnectorDependencies } from '../connectors/kit/define-connector.ts'
import type { SystemSettings } from '../model/integration.ts'
import type { StoredToken, TokenStore } from '../model/token-store.ts'
import { createClock } from './clock.ts'
import type { Settings } from './config.ts'
import { openStore } from './open-store.ts'

/** What connectors of a command get. */
export interface SharedCredentials {
  /** For one system of the definition. */
  dependenciesOf(settings: SystemSettings): ConnectorDependencies
  /** Waits for tokens that are being renewed, whose successors would be lost otherwise. Call it before the systems are closed. */
  close(): Promise<void>
}

export interface CredentialOptions {
  /** Id of the integration. */
  readonly integration: string
  /** Those that will be called. */
  readonly systems: Iterable<SystemSettings>
  /** Absolute path of the definition. */
  readonly source: string
  /** Of the process, beside the definition. Read only when a store is needed. */
  readonly settings: () => Settings
}

/** True when using the credential leaves the old one worthless. */
export function isSpentByUse({ config }: Pick<SystemSettings, 'config'>): boolean {
  const { auth } = config
  return typeof auth === 'object' && auth !== null && 'type' in auth && auth.type === 'oauth2-refresh-token'
}

/**
 * Opens the integration's store when a system needs it; a store that was never used is made, so that the first start finds the newest token.
 * It is not bound: a definition that is only tried does not become the one that runs.
 *
 * @throws CONFIG_INVALID · EMBEDDED_* · STORE_*
 */
export async function openSharedCredentials(options: CredentialOptions): Promise<SharedCredentials> {
  const { integration, systems, source, settings } = options
  const clock = createClock()
  const baseDirectory = dirname(source)
  if (![...systems].some(isSpentByUse))
    return { dependenciesOf: () => ({ clock, baseDirectory }), close: async () => {} }
  const open = await openStore(settings(), integration)
  try {
    await open.store.migrate()
    await clock.align(() => open.store.now())
  } catch (error) {
    await open.close()
    throw error
  }
  const tokens = open.tokens === undefined ? undefined : new WatchedTokens(open.tokens)
  return {
    dependenciesOf: (system) => ({
      clock,
      baseDirectory,
      ...(tokens === undefined || !isSpentByUse(system) ? {} : { tokens }),
    }),
    close: async () => {
      await tokens?.settled()
      await open.close()
    },
  }
}

/** Knows which renewals are under way. */
class WatchedTokens implements TokenStore {
  readonly #store: TokenStore
  readonly #renewing = new Set<Promise<unknown>>()

  constructor(store: TokenStore) {
    this.#store = store
  }

  read(key: string): Promise<StoredToken | undefined> {
    return this.#store.read(key)
  }

  async renew(
    key: string,
    decide: (current: StoredToken | undefined) => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined> {
    const renewing = this.#store.renew(key, decide)
    this.#renewing.add(renewing)
    try {
      return await renewing
    } finally {
      this.#renewing.delete(renewing)
    }
  }

  /** A token request has a bound of its own, and so has this. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#renewing)
  }
}
