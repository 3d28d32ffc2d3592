/**
 * Creates the runtime for a command: loads the definition, connects the systems, and refuses a definition
 * that its systems can't support.
 */
import type { EmitEvent } from '../model/events.ts'
import type { Settings } from '../runtime/config.ts'
import { createRuntime, type IsthmusRuntime, type Role } from '../runtime/create-runtime.ts'
import { callLog, eventLog } from '../runtime/event-log.ts'
import { loadDefinition } from '../runtime/load-definition.ts'
import { settingsBeside } from '../runtime/open-integration.ts'
import { type CliContext, definitionOf } from './context.ts'
import { keyCreatedText } from './key-created.ts'

/** The runtime of a command that works on records, with its settings. */
export interface Service {
  readonly runtime: IsthmusRuntime
  readonly settings: Settings
}

/** How a command wants its runtime. */
export interface ServiceOptions {
  readonly roles: readonly Role[]
  /** Receives events in addition to the log. */
  readonly onEvent?: EmitEvent
  /** For commands that report their own progress: routine events are not logged. @default false */
  readonly quiet?: boolean
}

function quieter(level: Settings['logLevel']): Settings['logLevel'] {
  return level === 'info' ? 'warn' : level
}

/** No work is done before `runtime.start()`. */
export async function openService(context: CliContext, options: ServiceOptions): Promise<Service> {
  const loaded = await loadDefinition(definitionOf(context))
  const settings = settingsBeside(loaded.source)
  const log = eventLog(options.quiet === true ? { logLevel: quieter(settings.logLevel) } : settings)
  const onAttempt = callLog(settings)
  const runtime = await createRuntime({
    loaded,
    settings,
    roles: options.roles,
    ...(onAttempt === undefined ? {} : { onAttempt }),
    onEvent: (event) => {
      log(event)
      if (event.type === 'MasterKeyCreated') context.output.complain(keyCreatedText(event.file))
      options.onEvent?.(event)
    },
  })
  return { runtime, settings }
}
