/** Fetches one record of a collection, to propose fields from. Without credentials: what is public is enough for a proposal. */

const timeoutMs = 10_000
const bytesMax = 10 * 1024 * 1024

export type Sample = { readonly record: Readonly<Record<string, unknown>> } | { readonly problem: string }

/** Reads the collection and takes its first record. Never throws: what went wrong is the answer. */
export async function fetchSample(url: string): Promise<Sample> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
    })
    if (!response.ok) return { problem: `${url} answered ${response.status}` }
    const text = await readBounded(response)
    if (text === undefined) return { problem: `${url} answered more than ${bytesMax / 1024 / 1024} MB` }
    const record = firstRecord(JSON.parse(text))
    return record === undefined ? { problem: `${url} answered no list of records` } : { record }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { problem: `${url} can't be read (${cause instanceof Error ? cause.message : 'unknown'})` }
  }
}

async function readBounded(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** A list, or the first property that is one (`{ value: [...] }`, `{ items: [...] }`). */
function firstRecord(answer: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const list = Array.isArray(answer) ? answer : Object.values(answer).find((value) => Array.isArray(value))
  const record: unknown = list?.[0]
  return typeof record === 'object' && record !== null && !Array.isArray(record)
    ? Object.fromEntries(Object.entries(record))
    : undefined
}
