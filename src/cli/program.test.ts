import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from './program.ts'

function program(): Command {
  return createProgram({
    version: '0.0.0',
    exit: () => undefined,
    createContext: () => {
      throw new TypeError('no command runs here')
    },
  })
}

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...commandsBelow(one)])
}

function nameOf(command: Command): string {
  const parent = command.parent
  return parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`
}

const all = commandsBelow(program())

describe('the command line', () => {
  test.each(all.map((command) => [nameOf(command), command] as const))('%s --help', (_name, command) => {
    // A fixed width: the snapshot must not depend on who looks.
    command.configureHelp({ helpWidth: 100 })
    expect(command.helpInformation()).toMatchSnapshot()
  })

  test.each(all.map((command) => [nameOf(command), command] as const))(
    '%s says what it does, and so does each option',
    (_name, command) => {
      expect(command.description()).not.toBe('')
      expect(command.options.filter((option) => option.description === '')).toEqual([])
    },
  )
})
