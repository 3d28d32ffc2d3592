import type { NativeRecord } from '../../../model/values.ts'
import type { Resource, WriteResult } from '../../kit/contract.ts'
import { nativeIdOf } from '../dialect.ts'
import type { FileOwner } from '../file-owner.ts'
import { refused, startBeforeOf, type Write } from './file-write.ts'

/** Creates rows, one by one or several at once: those close in time share one rewriting of the file. */
export function creates(owner: FileOwner, write: Write): Pick<Resource, 'create' | 'createMany'> {
  const create: NonNullable<Resource['create']> = async ({ body, recordId }, context) => {
    const made = createdRecord(owner, body, recordId)
    if ('refused' in made) return made.refused
    return write({ kind: 'create', ...made, startBefore: startBeforeOf(context) })
  }
  return {
    create,
    createMany: (requests, context) => Promise.all(requests.map((request) => create(request, context))),
  }
}

/** A create's id and values, with our record id in its place; a refusal when the key is missing. */
export function createdRecord(
  { config, resource }: FileOwner,
  body: NativeRecord,
  recordId: string,
): { readonly nativeId: string; readonly native: NativeRecord } | { readonly refused: WriteResult } {
  const [only = ''] = config.key
  const native = config.create.as === 'recordId' ? { ...body, [only]: recordId } : body
  const nativeId = nativeIdOf(native, config.key)
  if (nativeId !== undefined) return { nativeId, native }
  return {
    refused: refused(
      'FILE_KEY_MISSING',
      `A row of ${resource} can't be written without its key.`,
      config.key,
    ),
  }
}
