import type { OpenHarness } from './store-kit.ts'
export function describeJournal(_open: OpenHarness): void {}
