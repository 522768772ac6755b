import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CliError, exitCodes } from './exit.ts'

/** Where to talk to and as whom. */
export type Context = { host: string; token: string; project?: string }

const path = (): string =>
  join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'fairway', 'context.json')

/** The environment wins over what `fairway login` saved. */
export function readContext(): Context {
  const saved = savedContext()
  const host = process.env.FAIRWAY_HOST_URL ?? saved?.host
  const token = process.env.FAIRWAY_TOKEN ?? saved?.token
  if (host === undefined || token === undefined) {
    throw new CliError(exitCodes.denied, 'Not logged in. Run: fairway login --host http://127.0.0.1:7420')
  }
  const project = process.env.FAIRWAY_PROJECT ?? saved?.project
  return { host, token, ...(project !== undefined && { project }) }
}

export function savedContext(): Context | undefined {
  try {
    return JSON.parse(readFileSync(path(), 'utf8')) as Context
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CliError(exitCodes.usage, `${path()} cannot be read; run fairway login again.`, {
      cause: error,
    })
  }
}

/** Saved for this user only. */
export function saveContext(context: Context): string {
  mkdirSync(dirname(path()), { recursive: true, mode: 0o700 })
  writeFileSync(path(), `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 })
  return path()
}
