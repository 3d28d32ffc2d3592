/** Runs one probe on one resource, and says what came of it. */
import { isIsthmusError } from '../../../model/errors.ts'
import { ProbeBench, type ProbeTarget } from './bench.ts'
import type { Probe, ProbeOutcome } from './probe.ts'

/** What came of a probe, and what it could not clear away. */
export interface ProbeReport {
  /** The probe that ran. */
  readonly probe: Probe
  /** Resource that it ran on. */
  readonly resource: string
  /** What came of it. */
  readonly outcome: ProbeOutcome
  /** Ids of records that the probe made and that are still there. */
  readonly left: readonly string[]
}

/** Never throws: what a probe did not foresee counts against the connector, since a connector must not throw where it has to answer. */
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
