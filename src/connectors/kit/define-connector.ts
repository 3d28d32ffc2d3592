/** How a connector is declared, and what it receives when a system is bound. */
import type { z } from 'zod'
import type { HttpClock } from '../../http/call.ts'
import type { CallLogEntry } from '../../http/call-log.ts'
import type { BucketStore } from '../../model/bucket-store.ts'
import type { SystemSettings, SystemTiming } from '../../model/integration.ts'
import type { TokenStore } from '../../model/token-store.ts'
import { parseConfig } from './config-findings.ts'
import type { ConnectedSystem } from './contract.ts'
import { checkedSystem } from './responses/checked-resource.ts'

/** External dependencies of connectors. The runtime provides them; a test provides its own. */
export interface ConnectorDependencies {
  /** The engine's clock; `startBefore` of a call refers to its `monotonic`. */
  readonly clock: HttpClock
  /** Called for every request on the wire, with the system's name. Must not throw. */
  readonly onAttempt?: (system: string, entry: CallLogEntry) => void
  /** Folder that paths in the definition are relative to. @default the working directory */
  readonly baseDirectory?: string
  /** Where OAuth tokens are stored and shared between processes. @default in memory */
  readonly tokens?: TokenStore
  /** Where rate limits are shared with other processes. @default each process by itself */
  readonly buckets?: BucketStore
  /** Returns a number in [0, 1), for jitter. @default Math.random */
  readonly random?: () => number
}

/** One system to be bound. */
export interface ConnectorBinding {
  /** The system's name in the definition. */
  readonly name: string
  /** Time bounds and concurrency of the system. */
  readonly timing: SystemTiming
  /** Dependencies that the runtime provides to every connector. */
  readonly dependencies: ConnectorDependencies
}

/** A connector as its author declares it. */
export interface ConnectorDefinition<Schema extends z.ZodType> {
  /** Name used as `connector` in a definition. */
  readonly name: string
  /** Schema of the system's section. Strict, so that a mistyped key is reported. */
  readonly config: Schema
  /**
   * `side`: holds records that can be synced · `lookup`: only answers questions of rules, so it can't be a
   * side of a sync. @default 'side'
   */
  readonly role?: 'side' | 'lookup'
  /** Names of the lookups that its systems answer. @default none */
  readonly lookups?: readonly string[]
  /** Connects one system; sends nothing yet. */
  connect(config: z.output<Schema>, binding: ConnectorBinding): ConnectedSystem
}

/** A kind of system that can be bound. */
export interface Connector {
  /** Name by which definitions refer to it. */
  readonly name: string
  /** Whether it can be a side of a sync; the conformance suite runs over every side. @default 'side' */
  readonly role?: 'side' | 'lookup'
  /** Names of the lookups that its systems answer in rules, without the dollar sign. @default none */
  readonly lookups?: readonly string[]
  /** @throws UsageError CONNECTOR_CONFIG_INVALID naming each wrong key */
  connect(settings: SystemSettings, dependencies: ConnectorDependencies): ConnectedSystem
}

/** Declares a connector whose configuration is checked before its code receives it. */
export function defineConnector<Schema extends z.ZodType>(
  definition: ConnectorDefinition<Schema>,
): Connector {
  return {
    name: definition.name,
    role: definition.role ?? 'side',
    ...(definition.lookups === undefined ? {} : { lookups: definition.lookups }),
    connect(settings, dependencies) {
      const config = parseConfig(definition.config, settings.config, `systems.${settings.name}`)
      const binding = { name: settings.name, timing: settings.timing, dependencies }
      return checkedSystem(definition.connect(config, binding))
    },
  }
}
