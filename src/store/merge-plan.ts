/**
 * Determines where each native record goes when two records are merged; pure, so that both stores behave the
 * same.
 */
import type { AgreedFields, MemberFields, MemberState } from '../model/state.ts'
import type { DuplicateRow, DuplicateSide, MergeRequest } from './duplicates-contract.ts'

/** A record's member in one system. */
export interface MergeMember {
  readonly system: string
  readonly nativeId: string | undefined
  readonly state: MemberState
}

/** The previous state of the two, kept for undo. */
export interface MergeBefore {
  readonly keep: readonly MergeMember[]
  readonly drop: readonly MergeMember[]
  readonly dropState: 'review' | 'candidate' | 'active'
  /** Match keys of the dropped record: hash in hexadecimal, rule and kind. */
  readonly keys: readonly { readonly mac: string; readonly rule: number; readonly kind: 'exact' | 'block' }[]
}

/** Converts the stored form; earlier versions stored native ids under the name `rid`. */
export function mergeBeforeOf(stored: MergeBefore): MergeBefore {
  const members = (side: readonly MergeMember[]): readonly MergeMember[] =>
    side.map((member) => {
      const { rid, ...rest } = member as MergeMember & { readonly rid?: string }
      return rid === undefined ? rest : { ...rest, nativeId: rid }
    })
  return { ...stored, keep: members(stored.keep), drop: members(stored.drop) }
}

/** The systems whose native records change their record, and the members of the dropped record afterwards. */
export interface MergePlan {
  /** The kept record takes the dropped one's native record there. */
  readonly taken: readonly string[]
  /** The members of the dropped record afterwards, in each system that either has. */
  readonly left: readonly MergeMember[]
}

export function isLive({ nativeId, state }: MergeMember): boolean {
  return nativeId !== undefined && (state === 'linked' || state === 'unread')
}

/** Returns the plan, or a sentence that describes the problem of the request. */
export function planMerge(
  keep: readonly MergeMember[],
  drop: readonly MergeMember[],
  request: Pick<MergeRequest, 'survivors'> & { readonly suggested: ReadonlyMap<string, string> },
): MergePlan | string {
  const problem = unknownSurvivor(keep, drop, request.survivors)
  if (problem !== undefined) return problem
  const taken: string[] = []
  const left: MergeMember[] = []
  for (const theirs of drop) {
    const own = keep.find(({ system }) => system === theirs.system)
    if (takesOver(own, theirs, request)) {
      taken.push(theirs.system)
      left.push(leftBehind(own, theirs.system))
    } else left.push(leftBehind(theirs, theirs.system))
  }
  return { taken, left }
}

/** If only one has a living native record, that one stays; a record that is gone is replaced by it. */
function takesOver(
  own: MergeMember | undefined,
  theirs: MergeMember,
  {
    survivors,
    suggested,
  }: Pick<MergeRequest, 'survivors'> & { readonly suggested: ReadonlyMap<string, string> },
): boolean {
  if (!isLive(theirs)) return false
  if (own === undefined || !isLive(own)) return true
  return (survivors[theirs.system] ?? suggested.get(theirs.system)) === theirs.nativeId
}

/**
 * The member without a place in the kept record: a living one is removed or kept unsynced, one that is gone
 * is remembered for late events.
 */
function leftBehind(member: MergeMember | undefined, system: string): MergeMember {
  if (member?.nativeId === undefined) return { system, nativeId: undefined, state: 'absent' }
  if (isLive(member)) return { system, nativeId: member.nativeId, state: 'linked' }
  return {
    system,
    nativeId: member.nativeId,
    state: member.state === 'out-of-scope' ? 'out-of-scope' : 'gone',
  }
}

function unknownSurvivor(
  keep: readonly MergeMember[],
  drop: readonly MergeMember[],
  survivors: Readonly<Record<string, string>>,
): string | undefined {
  for (const [system, nativeId] of Object.entries(survivors)) {
    const living = [...keep, ...drop].filter((member) => member.system === system && isLive(member))
    if (living.some((member) => member.nativeId === nativeId)) continue
    const known = living.map((member) => `${system}:${member.nativeId}`).join(' or ')
    return known === ''
      ? `neither of the two has a record in ${system}`
      : `${system}:${nativeId} belongs to neither of the two: name ${known}`
  }
  return undefined
}

/** The native record suggested to keep: the one that people made, otherwise the one of the older record. */
export function suggestSurvivor(
  own: { readonly nativeId: string; readonly madeHere: boolean },
  theirs: { readonly nativeId: string; readonly madeHere: boolean },
): string {
  return own.madeHere && !theirs.madeHere ? theirs.nativeId : own.nativeId
}

/** Systems in which both records have a native record, with the one suggested to keep. */
export function overlapsOf(own: DuplicateSide, theirs: DuplicateSide): DuplicateRow['overlaps'] {
  return own.natives.flatMap((native) => {
    const other = theirs.natives.find(({ system, state }) => system === native.system && state !== 'gone')
    if (other === undefined || native.state === 'gone') return []
    return [{ system: native.system, suggested: suggestSurvivor(native, other) }]
  })
}

/** A member after an undo; `kept`: the state of its fields is unchanged. */
export interface RestoredMember extends MergeMember {
  readonly fields: 'kept' | 'none'
}

/** The plan that reverses a merge. */
export interface UndoPlan {
  /** Systems whose native records change their record. */
  readonly systems: readonly string[]
  readonly keep: readonly RestoredMember[]
  readonly drop: readonly RestoredMember[]
  /** A native record of the dropped record was removed meanwhile. */
  readonly lost: boolean
}

/** Returns the plan, or a sentence that describes what has changed since. */
export function planUndo(
  before: MergeBefore,
  keep: readonly MergeMember[],
  drop: readonly MergeMember[],
): UndoPlan | string {
  const now = (side: readonly MergeMember[], system: string) =>
    side.find((member) => member.system === system)
  const plan = {
    systems: [] as string[],
    keep: [] as RestoredMember[],
    drop: [] as RestoredMember[],
    lost: false,
  }
  for (const theirs of before.drop) {
    const { system } = theirs
    const own = before.keep.find((member) => member.system === system)
    const left = now(drop, system)
    const held = now(keep, system)
    if (theirs.nativeId !== undefined && held?.nativeId === theirs.nativeId) {
      // Taken by the merge: both return to their previous records.
      plan.systems.push(system)
      plan.drop.push({ ...theirs, state: workingState(before, theirs), fields: 'none' })
      const isThere = own?.nativeId !== undefined && left?.nativeId === own.nativeId && left.state !== 'gone'
      plan.keep.push(
        isThere && own !== undefined
          ? { system, nativeId: own.nativeId, state: 'linked', fields: 'none' }
          : { system, nativeId: undefined, state: 'absent', fields: 'none' },
      )
    } else if (theirs.nativeId === undefined || left?.nativeId === theirs.nativeId) {
      plan.drop.push(stayedBehind(before, theirs, left))
      if (isLive(theirs) && left?.state === 'gone') plan.lost = true
    } else return `${system}:${theirs.nativeId} belongs to another record by now`
  }
  return plan
}

function stayedBehind(
  before: MergeBefore,
  theirs: MergeMember,
  left: MergeMember | undefined,
): RestoredMember {
  const { system, nativeId } = theirs
  if (!isLive(theirs))
    return { system, nativeId, state: nativeId === undefined ? 'absent' : theirs.state, fields: 'kept' }
  // It was removed because of the merge: it is created again.
  if (left?.state === 'gone') return { system, nativeId: undefined, state: 'absent', fields: 'none' }
  return { system, nativeId, state: workingState(before, theirs), fields: 'kept' }
}

function workingState({ dropState }: MergeBefore, { state }: MergeMember): MemberState {
  if (state !== 'linked' && state !== 'unread') return state
  return dropState === 'active' ? 'linked' : 'unread'
}

/** The last observed values of an unmatched record, as agreed values. */
export function agreedFromShadows(
  members: readonly { readonly system: string; readonly fields: MemberFields }[],
  now: number,
): AgreedFields {
  const agreed: Record<string, AgreedFields[string]> = {}
  for (const { system, fields } of members) {
    for (const [name, { shadow }] of Object.entries(fields)) {
      if (shadow !== undefined) agreed[name] = { value: shadow, rev: 1, src: system, at: now }
    }
  }
  return agreed
}
