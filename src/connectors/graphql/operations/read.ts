/**
 * Reads by id: one, or several in one request. Null with an error is no information; only null without an
 * error may mean "gone".
 */
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { valueAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusable } from '../../kit/unusable.ts'
import { askedBy } from '../client.ts'
import { aliasOf, type GraphqlDocument, scalarFor } from '../documents.ts'
import { type GraphqlProblem, saysGone } from '../response-errors.ts'
import { listedRecord, observed, recordsAt } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/** Reads one record. Never throws: a failure is no information. */
export async function readOne(
  owner: ResourceContext,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  const { resource, documents, client } = owner
  const document = documents.read
  const variables = { id: scalarFor(document.variables.get('id'), nativeId) }
  try {
    const { data, problems } = await client.send({ document, variables, rules: resource.errors, context })
    return understood(owner, { value: below(document, data[document.root]), problems, document })
  } catch (error) {
    return failed(error)
  }
}

/**
 * Reads several records with one request. Absence from a list proves nothing (an index may lag, a filter may
 * exclude it), so records that are not returned are read by id.
 */
export async function readMany(
  owner: ResourceContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  if (nativeIds.length === 1)
    return Promise.all(nativeIds.map((nativeId) => readOne(owner, nativeId, context)))
  try {
    const { readMany: document } = owner.documents
    return document === undefined
      ? await readAliased(owner, nativeIds, context)
      : await readListed(owner, document, { nativeIds, context })
  } catch (error) {
    const failure = callFailure(error)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}

async function readAliased(
  owner: ResourceContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const { resource, documents, client } = owner
  const document = documents.read
  const declaration = document.variables.get('id')
  const variables = nativeIds.map((nativeId) => ({ id: scalarFor(declaration, nativeId) }))
  const response = await client.sendMany({ document, variables, rules: resource.errors, context })
  return nativeIds.map((_rid, index) => {
    const alias = aliasOf(index)
    // An error without a path may concern any of them.
    const problems = response.problems.filter(({ path }) => path === undefined || path[0] === alias)
    try {
      return understood(owner, { value: below(document, response.data[alias]), problems, document })
    } catch (error) {
      return failed(error)
    }
  })
}

async function readListed(
  owner: ResourceContext,
  document: GraphqlDocument,
  { nativeIds, context }: { readonly nativeIds: readonly string[]; readonly context: CallContext },
): Promise<readonly ReadResult[]> {
  const { resource, client } = owner
  const declaration = document.variables.get('ids')
  const variables = { ids: nativeIds.map((nativeId) => scalarFor(declaration, nativeId)) }
  const response = await client.send({ document, variables, rules: resource.errors, context })
  const found = new Map<string, ReadResult>()
  if (response.problems.every(({ path }) => path !== undefined)) {
    const path = document.records ?? []
    const listed: readonly unknown[] = recordsAt(response.data, path)
    const whole = listed.filter(
      (_, position) => !response.problems.some((problem) => problem.path?.includes(position)),
    )
    for (const record of readEach(whole, (value) => listedRecord(resource, value)).records)
      found.set(record.nativeId, observed(resource, record))
  }
  return Promise.all(nativeIds.map((nativeId) => found.get(nativeId) ?? readOne(owner, nativeId, context)))
}

/** The value at the records' path within the top-level field. */
function below(document: GraphqlDocument, value: unknown): unknown {
  let at = value
  for (const step of (document.records ?? []).slice(1)) {
    if (at === null) return null
    at = valueAt(at, [step])
  }
  return at
}

interface MutationResult {
  readonly value: unknown
  readonly problems: readonly GraphqlProblem[]
  readonly document: GraphqlDocument
}

/**
 * Any error anywhere in the record makes it unusable: a field that is null because of it would look like an
 * emptied one.
 */
function understood(
  { resource, client }: ResourceContext,
  { value, problems, document }: MutationResult,
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
    throw unusable('the record is null, which the manifest does not accept as a response')
  }
  return observed(resource, listedRecord(resource, value))
}

function failed(error: unknown): ReadResult {
  return saysGone(error) ? { kind: 'gone' } : { kind: 'unknown', failure: callFailure(error) }
}
