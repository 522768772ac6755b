import type { Command } from 'commander'
import { type Client, createClient } from './client.ts'
import { readContext } from './context.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Format } from './output.ts'

/** What every command that talks to a server starts with. */
export type Session = { client: Client; format: Format; project: () => string }

type Options = { output?: Format; project?: string }

export function openSession(command: Command): Session {
  const options = command.optsWithGlobals<Options>()
  const context = readContext()
  const project = options.project ?? context.project
  return {
    client: createClient(context),
    format: options.output ?? 'table',
    project: () => {
      if (project === undefined) {
        throw new CliError(
          exitCodes.usage,
          'Which project? Give --project ID, or set one: fairway login --project ID',
        )
      }
      return encodeURIComponent(project)
    },
  }
}
