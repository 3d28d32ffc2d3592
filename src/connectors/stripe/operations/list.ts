/**
 * Lists all objects of a resource, newest first, each page after the last object of the previous one.
 *
 * The position of an object in the list is its time of creation, which never changes. Deleted objects
 * therefore move no other one across a page boundary, and new objects are placed before the first page, where
 * the events report them: every object that existed when the list began and still exists has been listed. If
 * the object that a page begins after is itself deleted, the page begins after the one before it, and
 * duplicates are left out.
 */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { unusable } from '../../kit/unusable.ts'
import { isLostCursor } from '../errors.ts'
import { expansion, type ListResponse, listOf, type ResourceContext, received } from '../record.ts'

/**
 * Yields every page, and returns whether the listing was complete. @throws the error that ended the listing
 */
export async function* listAll(
  owner: ResourceContext,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const end = yield* judgedList(pagesOf(owner, context), { paging: 'keyset' })
  const { listDoubt } = owner.resource
  if (listDoubt === undefined || !end.complete) return end
  return { complete: false, ended: true, reason: listDoubt }
}

async function* pagesOf(owner: ResourceContext, context: CallContext): AsyncGenerator<ListPage> {
  /** Ids of the previous page, in its order. */
  let passed: readonly string[] = []
  while (true) {
    const { data, more } = await pageAfter(owner, passed, context)
    const known = new Set(passed)
    const { records: objects, unreadable } = readEach(data, (value) => received(owner, value))
    const records = objects.flatMap((object) =>
      object.kind === 'record' && !known.has(object.record.nativeId) ? [object.record] : [],
    )
    yield { records, unreadable }
    if (!more) return
    passed = objects.map((object) => (object.kind === 'record' ? object.record.nativeId : object.nativeId))
    if (passed.length === 0 || passed.every((nativeId) => known.has(nativeId))) {
      throw unusable('a page of the list brings nothing new and has a successor')
    }
  }
}

/** Reads the page after the last of these objects that still exists. */
async function pageAfter(
  owner: ResourceContext,
  passed: readonly string[],
  context: CallContext,
): Promise<ListResponse> {
  const ask = async (after?: string): Promise<ListResponse> => {
    const query = {
      limit: owner.pageSize,
      ...(after === undefined ? {} : { starting_after: after }),
      ...expansion(owner, true),
    }
    return listOf((await owner.client.read({ route: owner.resource.path }, query, context)).data)
  }
  if (passed.length === 0) return ask()
  for (const after of passed.toReversed()) {
    try {
      return await ask(after)
    } catch (error) {
      if (!isLostCursor(error)) throw error
    }
  }
  throw unusable('all objects of a page vanished while the list was read')
}
