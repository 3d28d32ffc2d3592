/** Runs with every test file: a file fails when it leaves something running, or has called another machine. */
import { afterAll, expect } from 'vitest'
import { watchLeaks } from './leaks.ts'
import { refuseOutsideCalls } from './outside-calls.ts'

/** Sockets and processes that were told to end take a moment; a leak stays. */
const endWithinMs = 10_000

const unverified = 'not run under the gates yet'

/** Folders that the gates leave alone, each with the reason. */
const ungated: Readonly<Record<string, string>> = {
  'examples/': unverified,
  'test/conformance/': unverified,
  'test/integration/': unverified,
  'test/kill/': unverified,
}

const file = expect.getState().testPath ?? ''
const isGated = !Object.keys(ungated).some((place) => file.includes(`/${place}`))

// Before the test file is imported: what it starts while it is loaded counts as well.
const outside = isGated ? refuseOutsideCalls() : undefined
const leaks = isGated ? watchLeaks() : undefined

// Hooks run in reverse order: this one is the first that was registered, so it comes after those of the file.
afterAll(async () => {
  if (leaks === undefined || outside === undefined) return
  const left = await leaks.leftOver(endWithinMs)
  leaks.stop()
  outside.remove()
  expect(left, 'this file leaves running').toEqual([])
  expect(outside.refused, 'this file called other machines').toEqual([])
})
