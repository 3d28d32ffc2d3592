/**
 * A resource whose responses are checked, whatever its connector does: see `checked-reads.ts` and
 * `checked-writes.ts` for the rules.
 *
 * Every resource is wrapped in two places, so that no connector can omit it: where a connector is declared
 * (`defineConnector`), which covers `check`, `try` and `certify`, and where the engine reads and writes,
 * which covers systems not created by a declared connector.
 */
import type { ConnectedSystem, Resource, WriteResult } from '../contract.ts'
import { readChecked, readManyChecked } from './checked-reads.ts'
import { allChangedAsAsked, allCreatedAsAsked, changedAsAsked, createdAsAsked } from './checked-writes.ts'

const checkedOnes = new WeakMap<Resource, Resource>()

/** Returns the resource with its responses checked; one that is already checked is returned as it is. */
export function checkedResource(resource: Resource): Resource {
  const known = checkedOnes.get(resource)
  if (known !== undefined) return known
  const checked = check(resource)
  checkedOnes.set(resource, checked)
  checkedOnes.set(checked, checked)
  return checked
}

/**
 * Returns the system with the responses of all its resources checked. Methods are called on the system
 * itself, which may be a class instance.
 */
export function checkedSystem(system: ConnectedSystem): ConnectedSystem {
  const { webhook, subscribe, describe, usage, lookup } = system
  return {
    name: system.name,
    connector: system.connector,
    resource: (name) => checkedResource(system.resource(name)),
    fingerprint: (context) => system.fingerprint(context),
    ...(webhook === undefined ? {} : { webhook: (delivery) => webhook.call(system, delivery) }),
    ...(subscribe === undefined
      ? {}
      : { subscribe: (listener, signal) => subscribe.call(system, listener, signal) }),
    ...(describe === undefined
      ? {}
      : { describe: (resources, context) => describe.call(system, resources, context) }),
    ...(usage === undefined ? {} : { usage: (context) => usage.call(system, context) }),
    ...(lookup === undefined
      ? {}
      : { lookup: (question, context) => lookup.call(system, question, context) }),
    close: () => system.close(),
  }
}

function check(resource: Resource): Resource {
  const { sameId, idOf, mergedIdsOf, markerOf } = resource
  return {
    name: resource.name,
    capabilities: resource.capabilities,
    ...checkedReads(resource),
    ...checkedWrites(resource),
    ...(sameId === undefined ? {} : { sameId }),
    ...(idOf === undefined ? {} : { idOf }),
    ...(mergedIdsOf === undefined ? {} : { mergedIdsOf }),
    ...(markerOf === undefined ? {} : { markerOf: (native) => markerOf.call(resource, native) }),
  }
}

type Reads = Pick<Resource, 'read' | 'list' | 'readMany' | 'changes' | 'find' | 'findMany'>

function checkedReads(resource: Resource): Reads {
  const { changes, find, findMany, readMany } = resource
  return {
    read: (nativeId, context) => readChecked(resource, nativeId, context),
    list: (context) => resource.list(context),
    ...(readMany === undefined
      ? {}
      : { readMany: (nativeIds, context) => readManyChecked(resource, nativeIds, context) }),
    ...(changes === undefined
      ? {}
      : { changes: (cursor, context) => changes.call(resource, cursor, context) }),
    ...(find === undefined ? {} : { find: (request, context) => find.call(resource, request, context) }),
    ...(findMany === undefined
      ? {}
      : { findMany: (requests, context) => findMany.call(resource, requests, context) }),
  }
}

type Writes = Pick<Resource, 'create' | 'update' | 'remove' | 'restore' | 'createMany' | 'updateMany'>

function checkedWrites(resource: Resource): Writes {
  const { create, update, remove, restore, createMany, updateMany } = resource
  return {
    ...(create === undefined
      ? {}
      : {
          create: async (request, context) =>
            unquoted(createdAsAsked(resource, request, await create.call(resource, request, context))),
        }),
    ...(update === undefined
      ? {}
      : {
          update: async (request, context) => {
            const result = await update.call(resource, request, context)
            return unquoted(await changedAsAsked(resource, request, { result, context }))
          },
        }),
    ...(remove === undefined
      ? {}
      : {
          remove: async (request, context) => {
            const result = await remove.call(resource, request, context)
            return unquoted(await changedAsAsked(resource, request, { result, context }))
          },
        }),
    ...(restore === undefined
      ? {}
      : {
          restore: async (request, context) => {
            const result = await restore.call(resource, request, context)
            return unquoted(await changedAsAsked(resource, request, { result, context }))
          },
        }),
    ...(createMany === undefined
      ? {}
      : {
          createMany: async (requests, context) =>
            allCreatedAsAsked(resource, requests, await createMany.call(resource, requests, context)).map(
              unquoted,
            ),
        }),
    ...(updateMany === undefined
      ? {}
      : {
          updateMany: async (requests, context) => {
            const results = await updateMany.call(resource, requests, context)
            return (await allChangedAsAsked(resource, requests, { results, context })).map(unquoted)
          },
        }),
  }
}

/**
 * A system's message about a write may quote the record that was sent, so it is not kept; the failure's
 * message names code and fields.
 */
function unquoted(result: WriteResult): WriteResult {
  if (!('failure' in result) || result.failure.said === undefined) return result
  const { said: _said, ...failure } = result.failure
  return { ...result, failure }
}
