/** Reads by id: one, or several in one request. A null with an error is no information; only a null without one may say "gone". */
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import { valueAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { type GraphqlProblem, saysGone } from '../answer-errors.ts'
import { askedBy } from '../client.ts'
import { aliasOf, type GraphqlDocument, scalarFor } from '../documents.ts'
import { listedRecord, observed, recordsAt, unusable } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/** Reads one record. Never throws: a failure is no information. */
export async function readOne(
  owner: ResourceContext,
  rid: string,
  context: CallContext,
): Promise<ReadResult> {
  const { resource, documents, client } = owner
  const document = documents.read
  const variables = { id: scalarFor(document.variables.get('id'), rid) }
  try {
    const { data, problems } = await client.send({ document, variables, rules: resource.errors, context })
    return understood(owner, { value: below(document, data[document.root]), problems, document })
  } catch (error) {
    return failed(error)
  }
}

/**
 * Reads several records with one request. Absence from a list proves nothing (an index may lag, a filter may cut), so what does not come
 * back is read by id.
 */
export async function readMany(
  owner: ResourceContext,
  rids: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  if (rids.length === 1) return Promise.all(rids.map((rid) => readOne(owner, rid, context)))
  try {
    const { readMany: document } = owner.documents
    return document === undefined
      ? await readAliased(owner, rids, context)
      : await readListed(owner, document, { rids, context })
  } catch (error) {
    const failure = callFailure(error)
    return rids.map(() => ({ kind: 'unknown', failure }))
  }
}

async function readAliased(
  owner: ResourceContext,
  rids: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const { resource, documents, client } = owner
  const document = documents.read
  const declaration = document.variables.get('id')
  const variables = rids.map((rid) => ({ id: scalarFor(declaration, rid) }))
  const answer = await client.sendMany({ document, variables, rules: resource.errors, context })
  return rids.map((_rid, index) => {
    const alias = aliasOf(index)
    // An error without a place may be about any of them.
    const problems = answer.problems.filter(({ path }) => path === undefined || path[0] === alias)
    try {
      return understood(owner, { value: below(document, answer.data[alias]), problems, document })
    } catch (error) {
      return failed(error)
    }
  })
}

async function readListed(
  owner: ResourceContext,
  document: GraphqlDocument,
  { rids, context }: { readonly rids: readonly string[]; readonly context: CallContext },
): Promise<readonly ReadResult[]> {
  const { resource, client } = owner
  const declaration = document.variables.get('ids')
  const variables = { ids: rids.map((rid) => scalarFor(declaration, rid)) }
  const answer = await client.send({ document, variables, rules: resource.errors, context })
  const found = new Map<string, ReadResult>()
  if (answer.problems.every(({ path }) => path !== undefined)) {
    const path = document.records ?? []
    const listed: readonly unknown[] = recordsAt(answer.data, path)
    for (const [position, value] of listed.entries()) {
      const isDamaged = answer.problems.some((problem) => problem.path?.includes(position))
      if (value === null || isDamaged) continue
      const record = listedRecord(resource, value)
      found.set(record.rid, observed(resource, record))
    }
  }
  return Promise.all(rids.map((rid) => found.get(rid) ?? readOne(owner, rid, context)))
}

/** The value at the records' place within the top-level field. */
function below(document: GraphqlDocument, value: unknown): unknown {
  let at = value
  for (const step of (document.records ?? []).slice(1)) {
    if (at === null) return null
    at = valueAt(at, [step])
  }
  return at
}

interface Answered {
  readonly value: unknown
  readonly problems: readonly GraphqlProblem[]
  readonly document: GraphqlDocument
}

/** Any error, wherever in the record, makes it unusable: a field that is null because of it would look like an emptied one. */
function understood(
  { resource, client }: ResourceContext,
  { value, problems, document }: Answered,
): ReadResult {
  if (problems.length > 0) {
    const label = `The query ${document.root}`
    const error = client.failure(problems, true, {
      rules: resource.errors,
      label,
      text: document.text,
      asked: askedBy(document),
    })
    return value === null || value === undefined
      ? failed(error)
      : { kind: 'unknown', failure: callFailure(error) }
  }
  if (value === null) {
    if (resource.errors.nullIsGone) return { kind: 'gone' }
    throw unusable('the record is null, which the manifest does not take for an answer')
  }
  return observed(resource, listedRecord(resource, value))
}

function failed(error: unknown): ReadResult {
  return saysGone(error) ? { kind: 'gone' } : { kind: 'unknown', failure: callFailure(error) }
}
