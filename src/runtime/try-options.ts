/** Options of `isthmus try`. */
import type { Connector } from '../connectors/kit/define-connector.ts'
import type { LoadedDefinition } from './load-definition.ts'
import type { SharedCredentials } from './shared-credentials.ts'

export interface TryOptions {
  /** With secrets resolved when the record is read from its system. */
  readonly loaded: LoadedDefinition
  readonly entity: string
  /** The system of the record. */
  readonly system: string
  /** Source of the record: a native id to read, or its JSON. */
  readonly from: { readonly id: string } | { readonly json: string }
  readonly signal?: AbortSignal
  /** Further connectors. @default none */
  readonly connectors?: readonly Connector[]
  /** Folder that paths in the definition are relative to. */
  readonly baseDirectory: string
  /**
   * Token access for connectors: for credentials that are invalidated by use, the tokens of the integration's
   * store. @default no store
   */
  readonly dependenciesOf?: SharedCredentials['dependenciesOf']
}
