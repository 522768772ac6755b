import type { Command } from 'commander'
import { createClient } from '../client.ts'
import { saveContext, savedContext } from '../context.ts'
import { CliError, exitCodes } from '../exit.ts'
import { remark } from '../output.ts'

type Options = { host?: string; token?: string; tokenFile?: string; project?: string }

/** `fairway login`: checks the token with the server, then saves it for this user only. */
export function addLogin(program: Command): void {
  program
    .command('login')
    .description('save where the server is and the token to use')
    .option('--host <url>', 'for instance http://127.0.0.1:7420')
    .option('--token-file <path>', 'a file that holds the token; - for standard input')
    .option('--token <token>', 'the token itself (it will be in your shell history; prefer --token-file)')
    .addHelpText(
      'after',
      '\nWith --project ID, commands work in that project unless they are told another one.',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const saved = savedContext()
      const host = options.host ?? saved?.host ?? 'http://127.0.0.1:7420'
      const token = (await tokenOf(options)) ?? saved?.token
      if (token === undefined) throw new CliError(exitCodes.usage, 'Give --token-file PATH (or --token).')
      await createClient({ host, token }).request('GET', '/login')
      const project = options.project ?? saved?.project
      const path = saveContext({ host, token, ...(project !== undefined && { project }) })
      remark(`Logged in to ${host}; saved in ${path}`)
    })
}

async function tokenOf({ token, tokenFile }: Options): Promise<string | undefined> {
  if (tokenFile === undefined) return token ?? process.env.FAIRWAY_TOKEN
  const { readFileSync } = await import('node:fs')
  return readFileSync(tokenFile === '-' ? 0 : tokenFile, 'utf8').trim()
}
