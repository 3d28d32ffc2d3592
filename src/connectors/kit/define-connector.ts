/** How a connector is declared, and what it is given when a system is bound. */
import type { z } from 'zod'
import type { HttpClock } from '../../http/call.ts'
import type { CallLogEntry } from '../../http/call-log.ts'
import type { BucketStore } from '../../model/bucket-store.ts'
import type { SystemSettings, SystemTiming } from '../../model/integration.ts'
import type { TokenStore } from '../../model/token-store.ts'
import { parseConfig } from './config-findings.ts'
import type { ConnectedSystem } from './contract.ts'
import { checkedSystem } from './responses/checked-resource.ts'

/** What connectors ask of the world. The runtime gives it; a test gives its own. */
export interface ConnectorDependencies {
  /** The engine's clock: `startBefore` of a call is on its `monotonic`. */
  readonly clock: HttpClock
  /** Called for every request on the wire, with the system's name. Must not throw. */
  readonly onAttempt?: (system: string, entry: CallLogEntry) => void
  /** Folder that paths in the definition are relative to. @default the working directory */
  readonly baseDirectory?: string
  /** Where OAuth tokens are kept and shared between processes. @default in memory */
  readonly tokens?: TokenStore
  /** Where rate limits are kept together with other processes. @default each process by itself */
  readonly buckets?: BucketStore
  /** [0, 1), for jitter. @default Math.random */
  readonly random?: () => number
}

/** One system about to be bound. */
export interface ConnectorBinding {
  /** The system's name in the definition. */
  readonly name: string
  /** Time bounds and concurrency of the system. */
  readonly timing: SystemTiming
  /** What the runtime gives every connector. */
  readonly dependencies: ConnectorDependencies
}

/** A connector as its author writes it. */
export interface ConnectorDefinition<Schema extends z.ZodType> {
  /** What a definition's `connector` says. */
  readonly name: string
  /** Schema of the system's section. Strict, so that a mistyped key is named. */
  readonly config: Schema
  /** `side`: keeps records that can be synced · `lookup`: only answers questions of rules, so it is no side of a sync. @default 'side' */
  readonly role?: 'side' | 'lookup'
  /** Names of the lookups that its systems answer. @default none */
  readonly lookups?: readonly string[]
  /** Connects one system; nothing is sent yet. */
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

/** Declares a connector: its configuration is checked before its code sees it. */
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
