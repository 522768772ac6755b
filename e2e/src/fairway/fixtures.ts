import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json, Rest } from './rest.ts'
import { waitFor } from './wait-for.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')

/** A real document of Northflank, with another repository when one is given. */
export function fixture(name: 'northflank' | 'prod-release', repositoryUrl?: string): Json {
  const text = readFileSync(join(root, `e2e/fixtures/${name}.json`), 'utf8')
  if (repositoryUrl === undefined) return JSON.parse(text) as Json
  return JSON.parse(text.replaceAll(/https:\/\/github\.com\/[^"]+/g, () => repositoryUrl)) as Json
}

/** Runs a template or a flow to its end, whatever that is; answers the run. */
export async function runToEnd(call: Rest, path: string, deadlineMs = 120_000): Promise<Json> {
  const { id } = await call('POST', `${path}/runs`, {})
  return runEnds(call, `${path}/runs/${id}`, deadlineMs)
}

export const runEnds = (call: Rest, path: string, deadlineMs = 120_000): Promise<Json> =>
  waitFor(
    `${path} to end`,
    async () => {
      const run = await call('GET', path)
      return run.concluded === true && run
    },
    { deadlineMs, everyMs: 200 },
  )
