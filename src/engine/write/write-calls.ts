/** Maps writes to the calls of a resource: which call, with which request, for one record or for many. */
import type {
  CallContext,
  CreateRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../../connectors/kit/contract.ts'
import type { IntentOperation } from '../../model/state.ts'
import type { OutgoingWrite, WriteAsk } from '../ports.ts'

const unsupported: WriteResult = {
  kind: 'rejected',
  failure: {
    code: 'ENGINE_UNSUPPORTED',
    message: 'The connector does not offer this operation for the resource.',
    scope: 'record',
  },
}

/** True when the resource takes several records of this operation in one call. */
export function canTravelTogether(resource: Resource, operation: IntentOperation): boolean {
  if ((resource.capabilities.writeBatch ?? 1) < 2) return false
  if (operation === 'create') return resource.createMany !== undefined
  return operation === 'update' && resource.updateMany !== undefined
}

/** One record, one call. */
export async function callOne(
  resource: Resource,
  { write }: WriteAsk,
  context: CallContext,
): Promise<WriteResult> {
  const { operation, request } = write.intent
  if (request.restore === true && request.nativeId !== undefined)
    return (await resource.restore?.({ nativeId: request.nativeId }, context)) ?? unsupported
  if (operation === 'create') return (await resource.create?.(createRequest(write), context)) ?? unsupported
  if (operation === 'update') {
    const update = updateRequest(write)
    return (update && (await resource.update?.(update, context))) ?? unsupported
  }
  const { nativeId } = request
  if (nativeId === undefined) return unsupported
  const ifVersion = request.ifVersion === undefined ? {} : { ifVersion: request.ifVersion }
  return (await resource.remove?.({ nativeId, mode: operation, ...ifVersion }, context)) ?? unsupported
}

/** Several records of one operation in one call; returns the results in the same order. */
export async function callMany(
  resource: Resource,
  asks: readonly WriteAsk[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const writes = asks.map((ask) => ask.write)
  if (writes[0]?.intent.operation === 'create') {
    return (await resource.createMany?.(writes.map(createRequest), context)) ?? []
  }
  const updates = writes.flatMap((write) => updateRequest(write) ?? [])
  return (await resource.updateMany?.(updates, context)) ?? []
}

function createRequest({ intent }: OutgoingWrite): CreateRequest {
  const { request } = intent
  return {
    body: request.body,
    recordId: request.marker ?? intent.recordId,
    idempotencyKey: request.idempotencyKey ?? intent.id,
  }
}

/** Undefined for an empty update, which no pass opens. */
function updateRequest({ intent, base }: OutgoingWrite): UpdateRequest | undefined {
  const { request } = intent
  if (request.nativeId === undefined) return undefined
  return {
    nativeId: request.nativeId,
    patch: request.body,
    idempotencyKey: request.idempotencyKey ?? intent.id,
    ...(request.ifVersion === undefined ? {} : { ifVersion: request.ifVersion }),
    ...(base === undefined ? {} : { base }),
  }
}
