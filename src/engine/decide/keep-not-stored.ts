/**
 * Writes that a system confirmed but did not store: a field that is read-only there, a workflow that discards
 * the value, an endpoint without effect. The merge has already sent each of them a second time; values
 * missing after that are reported.
 */
import type { MergeNote, MergeResult } from '../../model/merge/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { emit, note, setLane } from '../pass/pass.ts'

/** Reports the values that the merge found missing, and closes the lanes of those writes. */
export function keepNotStored(pass: Pass, { notes }: MergeResult): void {
  const found = notes.filter(({ kind }) => kind === 'not-stored' || kind === 'refused')
  for (const { system, field, kind } of found) {
    const again = kind === 'not-stored'
    note(pass, { kind: 'outcome', body: { system, field, outcome: 'not-stored', again } })
    emit(pass, { type: 'WriteNotStored', recordId: pass.record.id, system, field, again })
  }
  const refused = found.filter(({ kind }) => kind === 'refused')
  for (const system of new Set(refused.map((one) => one.system))) refuseLane(pass, system, refused)
}

function refuseLane(pass: Pass, system: string, refused: readonly MergeNote[]): void {
  const fields = refused.filter((one) => one.system === system).map(({ field }) => field)
  const names = fields.sort().join(', ')
  const lane = pass.members.get(system)?.lane.state
  if (lane === 'open' || lane === 'backoff')
    setLane(pass, system, { state: 'rejected', reason: 'ENGINE_NOT_STORED' })
  keepFailure(pass, {
    system,
    operation: 'update',
    code: 'ENGINE_NOT_STORED',
    message: `${system} reported success for ${names} twice, but still returns the previous value.`,
    replay: 'safe',
    about: names,
  })
}
