/** Lines of the engine, and the wrong lines put in their place. */
export interface SourceMutant {
  readonly name: string
  readonly breaks: string
  /** End of the file's path. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const sourceMutants: readonly SourceMutant[] = [
  {
    name: 'noack',
    breaks: 'concurrent edits are taken for later ones',
    file: 'model/merge/classify-look.ts',
    find: 'const concurrent = state.acked < agreed.rev',
    replace: 'const concurrent = false',
  },
  {
    name: 'noresurface',
    breaks: 'an older value of ours that turns up again is not written over',
    file: 'model/merge/classify-look.ts',
    find: 'acknowledge(absorb(state, observed), own.rev)',
    replace: 'acknowledge(absorb(state, observed), Math.max(state.acked, own.rev))',
  },
  {
    name: 'noforgetwrote',
    breaks: 'an edit long after our write still counts as induced',
    file: 'model/merge/member-field.ts',
    find: 'const { wrote: _wrote, ...kept } = state\n  return kept',
    replace: 'return state',
  },
  {
    name: 'nobreaker',
    breaks: 'systems that rewrite each other go on for ever',
    file: 'model/merge/oscillation.ts',
    find: 'if (total < entity.oscillationLimit || state.hold !== undefined) {',
    replace: 'if (total < Number.POSITIVE_INFINITY || state.hold !== undefined) {',
  },
  {
    name: 'batchlate',
    breaks: 'a call for many starts as late as the last of its writes may',
    file: 'engine/writer.ts',
    find: 'const startBefore = Math.min(...asks.map((ask) => ask.startBefore))',
    replace: 'const startBefore = Math.max(...asks.map((ask) => ask.startBefore)) + 60_000',
  },
  {
    name: 'batchmix',
    breaks: 'the answers of a call for many are given to the wrong records',
    file: 'engine/writer.ts',
    find: 'outcomes[index] = results[position]',
    replace: 'outcomes[index] = results[results.length - 1 - position]',
  },
  {
    name: 'batchshort',
    breaks: 'a record left out of an answer is taken for one that was never sent',
    file: 'engine/writer.ts',
    find: "asks.map(() => ({ kind: 'unknown', failure }))",
    replace: "asks.map(() => ({ kind: 'not-sent', failure }))",
  },
]
