import type { OpenHarness } from './store-kit.ts'
export function describeIdentity(_open: OpenHarness): void {}
