/** Connectors, and the kit to write one: `isthmus/connectors`. */

import './model/required-node.ts'

export { callOptions, writeOptions } from './connectors/kit/call-options.ts'
export type { RemoteCapabilities } from './connectors/kit/capabilities.ts'
export {
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  type FeedRules,
  readFeed,
  type UntimedItem,
} from './connectors/kit/change-cursor.ts'
export { type ApiClientSection, clientFromSection } from './connectors/kit/client-from-section.ts'
export { type Connection, connectClient, connectionShape } from './connectors/kit/connection.ts'
export type {
  CallContext,
  CallFailure,
  ChangedRecord,
  ChangeOfResource,
  ChangesPage,
  ChangesResult,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  LookupResult,
  ReadResult,
  RemoveRequest,
  Resource,
  RestoreRequest,
  SameId,
  SystemListener,
  UnknownResult,
  UpdateRequest,
  WebhookDelivery,
  WebhookReply,
  WebhookResult,
  WriteResult,
} from './connectors/kit/contract.ts'
export {
  type Connector,
  type ConnectorBinding,
  type ConnectorDefinition,
  type ConnectorDependencies,
  defineConnector,
} from './connectors/kit/define-connector.ts'
export type { FieldDescription, ResourceDescription, SystemUsage } from './connectors/kit/description.ts'
export type { UnreadableEntries } from './connectors/kit/entries.ts'
export { judgedList, type ListPage, type ListRules } from './connectors/kit/list.ts'
export {
  callFailure,
  type DescribeRefusal,
  type FailedWrite,
  type GoneRecord,
  goneByJsonObject,
  type OutcomeRules,
  type RecogniseGone,
  readResultOf,
  writeResultOf,
} from './connectors/kit/outcome.ts'
export { feedQuotas, quotasOf } from './connectors/kit/quotas.ts'
export { quotedWords } from './connectors/kit/quoted-words.ts'
export { checkedResource, checkedSystem } from './connectors/kit/responses/checked-resource.ts'
export { sameIgnoringCase, sameNumber, sameText } from './connectors/kit/responses/same-id.ts'
export {
  type HmacScheme,
  type Verification,
  type VerifyDelivery,
  type WebhookScheme,
  webhookVerifier,
} from './connectors/kit/webhook-verification.ts'
export {
  type MemoryCall,
  type MemoryChange,
  type MemoryClock,
  MemoryCounterpart,
  type MemoryFault,
  type MemoryRecord,
  type MemoryState,
  MemoryTable,
} from './connectors/memory/client.ts'
export type { MemoryConfigInput, MemoryResourceConfig } from './connectors/memory/config.ts'
export { createMemorySystem, type MemorySystem } from './connectors/memory/index.ts'
export { builtInConnectors, connectSystem } from './connectors/registry.ts'
export type { Manifest, ManifestSource } from './connectors/rest/manifests/manifest.ts'
export type { SystemSettings, SystemTiming } from './model/integration.ts'
export type { LookupQuestion } from './model/lookup.ts'
