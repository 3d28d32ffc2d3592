/** What a pass tells and knows of values that records wait for: see `write/taken-values.ts`. */
import type { Member } from '../../model/state.ts'
import type { ReleasedValue } from '../../store/contract.ts'
import type { Pass } from './contract.ts'

/** When the member's refused values are written again by themselves; undefined when nothing is planned. */
export function takenAgainAt({ fields }: Member, now: number): number | undefined {
  const times = Object.values(fields).flatMap(({ taken, rejected }) =>
    taken?.again !== undefined && rejected !== undefined && taken.again > now ? [taken.again] : [],
  )
  return times.length === 0 ? undefined : Math.min(...times)
}

/**
 * The texts that this pass found, or made, different from what the systems held when it began: others may
 * wait for them.
 */
export function releasedValues(pass: Pass): ReleasedValue[] {
  const released: ReleasedValue[] = []
  for (const [system, update] of pass.draft.members) {
    const before = pass.claim.members.find((member) => member.system === system)
    if (before === undefined || before.nativeId === undefined) continue
    const isGone = update.state === 'gone' || update.state === 'absent' || update.nativeId === null
    if (update.fields === undefined && !isGone) continue
    for (const [field, { shadow }] of Object.entries(before.fields)) {
      if (typeof shadow !== 'string' || shadow === '') continue
      if (!isGone && update.fields?.[field]?.shadow === shadow) continue
      released.push({ system, entity: pass.entity.name, field, value: shadow })
    }
  }
  return released
}

/** Releases that are remembered; a full run of a place may commit thousands within seconds. */
const releasesMax = 10_000

/** Systems compare unique texts with or without case. */
export function releaseKey({ system, entity, field, value }: ReleasedValue): string {
  return JSON.stringify([
    system,
    entity,
    field,
    typeof value === 'string' ? value.trim().toLowerCase() : value,
  ])
}

/** The releases are durable. */
export function rememberReleases({ context }: Pass, released: readonly ReleasedValue[]): void {
  const { releases } = context.memory
  for (const one of released) {
    const key = releaseKey(one)
    releases.delete(key)
    releases.set(key, context.clock.now())
  }
  for (const key of releases.keys()) {
    if (releases.size <= releasesMax) return
    releases.delete(key)
  }
}
