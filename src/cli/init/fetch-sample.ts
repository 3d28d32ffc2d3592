/** Fetches one record of a collection, to propose fields from. Without credentials: what is public is enough for a proposal. */

const timeoutMs = 10_000
const bytesMax = 10 * 1024 * 1024

export type Sample =
  | {
      readonly record: Readonly<Record<string, unknown>>
      /** All records of the response. */
      readonly records: readonly Readonly<Record<string, unknown>>[]
      /** Property of the response that holds the list; missing when the response is the list. */
      readonly items?: string
    }
  | { readonly problem: string }

/** Reads the collection and takes its first record. Never throws: what went wrong is the response. */
export async function fetchSample(url: string): Promise<Sample> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
    })
    if (!response.ok) return { problem: `${url} answered ${response.status}` }
    const text = await readBounded(response)
    if (text === undefined) return { problem: `${url} answered more than ${bytesMax / 1024 / 1024} MB` }
    return firstRecord(JSON.parse(text)) ?? { problem: `${url} answered no list of records` }
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
function firstRecord(reply: unknown): Sample | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined
  const [items, list]: [string | undefined, unknown] = Array.isArray(reply)
    ? [undefined, reply]
    : (Object.entries(reply).find(([, value]) => Array.isArray(value)) ?? [undefined, undefined])
  const entries: readonly unknown[] = Array.isArray(list) ? list : []
  const records = entries.flatMap((entry) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? [Object.fromEntries(Object.entries(entry))]
      : [],
  )
  const [record] = records
  if (record === undefined) return undefined
  return { record, records, ...(items === undefined ? {} : { items }) }
}
