import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import pc from 'picocolors'
import { CliError, exitCodes } from '../exit.ts'
import { print, printJson } from '../output.ts'
import { serverProgram } from '../server-program.ts'

type Finding = { name: string; status: 'ok' | 'warning' | 'failure'; seen: string; mend?: string }

const MARKS = { ok: pc.green('✓'), warning: pc.yellow('!'), failure: pc.red('✗') }

/** `fairway doctor`: looks at what Fairway needs on this machine and says how to mend what is not well. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check engine, registry, HAProxy, ports, disk and clock, and say how to mend each')
    .option('--data <folder>', 'the data folder to look at (FAIRWAY_DATA)')
    .action(async ({ data }: { data?: string }, command: Command) => {
      const findings = await examine({ ...process.env, ...(data && { FAIRWAY_DATA: data }) })
      if (command.optsWithGlobals().output === 'json') printJson(findings)
      else for (const line of linesOf(findings)) print(line)
      if (findings.some(({ status }) => status === 'failure')) process.exitCode = exitCodes.failed
    })
}

async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [serverProgram('doctor-main.js')], { env })
    return JSON.parse(stdout) as Finding[]
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim()
    if (!said) throw error
    throw new CliError(exitCodes.usage, said, { cause: error })
  }
}

function linesOf(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length))
  return findings.flatMap(({ name, status, seen, mend }) => [
    `${MARKS[status]} ${name.padEnd(width)}  ${seen}`,
    ...(mend === undefined ? [] : [`  ${' '.repeat(width)}  ${pc.dim(`→ ${mend}`)}`]),
  ])
}
