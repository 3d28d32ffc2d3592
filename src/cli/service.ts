/** A runtime for a command: loaded, connected, and refused when the systems can't do what the definition asks. */
import type { EmitEvent } from '../model/events.ts'
import type { Settings } from '../runtime/config.ts'
import { createRuntime, type IsthmusRuntime, type Role } from '../runtime/create-runtime.ts'
import { eventLog } from '../runtime/event-log.ts'
import { loadDefinition } from '../runtime/load-definition.ts'
import { settingsBeside } from '../runtime/open-integration.ts'
import { type CliContext, definitionOf } from './context.ts'

export interface Service {
  readonly runtime: IsthmusRuntime
  readonly settings: Settings
}

export interface ServiceOptions {
  readonly roles: readonly Role[]
  /** Hears events besides the log. */
  readonly onEvent?: EmitEvent
  /** For commands that tell their own progress: of what is everyday business, nothing is logged. @default false */
  readonly quiet?: boolean
}

function quieter(level: Settings['logLevel']): Settings['logLevel'] {
  return level === 'info' ? 'warn' : level
}

/** Nothing runs before `runtime.start()`. */
export async function openService(context: CliContext, options: ServiceOptions): Promise<Service> {
  const loaded = await loadDefinition(definitionOf(context))
  const settings = settingsBeside(loaded.source)
  const log = eventLog(options.quiet === true ? { logLevel: quieter(settings.logLevel) } : settings)
  const runtime = await createRuntime({
    loaded,
    settings,
    roles: options.roles,
    onEvent: (event) => {
      log(event)
      options.onEvent?.(event)
    },
  })
  return { runtime, settings }
}
