/** What `isthmus try` is asked. */
import type { Connector } from '../connectors/kit/define-connector.ts'
import type { LoadedDefinition } from './load-definition.ts'
import type { SharedCredentials } from './shared-credentials.ts'

export interface TryOptions {
  /** With secrets resolved when the record is read from its system. */
  readonly loaded: LoadedDefinition
  readonly entity: string
  /** The system that the record is from. */
  readonly system: string
  /** Where the record comes from: a native id to read, or its JSON. */
  readonly from: { readonly id: string } | { readonly json: string }
  readonly signal?: AbortSignal
  /** Further connectors. @default none */
  readonly connectors?: readonly Connector[]
  /** Folder that paths in the definition are relative to. */
  readonly baseDirectory: string
  /** What connectors get: where a credential is spent by use, tokens of the integration's store. @default no store */
  readonly dependenciesOf?: SharedCredentials['dependenciesOf']
}
