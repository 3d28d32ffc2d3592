/** Every registered connector passes the suite against its counterpart, `test/support/counterparts/<name>.ts`. */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StartCounterpart } from '../../src/connectors/kit/conformance/counterpart.ts'
import { connectorConformance } from '../../src/connectors/kit/conformance/suite.ts'
import { builtInConnectors } from '../../src/connectors/registry.ts'

const counterpartUrl = (name: string): URL => new URL(`../support/counterparts/${name}.ts`, import.meta.url)

describe('the registry', () => {
  test.each(builtInConnectors.filter(({ role }) => role !== 'lookup').map(({ name }) => name))(
    'has a counterpart for the connector %s',
    (name) => {
      expect(existsSync(counterpartUrl(name)), `test/support/counterparts/${name}.ts`).toBe(true)
    },
  )

  test('names each connector once', () => {
    const names = builtInConnectors.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})

for (const connector of builtInConnectors) {
  const url = counterpartUrl(connector.name)
  if (connector.role === 'lookup' || !existsSync(url)) continue
  const startCounterpart: StartCounterpart = async () => {
    const module = (await import(url.href)) as { readonly startCounterpart: StartCounterpart }
    return await module.startCounterpart()
  }
  connectorConformance({ connector, startCounterpart, runner: { describe, test, beforeAll, afterAll } })
}
