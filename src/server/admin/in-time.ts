/** Bounds how long a caller waits: a database that hangs must not make the API hang. */
import { IsthmusError } from '../../model/errors.ts'

/** Longest wait for a response. */
export const answerMsDefault = 15_000

/**
 * Resolves with the work, which is not stopped when it takes too long.
 *
 * @throws STORE_UNAVAILABLE after `limitMs`; `changes`: the work may have taken effect, or may do so later
 */
export async function inTime<Result>(
  { limitMs, changes }: { readonly limitMs: number; readonly changes: boolean },
  work: () => Promise<Result>,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const consequence = changes
      ? '; the action may take effect all the same, so read its state before it is repeated'
      : ''
    timer = setTimeout(
      () =>
        reject(
          new IsthmusError(
            'STORE_UNAVAILABLE',
            `the database did not answer within ${limitMs / 1000} s${consequence}`,
          ),
        ),
      limitMs,
    )
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
