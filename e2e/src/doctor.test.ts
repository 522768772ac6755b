import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const cli = join(dirname(fileURLToPath(import.meta.url)), '../../cli/dist/main.js')

type Finding = { name: string; status: string; seen: string; mend?: string }

function doctor(env: Record<string, string>): Promise<{ exitCode: number; findings: Finding[] }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, 'doctor', '--output', 'json'],
      { env: { ...process.env, ...env } },
      (error, stdout) =>
        resolve({ exitCode: Number(error?.code ?? 0), findings: JSON.parse(stdout) as Finding[] }),
    )
  })
}

test('the doctor names what is wrong on this machine, says how to mend it, and fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-doctor-'))
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  try {
    const { exitCode, findings } = await doctor({
      FAIRWAY_DATA: folder,
      FAIRWAY_RUNTIME: 'docker',
      FAIRWAY_DOCKER_SOCKET: join(folder, 'none.sock'),
      FAIRWAY_HAPROXY: join(folder, 'haproxy'),
      FAIRWAY_PORT: String(port),
      FAIRWAY_GATEWAY_PORT: '0',
      FAIRWAY_GATEWAY_HTTPS_PORT: '0',
      FAIRWAY_REGISTRY: '127.0.0.1:1/team',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    })

    expect(exitCode).toBe(1)
    const bad = findings.filter(({ status }) => status !== 'ok')
    expect(bad.map(({ name }) => name)).toEqual(['database', 'FAIRWAY_PORT', 'HAProxy', 'engine', 'registry'])
    expect(bad.every(({ mend }) => mend !== undefined)).toBe(true)
  } finally {
    other.close()
    await rm(folder, { recursive: true })
  }
})
