/**
 * Probes of searches by values: they treat texts as equal as declared, and a batch finds what each search
 * finds alone.
 */
import type { NativePath } from '../../../../model/lens/spec.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import type { FindRequest, FindResult } from '../../contract.ts'
import { type ProbeBench, pathText, wordsOf } from '../bench.ts'
import { patchAt, textsOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

const noSearch: Probe['skips'] = ({ search }) => (search === undefined ? 'there is no search' : undefined)

type Found = Extract<FindResult, { kind: 'found' }>

/** Records that can each be found by one text. */
interface Searched {
  readonly path: NativePath
  readonly nativeIds: readonly string[]
  readonly texts: readonly string[]
}

/** Texts of this form differ from each other in more than case and blanks, and survive in most fields. */
const textFor = (seed: number): string => `Probe Ada ${seed}`

/** Creates records with a searchable text, in the first field that a search finds it by. */
async function searchable(bench: ProbeBench, count: number): Promise<Searched> {
  const why: string[] = []
  for (const { path, maxLength } of bench.template.texts) {
    const texts = Array.from({ length: count }, () => textFor(bench.seed()))
    if (texts.some((text) => text.length > (maxLength ?? Number.POSITIVE_INFINITY))) continue
    const nativeIds: string[] = []
    for (const text of texts) nativeIds.push(await made(bench, path, text))
    const [nativeId = '', text = ''] = [nativeIds[0], texts[0]]
    const found = await findSoon(bench, by(path, text), nativeId)
    if (found.kind === 'found' && found.nativeIds.includes(nativeId)) return { path, nativeIds, texts }
    why.push(`${pathText(path)}: ${found.kind === 'found' ? 'not found' : wordsOf(found)}`)
  }
  return skip(`no text field can be searched by (${why.join('; ') || 'none is named'})`)
}

async function made(bench: ProbeBench, path: NativePath, text: string): Promise<string> {
  const body = withText(bench.template.body(bench.seed()), path, text)
  if (bench.door === undefined) return (await bench.create(bench.createRequest(body))).nativeId
  const nativeId = await bench.door.insert(body)
  bench.remember(nativeId)
  return nativeId
}

function withText(body: NativeRecord, [step, ...rest]: NativePath, text: string): NativeRecord {
  const inner = body[String(step)]
  if (rest.length === 0) return { ...body, [String(step)]: text }
  return { ...body, [String(step)]: withText(isGroup(inner) ? inner : {}, rest, text) }
}

function isGroup(value: unknown): value is NativeRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const by = (path: NativePath, text: string): FindRequest => ({ by: 'values', values: patchAt(path, text) })

async function findOne(bench: ProbeBench, request: FindRequest): Promise<FindResult> {
  const find = bench.resource.find?.bind(bench.resource) ?? skip('there is no search')
  return await find(request, bench.context)
}

/** Searches until the record is among the hits, or the declared lag is over. */
function findSoon(bench: ProbeBench, request: FindRequest, nativeId: string): Promise<FindResult> {
  return bench.waiter.until({
    what: 'a new record in the search',
    lagMs: bench.capabilities.search?.lagMs ?? 0,
    observe: () => findOne(bench, request),
    holds: (result) => result.kind !== 'found' || result.nativeIds.includes(nativeId),
  })
}

/** Search texts that must find the record, in addition to the text as it is stored. */
const spellings: Readonly<Record<string, (text: string) => readonly string[]>> = {
  exact: () => [],
  ignoringCase: (text) => [text.toUpperCase(), text.toLowerCase()],
  ignoringCaseAndSpace: (text) => [text.toUpperCase(), text.toLowerCase(), ` ${text.toUpperCase()}  `],
}

/** Probes of searches. */
export const searchProbes: readonly Probe[] = [
  {
    name: 'search-equality-as-declared',
    proves:
      'A search finds every text that is equal by the declared equality: different case, surrounding spaces.',
    touches: 'records',
    skips: noSearch,
    async run(bench) {
      const equality = bench.capabilities.search?.equality ?? 'exact'
      const { path, nativeIds, texts } = await searchable(bench, 1)
      const [nativeId = '', text = ''] = [nativeIds[0], texts[0]]
      for (const spelling of spellings[equality]?.(text) ?? []) {
        const found = await findSoon(bench, by(path, spelling), nativeId)
        const isFound = found.kind === 'found' && found.nativeIds.includes(nativeId)
        check(
          isFound,
          `"${equality}" is declared, and ${JSON.stringify(spelling)} does not find ${JSON.stringify(text)}`,
        )
      }
      if (equality === 'ignoringCaseAndSpace') await holdStoredBlanks(bench, path)
      return `${equality}, by ${pathText(path)}`
    },
  },
  {
    name: 'search-many-equals-single',
    proves: 'Several searches in one call return, in order, the same results as individual searches.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noSearch(capabilities, resource) ??
      ((capabilities.search?.batch ?? 1) > 1 ? undefined : 'searches are made one at a time'),
    async run(bench) {
      const { resource } = bench
      check(resource.findMany !== undefined, 'several at once are declared, and there is no findMany')
      const { path, texts } = await searchable(bench, Math.min(3, bench.capabilities.search?.batch ?? 1))
      const nobody = textFor(bench.seed())
      const asked = [texts[0] ?? '', nobody, ...texts.slice(1)].slice(0, bench.capabilities.search?.batch)
      const requests = asked.map((text) => by(path, text))
      await bench.waiter.pass('what the search knows', bench.capabilities.search?.lagMs ?? 0)
      const single: FindResult[] = []
      for (const request of requests) single.push(await findOne(bench, request))
      const many = await resource.findMany(requests, bench.context)
      check(many.length === requests.length, `${requests.length} were asked for, ${many.length} answers came`)
      for (const [index, one] of single.entries()) {
        const other = many[index]
        check(
          isSame(one, other),
          `search ${index + 1} of ${requests.length} returns ${foundWords(one)} alone, ${foundWords(other)} with the others`,
        )
      }
      return `${requests.length} at once`
    },
  },
]

/** Checks that stored blanks count as little as blanks in the search text. */
async function holdStoredBlanks(bench: ProbeBench, path: NativePath): Promise<void> {
  const text = textFor(bench.seed())
  const nativeId = await made(bench, path, `${text} `)
  const read = await bench.readLive(nativeId)
  const found = await findSoon(bench, by(path, text), nativeId)
  check(
    found.kind === 'found' && found.nativeIds.includes(nativeId),
    `blanks are declared not to count, and ${JSON.stringify(textsOf(read.native, path))} is not found by ${JSON.stringify(text)}`,
  )
}

function isSame(one: FindResult, other: FindResult | undefined): boolean {
  if (other === undefined || one.kind !== other.kind) return false
  if (one.kind !== 'found' || other.kind !== 'found') return true
  return sorted(one) === sorted(other) && one.capped === other.capped
}

function sorted({ nativeIds }: Found): string {
  return JSON.stringify(nativeIds.toSorted())
}

function foundWords(result: FindResult | undefined): string {
  return result?.kind === 'found' ? `${result.nativeIds.length} records` : wordsOf(result)
}
