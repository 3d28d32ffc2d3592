/** Actions that are done once, with everything that they change and their response in one transaction. */
import { isIsthmusError } from '../../../model/errors.ts'
import { decodeLossless, encodeLossless } from '../../documents.ts'
import { type KeyedRequest, keyMs, type OnceOutcome, type OnceStore } from '../../once-contract.ts'
import type { PostgresContext } from '../context.ts'
import { type End, joinAll } from '../joined.ts'
import { forgetKeys, readKey, saveResponse, takeKey } from '../sql/idempotency-keys.ts'

/** Creates the part of the `AdminStore` for actions with keys. */
export function createPostgresOnce(context: PostgresContext): OnceStore {
  return { once: (request, work) => once(context, request, work) }
}

async function once(
  context: PostgresContext,
  { caller, key, digest }: KeyedRequest,
  work: () => Promise<unknown>,
): Promise<OnceOutcome> {
  const { database } = context
  const place = { table: 'idempotency_key', column: 'response', rowId: JSON.stringify([caller, key]) }
  await forgetKeys(database.session('forgetting idempotency keys'), keyMs)
  let finish: (end: End) => void = () => {}
  try {
    const outcome = await database.transaction(
      'doing an action once',
      async (session): Promise<OnceOutcome> => {
        if (!(await takeKey(session, caller, key, digest))) {
          const found = await readKey(session, caller, key)
          if (found === undefined || Buffer.compare(found.digest, digest) !== 0) return { kind: 'different' }
          const response =
            found.response === null
              ? undefined
              : decodeLossless<unknown>(context.codec, place, found.response)
          return { kind: 'repeated', response }
        }
        const { result, atEnd } = await joinAll(database, session, work)
        finish = atEnd
        if (result !== undefined)
          await saveResponse(session, caller, key, encodeLossless(context.codec, place, result))
        return { kind: 'done', response: result }
      },
    )
    finish('committed')
    return outcome
  } catch (problem) {
    const isUnknown = isIsthmusError(problem) && problem.code === 'STORE_COMMIT_UNKNOWN'
    finish(isUnknown ? 'unknown' : 'rolled-back')
    throw problem
  }
}
