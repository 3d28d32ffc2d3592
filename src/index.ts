/** Isthmus: what a definition written in TypeScript needs, the runtime for embedding it, and the errors every part of it throws. */
export type { Bucket, BucketGrant, BucketStore } from './model/bucket-store.ts'
export { defineIntegration } from './model/definition/define-integration.ts'
export { type Finding, findingsOf, findingText } from './model/definition/finding.ts'
export type { IntegrationDefinition } from './model/definition/schema/root.ts'
export type { ErrorCode } from './model/error-codes.ts'
export { IsthmusError, isIsthmusError, type Outcome, type Retry, UsageError } from './model/errors.ts'
export type { DomainEvent, EmitEvent } from './model/events.ts'
export type { Candidate, Integration } from './model/integration.ts'
export type { LensChange } from './model/lens/describe-changes.ts'
export { versioned } from './model/lens/identity.ts'
export type { ReadFunction, WriteFunction } from './model/lens/spec.ts'
export type { StoredToken, TokenStore } from './model/token-store.ts'
export type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from './model/values.ts'
export { loadEnvironment, readSettings, type Settings } from './runtime/config.ts'
export {
  createRuntime,
  type IsthmusRuntime,
  type Role,
  type RuntimeOptions,
} from './runtime/create-runtime.ts'
export {
  definitionFiles,
  type LoadedDefinition,
  type LoadOptions,
  loadDefinition,
} from './runtime/load-definition.ts'
export { type OpenApiClientOptions, openApiClient } from './runtime/open-api-client.ts'
export {
  openSharedStores,
  type SharedStores,
  type SharedStoresOptions,
} from './runtime/open-shared-stores.ts'
export type { RunningServer, ServerDependencies, ServerOptions } from './server/create-server.ts'
export { listen } from './server/listen.ts'
