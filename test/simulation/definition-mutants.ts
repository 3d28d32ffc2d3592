/** Mutants of the definition: mappings and their lenses, filters, lists, defaults, and the interpretation of write responses. */
import type { SourceMutant } from './source-mutants.ts'

export const definitionMutants: readonly SourceMutant[] = [
  {
    name: 'feedscope',
    breaks: 'what a feed or a webhook names is taken in whatever the filter says',
    file: 'engine/observe/observe.ts',
    find: 'inScope: result.inScope !== false && place.part.inScope(result.native)',
    replace: 'inScope: result.inScope !== false',
    kinds: 'scope',
  },
  {
    name: 'norebase',
    breaks: 'a changed mapping compares with what the earlier one had read',
    file: 'engine/pass/lens-change.ts',
    find: "if (difference !== 'none') found.set(name, difference)",
    replace: "if (difference === '') found.set(name, difference)",
    kinds: 'new-mapping',
  },
  {
    name: 'nobinding',
    breaks: 'a process goes on under a definition that is not bound any more',
    file: 'store/memory/lease.ts',
    find: 'return binding !== undefined && binding !== (tables.integration?.epoch ?? 0)',
    replace: 'return binding !== undefined && tables.integration === undefined',
    kinds: 'new-mapping',
  },
  {
    name: 'newlines',
    breaks: 'elements of a list are sent without what nobody mapped',
    file: 'model/lens/list-elements.ts',
    find: 'const partners = pairElements(views, wanted, rules)',
    replace: 'const partners = pairElements(views, wanted, rules).map(() => undefined)',
    kinds: 'lines',
  },
  {
    name: 'anyline',
    breaks: 'elements of a list are told apart by their place alone',
    file: 'model/lens/pair-elements.ts',
    find: '  pairing.byUnique(({ content }) => content)\n',
    replace: '  if (ordered) return wanted.map((_, index) => (index < held.length ? index : undefined))\n',
    kinds: 'lines',
  },
  {
    name: 'tookdone',
    breaks: 'a write that was only accepted counts as applied',
    file: 'model/merge/outcome.ts',
    find: 'accepted === true ? { ...kept, provisional: rev } : acknowledge(kept, rev)',
    replace: 'acknowledge(kept, rev)',
    kinds: 'accepted',
  },
  {
    name: 'default',
    breaks: 'what a system filled in for a missing value is taken for an edit',
    file: 'model/merge/own-default.ts',
    find: 'if (state.blank === undefined || isEmpty(observed)) return undefined',
    replace: 'if (state.blank !== undefined || isEmpty(observed)) return undefined',
    kinds: 'defaults',
  },
  {
    name: 'emptycreate',
    breaks: 'an empty text is left out of a create',
    file: 'model/plan.ts',
    find: 'if (agreed.value === undefined || agreed.value === null) return true',
    replace: 'if (isEmpty(agreed.value)) return true',
    kinds: 'defaults',
  },
]
