/** Probes of the account behind a system, its quotas, and its description of itself. */
import type { ResourceDescription } from '../../description.ts'
import { type ProbeBench, pathText, wordsOf } from '../bench.ts'
import { leavesOf, patchAt, textsOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

async function describeResource(bench: ProbeBench): Promise<ResourceDescription> {
  const { describe } = bench.system
  if (describe === undefined) skip('the system does not describe itself')
  const response = await describe.call(bench.system, [bench.resource.name], bench.context)
  check(response.kind === 'known', `the description returns ${wordsOf(response)}`)
  const found = response.resources.find(({ name }) => name === bench.resource.name)
  check(found !== undefined, `the description of ${bench.resource.name} lacks it`)
  return found
}

/** Longest text that a probe generates to test a length limit. */
const tryLengthMax = 5_000

/** Probes of the account, the credential and the address. */
export const accountProbes: readonly Probe[] = [
  {
    name: 'account-is-known',
    proves: 'The account of the credentials has a stable identity.',
    touches: 'nothing',
    async run(bench) {
      const first = await bench.system.fingerprint(bench.context)
      check(first.kind === 'known' && first.value !== '', `the account returns ${wordsOf(first)}`)
      const second = await bench.system.fingerprint(bench.context)
      check(
        second.kind === 'known' && second.value === first.value,
        'the account has another name the second time',
      )
      return undefined
    },
  },
  {
    name: 'account-under-failure',
    proves: 'When the system does not respond, the account is unknown or unchanged; never a different one.',
    touches: 'nothing',
    async run(bench) {
      const { faults } = bench
      const first = await bench.system.fingerprint(bench.context)
      for (const status of [200, 404, 500]) {
        for (let count = 0; count < 12; count += 1) faults.respondNext({ status, body: '{}' })
        const again = await bench.system.fingerprint(bench.context)
        faults.clear()
        const isSame = again.kind === 'known' && first.kind === 'known' && again.value === first.value
        check(
          again.kind === 'unknown' || isSame,
          `with a response of ${status} and no content the account is another one`,
        )
      }
      return undefined
    },
  },
  {
    name: 'quota-adds-up',
    proves: 'The quotas that the system reports are between zero and their limit.',
    touches: 'nothing',
    async run(bench) {
      const { usage } = bench.system
      if (usage === undefined) skip('the system does not report quotas')
      await bench.someNativeIds(1)
      const response = await usage.call(bench.system, bench.context)
      check(response.kind === 'known', `the quotas answer ${wordsOf(response)}`)
      for (const { name, limit, remaining } of response.quotas) {
        check(limit > 0 && remaining >= 0 && remaining <= limit, `${name}: ${remaining} of ${limit} are left`)
      }
      return (
        response.quotas
          .map(({ name, limit, remaining }) => `${name}: ${remaining} of ${limit} left`)
          .join(', ') || 'none yet'
      )
    },
  },
  {
    name: 'description-is-stable',
    proves: 'The system describes the resource consistently, with each field once.',
    touches: 'nothing',
    async run(bench) {
      const first = await describeResource(bench)
      const second = await describeResource(bench)
      check(JSON.stringify(first) === JSON.stringify(second), 'two descriptions in a row differ')
      const paths = first.fields.map(({ path }) => pathText(path))
      const doubled = paths.filter((path, index) => paths.indexOf(path) !== index)
      check(doubled.length === 0, `described twice: ${doubled.join(', ')}`)
      check(first.key.length > 0, 'the description names no key')
      return `${first.fields.length} fields`
    },
  },
  {
    name: 'description-covers-records',
    proves:
      'The properties of existing records are in the description, and properties that may be written are described as writable.',
    touches: 'nothing',
    async run(bench) {
      const described = await describeResource(bench)
      const [nativeId = ''] = await bench.someNativeIds(1)
      const { native } = await bench.readLive(nativeId)
      const known = new Set(described.fields.map(({ path }) => String(path[0])))
      const strange = Object.keys(native).filter((key) => !known.has(key))
      check(strange.length === 0, `a record has ${strange.join(', ')}, which the description does not know`)
      const { door } = bench
      // Fields that only other users change prove nothing about what the connector may write.
      const patch =
        door === undefined || bench.resource.update === undefined
          ? []
          : [...leavesOf(door.patch(bench.seed())).keys()]
      for (const field of described.fields) {
        const path = pathText(field.path)
        check(
          field.updatable || !patch.includes(path),
          `${path} can be changed, and is described as not changeable`,
        )
      }
      return `${Object.keys(native).length} properties`
    },
  },
  {
    name: 'required-fields-are-required',
    proves: 'A create without a field that is described as required is refused.',
    touches: 'records',
    skips: ({ create }) => (create === 'unsupported' ? 'nothing can be created' : undefined),
    async run(bench) {
      const described = await describeResource(bench)
      const body = bench.template.body(bench.seed())
      const required = described.fields.filter(
        ({ required, creatable, path }) =>
          required && creatable && path.length === 1 && Object.hasOwn(body, String(path[0])),
      )
      for (const { path } of required.slice(0, 5)) {
        const without = Object.fromEntries(Object.entries(body).filter(([key]) => key !== path[0]))
        const result = await bench.resource.create?.(bench.createRequest(without), bench.context)
        if (result?.kind === 'ok') bench.remember(result.nativeId)
        check(result?.kind === 'rejected', `a create without ${pathText(path)} returns ${wordsOf(result)}`)
      }
      return required.length === 0
        ? 'none are described as required'
        : required.map(({ path }) => pathText(path)).join(', ')
    },
  },
  {
    name: 'lengths-as-described',
    proves: 'A text of the described length is stored completely, and a longer one is refused or truncated.',
    touches: 'records',
    async run(bench) {
      const described = await describeResource(bench)
      const byPath = new Map(described.fields.map((field) => [pathText(field.path), field]))
      const tried: string[] = []
      for (const { path } of bench.template.texts) {
        const max = byPath.get(pathText(path))?.maxLength
        if (max === undefined || max > tryLengthMax) continue
        const { nativeId } = await bench.insert()
        await bench.update(nativeId, patchAt(path, 'x'.repeat(max)))
        const whole = await bench.readUntil(
          nativeId,
          (one) => one.kind === 'live' && textsOf(one.native, path) === 'x'.repeat(max),
        )
        check(
          whole.kind === 'live' && textsOf(whole.native, path) === 'x'.repeat(max),
          `${pathText(path)}: a text of ${max} characters does not come back whole`,
        )
        const longer = await bench.tryUpdate(nativeId, patchAt(path, 'y'.repeat(max + 1)))
        const stored = textsOf((await bench.readLive(nativeId)).native, path) ?? ''
        check(
          longer.kind === 'rejected' || (longer.kind === 'ok' && stored.length <= max),
          `${pathText(path)}: a text of ${max + 1} characters returns ${wordsOf(longer)} and is stored with ${stored.length}`,
        )
        tried.push(`${pathText(path)} ${max}`)
      }
      return tried.join(', ') || 'no length is described'
    },
  },
]
