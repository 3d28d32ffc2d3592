import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from './program.ts'

function program(words?: readonly string[]): Promise<Command> {
  const createContext = () => {
    throw new TypeError('no command runs here')
  }
  return createProgram({ version: '0.0.0', exit: () => undefined, createContext }, words)
}

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...commandsBelow(one)])
}

function nameOf(command: Command): string {
  const parent = command.parent
  return parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`
}

const whole = await program()
const all = commandsBelow(whole)

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

  test.each(whole.commands.map((command) => command.name()))(
    '%s is found when it is loaded alone',
    async (name) => {
      const { commands } = await program(['--definition', 'a.yaml', name, '--json'])
      expect(commands.map((command) => command.name())).toContain(name)
      expect(commands.length).toBeLessThan(whole.commands.length)
    },
  )

  test('a misspelt command and a request for help see every command', async () => {
    for (const words of [['statsu'], ['help', 'status'], []])
      expect((await program(words)).commands).toHaveLength(whole.commands.length)
  })
})
