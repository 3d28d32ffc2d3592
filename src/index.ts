/**
 * Isthmus: what a definition written in TypeScript needs, the runtime for embedding it, and the errors every
 * part of it throws.
 */

import './model/required-node.ts'

export type { WebhookReply } from './connectors/kit/contract.ts'
export type { ByHand, PlaceFilter, PlaceResult, RecordKey } from './engine/intake/by-hand.ts'
export type { FullRunResult } from './engine/intake/full-run.ts'
export type { WebhookResponse } from './engine/intake/webhook.ts'
export type { EngineSettings } from './engine/settings.ts'
export type { Bucket, BucketGrant, BucketStore } from './model/bucket-store.ts'
export type { LookupsOf } from './model/definition/compile-lookups.ts'
export { defineIntegration } from './model/definition/define-integration.ts'
export {
  type DefinitionPath,
  type Finding,
  type FindingKind,
  findingsOf,
  findingText,
} from './model/definition/finding.ts'
export type { InnerTypeDefinition, PlainTypeName } from './model/definition/schema/fields.ts'
export type { IntegrationDefinition } from './model/definition/schema/root.ts'
export type { ErrorCode } from './model/error-codes.ts'
export {
  IsthmusError,
  type IsthmusErrorOptions,
  isIsthmusError,
  type Outcome,
  type Retry,
  UsageError,
} from './model/errors.ts'
export type { DomainEvent, EmitEvent, EntityEvent, RecordEvent, SystemEvent } from './model/events.ts'
export type { Candidate, Integration } from './model/integration.ts'
export type { LensChange } from './model/lens/describe-changes.ts'
export { type LensFunction, versioned } from './model/lens/identity.ts'
export type { ReadFunction, WriteFunction } from './model/lens/spec.ts'
export { describeRunReason, type RunReason } from './model/run-reasons.ts'
export type { StoredToken, TokenStore } from './model/token-store.ts'
export type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from './model/values.ts'
export { type Environment, loadEnvironment, readSettings, type Settings } from './runtime/config.ts'
export {
  createRuntime,
  type IsthmusRuntime,
  type Role,
  type RuntimeOptions,
  roles,
} from './runtime/create-runtime.ts'
export type { EventBus } from './runtime/event-bus.ts'
export {
  definitionFiles,
  type LoadedDefinition,
  type LoadOptions,
  loadDefinition,
} from './runtime/load-definition.ts'
export type { VaultKeyOptions } from './runtime/master-key/vault-key.ts'
export { type OpenApiClientOptions, openApiClient } from './runtime/open-api-client.ts'
export {
  openSharedStores,
  type SharedStores,
  type SharedStoresOptions,
} from './runtime/open-shared-stores.ts'
export type { ServerSettings } from './runtime/server-settings.ts'
export {
  type SignedInPerson,
  type SignIn,
  type SignInMemory,
  type SignInStart,
  signInOf,
} from './runtime/sign-in/sign-in.ts'
export type { OidcSettings, SignInSettings } from './runtime/sign-in-settings.ts'
export type { StatusReader } from './runtime/status/status-reader.ts'
export type { AdminDependencies } from './server/admin/dependencies.ts'
export type { RunningServer, ServerOptions, TlsCertificate } from './server/create-server.ts'
export type { DeliveryOutcome, ServerDependencies } from './server/dependencies.ts'
export { type AccessOptions, serverDependencies } from './server/from-runtime.ts'
export { listen } from './server/listen.ts'
export { createLocalLinks, type LocalLinks } from './server/sign-in/local-links.ts'
