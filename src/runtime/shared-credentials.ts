/**
 * Tokens for commands that call systems independently of the engine: `check`, `try`, `certify`.
 *
 * If refresh tokens rotate, a renewal returns the only token that is valid from then on, and an authorization
 * server that receives an old one again revokes them all. A command that renewed the token and discarded the
 * successor would end the access of the service. So such systems get their tokens from the integration's
 * store, under the same lock as the service, regardless of whether the service is running. If the store can't
 * be opened, the command does not call them. Other credentials can issue any number of tokens and need no
 * database.
 */
import { dirname } from 'node:path'
import type { ConnectorDependencies } from '../connectors/kit/define-connector.ts'
import type { SystemSettings } from '../model/integration.ts'
import type { StoredToken, TokenStore } from '../model/token-store.ts'
import { createClock } from './clock.ts'
import type { Settings } from './config.ts'
import { openStore } from './open-store.ts'

/** Token access for the connectors of a command. */
export interface SharedCredentials {
  /** Returns it for one system of the definition. */
  dependenciesOf(settings: SystemSettings): ConnectorDependencies
  /**
   * Waits for token renewals in progress, whose successors would otherwise be lost. Call it before the
   * systems are closed.
   */
  close(): Promise<void>
}

export interface CredentialOptions {
  /** Id of the integration. */
  readonly integration: string
  /** The systems that will be called. */
  readonly systems: Iterable<SystemSettings>
  /** Absolute path of the definition. */
  readonly source: string
  /** Settings of the process for the definition. Read only when a store is needed. */
  readonly settings: () => Settings
}

/** True if using the credential invalidates the old one. */
export function isSpentByUse({ config }: Pick<SystemSettings, 'config'>): boolean {
  const { auth } = config
  return typeof auth === 'object' && auth !== null && 'type' in auth && auth.type === 'oauth2-refresh-token'
}

/**
 * Opens the integration's store if a system needs it. A new store is created if there is none, so that the
 * first start finds the newest token. It is not bound: a definition that is only tested does not become the
 * bound one.
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

/** Tracks renewals in progress. */
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

  /** A token request has its own time limit, and so has this wait. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#renewing)
  }
}
