import type { OpenHarness } from './store-kit.ts'
export function describeRuns(_open: OpenHarness): void {}
