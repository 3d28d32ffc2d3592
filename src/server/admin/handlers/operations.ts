/** Failures, runs, the pause, and what a person accepts of a system. */
import { presentPage, presentRun, presentSchema } from '../../../api/present/lists.ts'
import { definedOf } from '../../../model/defined.ts'
import type { Handlers } from '../handler.ts'
import { conflict, notFound } from '../problems.ts'

/** Handlers of the routes under Operations. */
export const operationHandlers: Handlers<
  | 'listFailures'
  | 'retryFailures'
  | 'listRuns'
  | 'getRun'
  | 'getPause'
  | 'pause'
  | 'resume'
  | 'listSchemas'
  | 'acceptSchema'
  | 'acceptAccount'
> = {
  listFailures: async ({ query }, { dependencies }) =>
    presentPage(await dependencies.admin.failures(definedOf(query)), (row) => ({ ...row })),
  retryFailures: async ({ body }, { dependencies, caller }) => {
    const count = await dependencies.admin.retryFailures(definedOf(body), caller.actor)
    if (count > 0) dependencies.wake()
    return { count }
  },
  listRuns: async ({ query }, { dependencies }) =>
    presentPage(await dependencies.admin.runs(definedOf(query)), presentRun),
  getRun: async ({ params: { id } }, { dependencies }) => {
    const run = await dependencies.admin.run(id)
    if (run === undefined) throw notFound('there is no such run')
    return presentRun(run)
  },
  getPause: async (_parts, { dependencies }) => {
    const { paused } = await dependencies.admin.status()
    return paused === undefined ? { paused: false } : { paused: true, ...paused }
  },
  pause: async ({ body: { reason } }, { dependencies, caller }) => {
    if (!(await dependencies.admin.pause(caller.actor, reason))) throw conflict('the work is paused already')
    dependencies.wake()
  },
  resume: async (_parts, { dependencies, caller }) => {
    if (!(await dependencies.admin.resume(caller.actor))) throw conflict('the work is not paused')
    dependencies.wake()
  },
  listSchemas: async (_parts, { dependencies }) => ({
    rows: (await dependencies.admin.schemas()).map(presentSchema),
  }),
  acceptSchema: async ({ body }, { dependencies, caller }) => ({
    count: await dependencies.admin.acceptSchemas(definedOf(body), caller.actor),
  }),
  acceptAccount: async ({ params: { system } }, { dependencies, caller }) => {
    const verdict = await dependencies.admin.acceptAccount(system, caller.actor)
    if (verdict.kind === 'unknown') throw notFound(`${system} has not been asked for its account yet`)
    if (verdict.kind === 'accepted') dependencies.wake()
    return verdict.kind === 'same'
      ? { account: verdict.account }
      : { account: verdict.account, before: verdict.before }
  },
}
