/**
 * `isthmus certify` against the counterpart of every registered connector, as for a user who points it at a sandbox. There is no back door and no
 * fault injection; records are created through the mapping of a definition.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type {
  Counterpart,
  CounterpartResource,
  StartCounterpart,
} from '../../src/connectors/kit/conformance/counterpart.ts'
import { builtInConnectors } from '../../src/connectors/registry.ts'
import type { Integration } from '../../src/model/integration.ts'
import { certifySystem } from '../../src/runtime/certify/certify-system.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-certify-'))
const counterparts = new Map<string, Promise<Counterpart>>()

afterAll(async () => {
  for (const starting of counterparts.values()) await (await starting).stop()
  rmSync(directory, { recursive: true, force: true })
})

/** A definition that maps the text fields of a resource; the second system exists only because a definition needs two. */
function definitionFor({ name, texts }: CounterpartResource): object {
  const names = texts.map((_, index) => `text${index}`)
  const map = Object.fromEntries(texts.map((field, index) => [`text${index}`, field.path.join('.')]))
  const fields = Object.fromEntries(
    texts.map(({ maxLength }, index) => [
      `text${index}`,
      { type: 'string', ...(maxLength === undefined ? {} : { maxLength }) },
    ]),
  )
  const other = Object.fromEntries(names.map((one) => [one, one]))
  const triggers = [{ poll: '1m' }]
  const both = { acceptRaceWindow: true }
  return {
    integration: 'certified',
    systems: { it: { connector: 'memory' }, other: { connector: 'memory', resources: { things: {} } } },
    entities: {
      thing: {
        fields,
        match: [{ exact: [names[0]] }],
        conflict: { default: 'prefer it' },
        systems: {
          it: { resource: name, map, triggers, ...both },
          other: { resource: 'things', map: other, triggers },
        },
      },
    },
  }
}

async function integrationFor(counterpart: Counterpart, door: CounterpartResource): Promise<Integration> {
  const file = path.join(directory, `${counterpart.settings.connector}-${door.name}.yaml`)
  writeFileSync(file, JSON.stringify(definitionFor(door)))
  const { integration } = await loadDefinition({ file, directory, environment: {} })
  const { connector, ...config } = counterpart.settings
  const timing = { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 4 }
  return { ...integration, systems: new Map([['it', { name: 'it', connector, config, timing }]]) }
}

/** Values that a create needs beside the mapped texts. */
function bodyBeside({
  body,
  texts,
}: CounterpartResource): (seed: number) => Readonly<Record<string, unknown>> {
  const mapped = new Set(texts.map((field) => String(field.path[0])))
  return (seed) => Object.fromEntries(Object.entries(body(seed)).filter(([key]) => !mapped.has(key)))
}

/** Unlike a user's, such a definition does not declare how the system normalises texts. */
const undeclared = 'nasty-texts-come-back'

const counterpartUrl = (name: string): URL => new URL(`../support/counterparts/${name}.ts`, import.meta.url)

describe.each(
  builtInConnectors
    .filter(({ name, role }) => role !== 'lookup' && existsSync(counterpartUrl(name)))
    .map(({ name }) => name),
)('certify against the counterpart of %s', (name) => {
  async function started(): Promise<Counterpart> {
    const known = counterparts.get(name)
    if (known !== undefined) return known
    const { startCounterpart } = (await import(counterpartUrl(name).href)) as {
      readonly startCounterpart: StartCounterpart
    }
    const starting = startCounterpart()
    counterparts.set(name, starting)
    return starting
  }

  test('refutes nothing, and leaves nothing behind', { timeout: 280_000 }, async (context) => {
    const counterpart = await started()
    if (counterpart.connect !== undefined) return context.skip('the system lives in the process of its test')
    let passed = 0
    // Only two of them: the suite itself covers all.
    for (const door of counterpart.resources.filter(({ texts }) => texts.length > 0).slice(0, 2)) {
      const integration = await integrationFor(counterpart, door)
      const body = bodyBeside(door)
      for (let seed = 1; seed <= 3; seed += 1) await door.insert(door.body(seed + 700_000))
      const [certified] = await certifySystem({
        integration,
        system: 'it',
        write: true,
        body,
        baseDirectory: directory,
      })
      const failed = (certified?.probes ?? [])
        .filter((one) => one.outcome.kind === 'failed')
        .filter((one) => one.name !== undeclared || door.texts.every(({ stores }) => stores === undefined))
        .filter((one) => door.waivers?.[one.name] === undefined)
        .map((one) => `${door.name}: ${one.name}: ${one.outcome.words ?? ''}`)
      expect(failed).toEqual([])
      expect(certified?.left).toEqual([])
      passed += certified?.probes.filter(({ outcome }) => outcome.kind === 'passed').length ?? 0
    }
    expect(passed).toBeGreaterThan(5)
  })
})
