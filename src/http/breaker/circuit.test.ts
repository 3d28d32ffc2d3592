import { expect, test } from 'vitest'
import { Circuit } from './circuit.ts'

const options = { failures: 2, windowMs: 10_000, openMs: 1_000 }

function eraOf(circuit: Circuit, now: number): number {
  const admission = circuit.admit(now)
  if ('waitMs' in admission) return expect.fail('the call was refused')
  return admission.era
}

/**
 * A circuit opened by two failures while one more earlier call was in progress; returns the era of that call.
 */
function opened(circuit: Circuit): number {
  const slow = eraOf(circuit, 0)
  for (let call = 0; call < 2; call += 1) circuit.settle(eraOf(circuit, 0), 'failure', 0)
  expect(circuit.state).toBe('open')
  return slow
}

test('a call from before the circuit opened does not close it while the probe is under way', () => {
  const circuit = new Circuit(options)
  const slow = opened(circuit)
  const probe = eraOf(circuit, 1_000)
  circuit.settle(slow, 'success', 1_100)
  expect(circuit.state).toBe('half-open')
  expect(circuit.admit(1_100)).toHaveProperty('waitMs')
  circuit.settle(probe, 'failure', 1_200)
  expect(circuit.state).toBe('open')
})

test('a call from before the circuit opened does not open it again', () => {
  const circuit = new Circuit(options)
  const slow = opened(circuit)
  const probe = eraOf(circuit, 1_000)
  circuit.settle(slow, 'failure', 1_100)
  expect(circuit.state).toBe('half-open')
  circuit.settle(probe, 'success', 1_200)
  expect(circuit.state).toBe('closed')
})

test('failures from before the circuit opened do not count once it is closed again', () => {
  const circuit = new Circuit({ ...options, failures: 1 })
  const slow = eraOf(circuit, 0)
  circuit.settle(eraOf(circuit, 0), 'failure', 0)
  circuit.settle(eraOf(circuit, 1_000), 'success', 1_100)
  circuit.settle(slow, 'failure', 1_200)
  expect(circuit.state).toBe('closed')
})
