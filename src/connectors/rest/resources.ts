/** Binds one resource of the manifest: its capabilities, and only the operations that it supports. */
import type { HttpStatusError } from '../../http/errors.ts'
import type { NativePath } from '../../model/lens/spec.ts'
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource } from '../kit/contract.ts'
import { identityOf, redirectCapability } from '../kit/manifest/record-identity.ts'
import { textAt, valueAt } from '../kit/native.ts'
import type { OutcomeRules } from '../kit/outcome.ts'
import { usualWords } from '../kit/refusal-words.ts'
import { usualRefusedNames } from '../kit/refused-names.ts'
import type { ResourceManifest } from './manifests/manifest.ts'
import { changesAfter } from './operations/changes.ts'
import { createRecord } from './operations/create.ts'
import { findRecords, markerPath } from './operations/find.ts'
import { findManyRecords } from './operations/find-many.ts'
import { listAll, pagingEvidence } from './operations/list.ts'
import { readMany, readOne } from './operations/read.ts'
import { removeRecord } from './operations/remove.ts'
import type { ResourceContext } from './operations/resource-context.ts'
import { restoreRecord } from './operations/restore.ts'
import { updateRecord } from './operations/update.ts'

/** Creates the operations that the manifest names; others are absent. */
export function bindResource(owner: ResourceContext): Resource {
  const { resource } = owner
  const { list, changes, remove } = resource
  const searchBatch = resource.search?.batch
  const marker = markerPath(resource)
  const capabilities = capabilitiesOf(resource)
  return {
    name: owner.name,
    capabilities,
    read: (nativeId, context) => readOne(owner, nativeId, context),
    ...(capabilities.read.batch > 1
      ? { readMany: (nativeIds, context) => readMany(owner, nativeIds, context) }
      : {}),
    list: (context) => listAll(owner, list, context),
    ...(changes === undefined
      ? {}
      : { changes: (cursor, context) => changesAfter(changes, { owner, cursor, context }) }),
    ...(resource.search === undefined
      ? {}
      : { find: (request, context) => findRecords(owner, request, context) }),
    ...(searchBatch === undefined
      ? {}
      : { findMany: (requests, context) => findManyRecords(owner, searchBatch, requests, context) }),
    ...(resource.create.as === 'unsupported'
      ? {}
      : { create: (request, context) => createRecord(owner, request, context) }),
    update: (request, context) => updateRecord(owner, request, context),
    ...(remove.delete || remove.archive !== undefined
      ? { remove: (request, context) => removeRecord(owner, request, context) }
      : {}),
    ...(remove.restore === undefined
      ? {}
      : { restore: (request, context) => restoreRecord(owner, request, context) }),
    ...(marker === undefined ? {} : { markerOf: (native) => textAt(native, marker) }),
    ...identityOf(resource),
  } satisfies Resource
}

/** Derives the capabilities from the manifest. */
export function capabilitiesOf(resource: ResourceManifest): RemoteCapabilities {
  const { version, read, search, list, changes, create, write, remove } = resource
  const marker = markerPath(resource)
  return {
    read: { lagMs: read.lag, batch: version?.header === undefined ? (read.batch?.max ?? 1) : 1 },
    ...redirectCapability(resource),
    ...(search === undefined
      ? {}
      : {
          search: {
            lagMs: search.lag,
            ...(search.equality === 'exact' ? {} : { equality: search.equality }),
            ...(search.maxResults === undefined ? {} : { maxResults: search.maxResults }),
            ...(search.batch === undefined ? {} : { batch: search.batch.max }),
          },
        }),
    version: version === undefined ? 'none' : version.ordered ? 'ordered' : 'opaque',
    conditionalWrites: version?.ifMatch !== undefined,
    write: write.with,
    nested: write.nested,
    writeReturns: write.returns,
    create: create.as,
    ...(marker === undefined ? {} : { marker }),
    ...(create.as === 'idempotencyKey'
      ? { idempotency: { ttlMs: create.ttl, replaysErrors: create.replaysErrors } }
      : {}),
    inflightMs: resource.inflight,
    list: { paging: list === undefined ? 'none' : pagingEvidence(list), pageSize: list?.size.value ?? 0 },
    changes: cursorCapability(changes),
    deletes: deleteEvidence(resource),
    remove: removeCapability(remove),
  }
}

function cursorCapability(changes: ResourceManifest['changes']): RemoteCapabilities['changes'] {
  if (changes === undefined) return { cursor: 'none', commitLagMs: 0 }
  if (changes.by === 'sequence') return { cursor: 'seq', commitLagMs: 0 }
  return { cursor: changes.afterId === undefined ? 'ts' : 'ts+id', commitLagMs: changes.commitLag }
}

function deleteEvidence({ changes, tombstone }: ResourceManifest): RemoteCapabilities['deletes'] {
  if (changes?.by === 'sequence' && changes.deleted !== undefined) return 'feed'
  return tombstone === undefined ? 'byId' : 'tombstone'
}

function removeCapability(remove: ResourceManifest['remove']): RemoteCapabilities['remove'] {
  if (remove.delete) return remove.archive === undefined ? 'delete' : 'both'
  return remove.archive === undefined ? 'none' : 'archive'
}

/** How this API expresses "gone" and "refused", from the manifest. */
export function outcomeRules({ errors }: ResourceManifest): OutcomeRules {
  const { gone, stale, code, fields, message } = errors
  return {
    stale: new Set(stale),
    gone: (error) => {
      if (!gone.statuses.includes(error.status) || !isObject(error)) return undefined
      if (gone.code !== undefined && !gone.code.equals.includes(textAt(error.body, gone.code.path) ?? ''))
        return undefined
      const mergedInto = gone.mergedInto === undefined ? undefined : textAt(error.body, gone.mergedInto)
      return mergedInto === undefined ? {} : { mergedInto }
    },
    refusal: (error) => {
      const token = code === undefined ? undefined : shortToken(textAt(error.body, code))
      const names = fields === undefined ? usualRefusedNames(error.body) : refusedFields(error, fields)
      const words = message === undefined ? usualWords(error.body) : textAt(error.body, message)
      return {
        ...(words === undefined ? {} : { words }),
        ...(token === undefined ? {} : { code: token }),
        ...(names === undefined ? {} : { fields: names }),
      }
    },
  }
}

function isObject(error: HttpStatusError): boolean {
  return typeof error.body === 'object' && error.body !== null && !Array.isArray(error.body)
}

function refusedFields(
  error: HttpStatusError,
  fields: { readonly items: NativePath; readonly name?: NativePath | undefined },
): readonly string[] | undefined {
  const items = valueAt(error.body, fields.items)
  if (!Array.isArray(items)) return undefined
  const names = items
    .slice(0, 50)
    .map((entry: unknown) => shortToken(textAt({ entry }, ['entry', ...(fields.name ?? [])])))
  return names.filter((name) => name !== undefined)
}

/** Codes and names of fields are short words; a sentence may quote a record's values. */
function shortToken(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:[\]/-]{1,80}$/.test(text) ? text : undefined
}
