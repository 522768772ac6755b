import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Where pushes are told, of which repository, and what signs it. */
type Telling = { webhook: string; url: string; secret: string }

/** A post-receive hook that tells Fairway of every ref that moved, as any git server can. */
const hook = ({ webhook, url, secret }: Telling): string => `#!${process.execPath}
const { createHmac } = require('node:crypto')
const lines = require('node:fs').readFileSync(0, 'utf8').trim().split('\\n')
Promise.all(lines.map((line) => {
  const [before, after, ref] = line.split(' ')
  const body = JSON.stringify({ repository: '${url}', ref, before, after })
  const signature = createHmac('sha256', '${secret}').update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-fairway-signature': 'sha256=' + signature }
  return fetch('${webhook}', { method: 'POST', headers, body })
})).then((answers) => process.exit(answers.every((one) => one.status === 202) ? 0 : 1))
`

/** The git server answers in this process, which must not wait. */
export const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', args, { cwd })).stdout.trim()

/** A repository that takes pushes over HTTP and tells Fairway of them. */
export async function createBareRepository(folder: string, telling: Telling): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await git(folder, 'init', '-q', '--bare', '-b', 'main')
  await git(folder, 'config', 'http.receivepack', 'true')
  const file = join(folder, 'hooks', 'post-receive')
  writeFileSync(file, hook(telling))
  chmodSync(file, 0o755)
}
