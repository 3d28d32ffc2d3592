/** Protections that the simulated world around the engine may lose: its store, its connectors or its mappings. */
import type { Mutant } from './mutants.ts'

export const portMutants: readonly Mutant[] = [
  { name: 'nocas', breaks: 'preconditions never reach the systems' },
  { name: 'nofence', breaks: 'the store takes commits under leases that are over', kinds: 'stalls' },
  {
    name: 'nodeadline',
    breaks: 'requests leave after their deadline, and the engine never sees it pass',
    kinds: 'stalls',
  },
  { name: 'nointent', breaks: 'intents are not kept' },
  { name: 'nosent', breaks: 'the memory of own writes is lost between passes' },
  { name: 'notime', breaks: 'when a state was seen last is forgotten, so that stale reads are believed' },
  { name: 'nobarrier', breaks: 'no open create is reported to candidates' },
  { name: 'nomark', breaks: 'finishing clears marks that came meanwhile', kinds: 'bursts' },
  { name: 'nonested', breaks: 'mappings do not know that a system merges nested objects', kinds: 'nested' },
]
