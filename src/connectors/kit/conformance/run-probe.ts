/** Runs one probe on one resource and reports its outcome. */
import { isIsthmusError } from '../../../model/errors.ts'
import { ProbeBench, type ProbeTarget } from './bench.ts'
import type { Probe, ProbeOutcome } from './probe.ts'

/** Outcome of a probe, and the records it could not remove. */
export interface ProbeReport {
  /** The probe that ran. */
  readonly probe: Probe
  /** Resource that it ran on. */
  readonly resource: string
  /** The outcome. */
  readonly outcome: ProbeOutcome
  /** Ids of records that the probe created and that still exist. */
  readonly left: readonly string[]
}

/**
 * Never throws: an unexpected error counts against the connector, since a connector must return a result
 * instead of throwing.
 */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeReport> {
  const bench = new ProbeBench(target)
  const words = probe.skips?.(bench.capabilities, bench.resource)
  const outcome: ProbeOutcome =
    words === undefined ? await outcomeOf(probe, bench) : { kind: 'not-applicable', words }
  return { probe, resource: target.resource, outcome, left: await bench.clean() }
}

async function outcomeOf(probe: Probe, bench: ProbeBench): Promise<ProbeOutcome> {
  if (probe.touches === 'records') {
    try {
      bench.template.body(0)
    } catch (error) {
      return failed(error)
    }
  }
  try {
    const words = await probe.run(bench)
    return { kind: 'passed', ...(words === undefined ? {} : { words }) }
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): ProbeOutcome {
  if (isIsthmusError(error)) {
    if (error.code === 'CONNECTOR_PROBE_SKIPPED') return { kind: 'skipped', words: error.message }
    if (error.code === 'CONNECTOR_PROBE_FAILED') return { kind: 'failed', words: error.message }
    return { kind: 'failed', words: `the connector threw ${error.code}: ${error.message}` }
  }
  return {
    kind: 'failed',
    words: `the probe broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  }
}
