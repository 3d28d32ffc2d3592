/** Lines of the engine, and the wrong lines that replace them. */
import { definitionMutants } from './definition-mutants.ts'
import { identityMutants } from './identity-mutants.ts'
import type { Mutant } from './mutants.ts'

export interface SourceMutant extends Mutant {
  /** End of the file's path. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const mergeAndWriteMutants: readonly SourceMutant[] = [
  {
    name: 'noack',
    breaks: 'concurrent edits are taken for later ones',
    file: 'model/merge/classify-observation.ts',
    find: 'concurrent: isConcurrent(state, agreed.rev, question.read)',
    replace: 'concurrent: false',
  },
  {
    name: 'noresurface',
    breaks: 'an older value of ours that turns up again is not written over',
    file: 'model/merge/classify-observation.ts',
    find: 'acknowledge(absorb(state, observed), own.rev)',
    replace: 'acknowledge(absorb(state, observed), Math.max(state.acked, own.rev))',
    kinds: 'late-effects',
  },
  {
    name: 'noforgetwrote',
    breaks: 'an edit long after our write still counts as induced',
    file: 'model/merge/member-field.ts',
    find: 'const { wrote: _wrote, ...kept } = state\n  return kept',
    replace: 'return state',
    kinds: 'taking-turns',
  },
  {
    name: 'nobreaker',
    breaks: 'systems that rewrite each other go on for ever',
    file: 'model/merge/oscillation.ts',
    find: 'if (total < entity.oscillationLimit || state.hold !== undefined) {',
    replace: 'if (total < Number.POSITIVE_INFINITY || state.hold !== undefined) {',
    kinds: 'rewriters',
  },
  {
    name: 'batchlate',
    breaks: 'a call for many starts as late as the last of its writes may',
    file: 'engine/write/batch.ts',
    find: 'const startBefore = Math.min(...asks.map((ask) => ask.startBefore))',
    replace: 'const startBefore = Math.max(...asks.map((ask) => ask.startBefore)) + 60_000',
    kinds: 'slow-pass,unstored,bursts',
  },
  {
    name: 'batchmix',
    breaks: 'the responses of a call for many are given to the wrong records',
    file: 'engine/write/batch.ts',
    find: 'outcomes[index] = results[position]',
    replace: 'outcomes[index] = results[results.length - 1 - position]',
  },
  {
    name: 'batchshort',
    breaks: 'a record left out of a response is taken for one that was never sent',
    file: 'engine/write/batch.ts',
    find: "asks.map(() => ({ kind: 'unknown', failure }))",
    replace: "asks.map(() => ({ kind: 'not-sent', failure }))",
  },
  {
    name: 'noverify',
    breaks: 'the verification of a write is never planned',
    file: 'engine/pass/finish.ts',
    find: "if (verifyAt !== undefined) needs.push({ at: verifyAt, why: 'verify' })",
    replace: "if (verifyAt !== undefined && verifyAt < 0) needs.push({ at: verifyAt, why: 'verify' })",
  },
  {
    name: 'believes',
    breaks: 'a write that was not stored is taken for an edit of the system',
    file: 'model/merge/unverified-write.ts',
    find: 'const replaced = shownReplaced(read)',
    replace: 'const replaced = shownReplaced(read) && undefined',
  },
  {
    name: 'anyscope',
    breaks: 'a record that is out of scope is taken in',
    file: 'engine/match/candidate.ts',
    find: 'if (!observation.inScope) {',
    replace: 'if (!observation.inScope && observation.nativeId === undefined) {',
  },
  {
    name: 'nobaseline',
    breaks: 'creates do not wait for the first load',
    file: 'engine/write/select.ts',
    find: 'if (!(await pass.context.baselineDone(system, pass.entity.name))) {',
    replace: 'if (pass.context.baselineDone === undefined) {',
  },
  {
    name: 'noedit',
    breaks: 'a deletion goes over an edit that the deleting side never had',
    file: 'engine/delete/detect.ts',
    find: "if (edit === 'edited') {",
    replace: 'if (edit === undefined) {',
    kinds: 'late-edits,slow-polls',
  },
  {
    name: 'nolag',
    breaks: 'a read is used however old it is',
    file: 'engine/observe/observe.ts',
    find: 'const admissible = isAdmissible(place, member, observed)',
    replace: 'const admissible = isAdmissible(place, member, observed) || true',
  },
  {
    name: 'noframe',
    breaks: 'whole objects are sent without what was read',
    file: 'engine/write/compose.ts',
    find: "const base = planned.operation === 'create' ? undefined : seen?.native",
    replace: 'const base = seen === null ? seen : undefined',
  },
  {
    name: 'unseenput',
    breaks: 'whole objects are written to unseen systems',
    file: 'engine/decide/decide.ts',
    find: "if (!capabilities.conditionalWrites || capabilities.write !== 'patch') return false",
    replace: 'if (!capabilities.conditionalWrites) return false',
  },
  {
    name: 'nowait',
    breaks: 'a lost create is searched for before it can be found',
    file: 'engine/write/horizon.ts',
    find: 'return inFlightUntil(pass, intent) + (capabilities.search?.lagMs ?? 0) + 1',
    replace: 'return intent.createdAt',
  },
  {
    name: 'nottl',
    breaks: 'a create is sent again under a key that has run out',
    file: 'engine/write/horizon.ts',
    find: 'return now + longestMs < intent.firstSentAt + idempotency.ttlMs',
    replace: 'return now + longestMs > 0',
    kinds: 'short-keys',
  },
  {
    name: 'refid',
    breaks: 'references are sent as our own ids',
    file: 'engine/observe/references.ts',
    find: 'const nativeId = pass.references.get(referenceKey(part.system, id))',
    replace: 'const nativeId = pass.references.get(referenceKey(part.system, id)) && id',
  },
  {
    name: 'nopermit',
    breaks: 'the guard counts no change',
    file: 'engine/pass/commit.ts',
    find: '...(guarded.length > 0 ? { guarded } : {}),',
    replace: '...(guarded.length > 1e9 ? { guarded } : {}),',
  },
  {
    name: 'noexchange',
    breaks: 'no record gives its value up for those that exchange theirs',
    file: 'engine/write/taken-values.ts',
    find: 'cycle?.first === pass.record.id && taken.keepsValue !== true',
    replace: 'cycle?.first === pass.record.id && taken.keepsValue === undefined && taken.rev < 0',
    kinds: 'handed-on',
  },
  {
    name: 'norelease',
    breaks: 'a value that was given up is told to nobody who waits for it',
    file: 'engine/pass/commit.ts',
    find: 'pass.draft.rows.releasedValues = released',
    replace: 'pass.draft.rows.releasedValues = []',
    kinds: 'handed-on',
  },
  {
    name: 'noabsence',
    breaks: 'records missing from a complete list are not read',
    file: 'store/memory/runs.ts',
    find: 'if (complete || readsMissing) markAll(context, run, missingMembers(context, run, staged))',
    replace: 'if (readsMissing) markAll(context, run, missingMembers(context, run, staged))',
  },
  {
    name: 'cursorfirst',
    breaks: 'a page of changes is passed over, and its cursor kept',
    kinds: 'feeds-only',
    file: 'engine/intake/poll.ts',
    find: `      marks: chunk,
      cause: 'poll',`,
    replace: `      marks: [],
      cause: 'poll',`,
  },
]

export const sourceMutants: readonly SourceMutant[] = [
  ...mergeAndWriteMutants,
  ...identityMutants,
  ...definitionMutants,
]
